import { expect } from "vitest";
import { returnToLink } from "../../../server/connect/return-to-link.ts";
import { syncItem } from "../../../server/transactions/sync-item.ts";
import type { TestUser } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { itemsOf, only } from "../../support/rows.ts";

/** An attacker who can write to the database, but has no key, gives one user's bank to another user. */
const test = testWithApp();
let ada: TestUser;
let eve: TestUser;
let itemId: string;
test.beforeAll(async ({ app }) => {
  [ada, eve] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const { body } = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    ada,
  );
  itemId = body.item.id;
  await app.post("/plaid/create-link-token", {}, ada);
  // Whole rows with the same id, because the primary key of each table begins with the user.
  const copy = (table: string, changes: object = {}) =>
    app.query(
      `insert into ${table}
       select (jsonb_populate_record(null::${table}, to_jsonb(${table}) || $1::jsonb)).*
       from ${table} where user_id = $2`,
      [JSON.stringify({ user_id: eve.id, ...changes }), ada.id],
    );
  await copy("items");
  await copy("link_attempts", { public_token_hash: `\\x${"e".repeat(64)}` });
  await copy("accounts");
  await copy("item_syncs");
  await copy("open_links");
  await copy("link_tokens");
});

test("Update mode, sync and removal decrypt no token that was copied from another user", async ({
  app,
}) => {
  const calls = await app.requestsAtPlaid("/link/token/create");
  const opened = await app.post("/trpc/plaid.createLinkToken", { itemId }, eve);
  expect(opened.status).toBe(500);
  expect(opened.body.error.data.reason).toBe("internal");
  expect(await app.requestsAtPlaid("/link/token/create")).toBe(calls);

  const item = { userId: eve.id, itemId };
  const { services } = app;
  const syncs = await app.requestsAtPlaid("/transactions/sync");
  const never = new AbortController().signal;
  await expect(syncItem(services, item, services.log, never)).rejects.toThrow(
    "cannot be decrypted",
  );
  expect(await app.requestsAtPlaid("/transactions/sync")).toBe(syncs);
  const returned = { oauthStateId: "state", linkId: null, again: false };
  expect(await returnToLink(services, eve, returned)).toEqual({ at: "lost" });
  expect(await returnToLink(services, ada, returned)).toMatchObject({ at: "open" });
});

test("Disconnecting a bank that was copied from another user leaves it connected at Plaid", async ({
  app,
}) => {
  const { institution_name: bank } = await only(itemsOf(app, eve));
  const confirmation = `disconnect ${bank}`;
  const gone = await app.post("/api/v1/disconnections", { item_id: itemId, confirmation }, eve);
  expect(gone.status).toBe(200);
  expect(await app.itemsAtPlaid()).toMatchObject([{ removed: false }]);
  const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, ada);
  expect(body.result.data.linkToken).toMatch(/^link-sandbox-/);
});
