/** The texts of the page that documents the API. */
export const words = {
  title: "API",
  lead: "The same accounts, connections and history as in the app, for your own programs.",
  startTitle: "Start",
  keysLink: "Your API keys",
  document: "OpenAPI 3.1 document",
  client:
    "In TypeScript, install @fiscility/client: the same calls with types. From a new key to a connected bank, with the local Plaid of npm start:",
  webhooksTitle: "Webhooks",
  webhooks:
    "Add an address of your own, and we send it a signed message when something changes. It is signed by the Standard Webhooks specification: HMAC-SHA256 over webhook-id, webhook-timestamp and the body, with libraries for most languages. In TypeScript:",
  webhooksAfter:
    "Respond with 2xx within 10 seconds. Anything else is sent again for 24 hours, each time after a longer wait, with the same webhook-id: ignore one that you have seen. The order is not promised. WebhookEvent below has every message.",
  webhooksLink: "Your webhooks",
  operations: "Calls",
  objects: "Objects",
  sent: "You send",
  nothingSent: "Nothing",
  response: "You get",
  events: "Server-Sent Events, as described above.",
  failures: "What can go wrong",
  required: "required",
  nullable: "or null",
  listOf: "list of",
  oneOf: "one of",
} as const;
