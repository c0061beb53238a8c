import { expect } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp } from "../support/app.ts";
import { daysAgo } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";

const test = testWithApp({ PLAID_COUNTRY_CODES: "us, gb,CA" });
test.beforeEach(({ app }) => app.resetPlaid());

/** The parameters of the link_token, as `/link/token/get` returns them. */
async function requested(app: TestApp, linkToken: string) {
  const response = await fetch(`${app.sandboxUrl}/link/token/get`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_id: app.env.PLAID_CLIENT_ID,
      secret: app.env.PLAID_SECRET,
      link_token: linkToken,
    }),
  });
  return (await response.json()).metadata;
}

test("createLinkToken requests two years of transactions for a new connection", async ({ app }) => {
  const user = await app.signUp("cfo");
  const token = await app.post("/plaid/create-link-token", {}, user);
  const { publicToken } = await goThroughLink(app, token.body.link_token, { bank: "ins_109508" });
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, user);
  const item = { userId: user.id, itemId: body.item.id };
  await syncItem(app.services, item, app.services.log, new AbortController().signal);
  const [{ first }] = await app.query("select min(date)::text as first from transactions");
  expect(first < daysAgo(700)).toBe(true);
  expect(first >= daysAgo(731)).toBe(true);
});

test.for([
  ["fr-CA,fr;q=0.9,en;q=0.8", "fr"],
  ["pt-BR", "pt"],
  ["nb-NO,nb;q=0.9", "no"],
  ["xx, es;q=0.5, en;q=0.1", "es"],
  ["ja,zh;q=0.9", "en"],
  ["*", "en"],
  [";;;q=x", "en"],
] as const)(
  "createLinkToken sets the user's language when Plaid supports it (%s)",
  async ([accepts, language], { app }) => {
    const user = await app.signUp("cfo");
    for (const path of ["/plaid/create-link-token", "/trpc/plaid.createLinkToken"]) {
      const response = await fetch(`${app.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          cookie: user.cookie,
          "accept-language": accepts,
        },
        body: "{}",
      });
      const body = await response.json();
      const found = await requested(app, body.link_token ?? body.result.data.linkToken);
      expect(found).toMatchObject({ language, country_codes: ["US", "GB", "CA"] });
    }
  },
);

test("createLinkToken sets the language in update mode, and requests no other history", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const publicToken = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, user);
  const response = await app.post("/trpc/plaid.createLinkToken", { itemId: body.item.id }, user);
  expect(response.status).toBe(200);
  expect((await requested(app, response.body.result.data.linkToken)).language).toBe("en");
});
