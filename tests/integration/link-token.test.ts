import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { ago } from "../support/bank.ts";
import { goThroughLink } from "../support/link-session.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ PLAID_COUNTRY_CODES: "us, gb,CA" });
});
afterAll(() => app?.close());
beforeEach(() => app.resetPlaid());

/** What Plaid was asked for, as `/link/token/get` has it. */
async function requested(linkToken: string) {
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

test("a new connection through Link has two years of transactions", async () => {
  const person = await app.signUp("cfo");
  const token = await app.post("/plaid/create-link-token", {}, person);
  const { publicToken } = await goThroughLink(app, token.body.link_token, { bank: "ins_109508" });
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, person);
  const item = { userId: person.id, itemId: body.item.id };
  await syncItem(app.services, item, app.services.log, new AbortController().signal);
  const [{ first }] = await app.query("select min(date)::text as first from transactions");
  expect(first < ago(700)).toBe(true);
  expect(first >= ago(731)).toBe(true);
});

test.each([
  ["fr-CA,fr;q=0.9,en;q=0.8", "fr"],
  ["pt-BR", "pt"],
  ["nb-NO,nb;q=0.9", "no"],
  ["xx, es;q=0.5, en;q=0.1", "es"],
  ["ja,zh;q=0.9", "en"],
  ["*", "en"],
  [";;;q=x", "en"],
])("Link speaks the user's language where Plaid does (%s)", async (accepts, language) => {
  const person = await app.signUp("cfo");
  for (const path of ["/plaid/create-link-token", "/trpc/plaid.createLinkToken"]) {
    const response = await fetch(`${app.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        cookie: person.cookie,
        "accept-language": accepts,
      },
      body: "{}",
    });
    const body = await response.json();
    const found = await requested(body.link_token ?? body.result.data.linkToken);
    expect(found).toMatchObject({ language, country_codes: ["US", "GB", "CA"] });
  }
});

test("update mode speaks it too, and asks for no other history", async () => {
  const person = await app.signUp("cfo");
  const publicToken = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, person);
  const answer = await app.post("/trpc/plaid.createLinkToken", { itemId: body.item.id }, person);
  expect(answer.status).toBe(200);
  expect((await requested(answer.body.result.data.linkToken)).language).toBe("en");
});
