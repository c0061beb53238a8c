/** The words of the page that documents the API. */
export const words = {
  title: "API",
  lead: "The same accounts, connections and history as in the app, for your own programs.",
  startTitle: "Start",
  keysLink: "Your API keys",
  document: "OpenAPI 3.1 document",
  client:
    "In TypeScript, install @fiscility/client: the same calls with types. From a new key to a connected bank, with the local Plaid of npm start:",
  operations: "Calls",
  objects: "Objects",
  sent: "You send",
  nothingSent: "Nothing",
  answered: "You get",
  events: "Server-Sent Events, as described above.",
  failures: "What can go wrong",
  required: "required",
  nullable: "or null",
  listOf: "list of",
  oneOf: "one of",
} as const;
