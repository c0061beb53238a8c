import type { KyselyPlugin } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { restartFromFirstPage } from "../../db/sync-pages.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import {
  accessTokenOf,
  callPlaid,
  checkChanges,
  createExpectShown,
  smallBank,
  startAppForChanges,
  statuses,
  timeout,
} from "../support/changed-responses.ts";
import { toPatch } from "../support/odd-values.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startAppForChanges();
});
afterAll(() => app?.close());
afterEach(async () => {
  await app.resetPlaid();
  await app.query("delete from users");
});

const exchange = "/item/public_token/exchange";
const patch = (path: string, ...patch: object[]) =>
  app.fault({ path, times: 1, do: { patch: patch.map((each) => ({ op: "replace", ...each })) } });

async function send(user: TestUser, token: string) {
  return app.post("/plaid/exchange-token", { public_token: token }, user);
}
async function connect(user: TestUser, token = app.publicToken()) {
  const response = await send(user, await token);
  expect(response.status, JSON.stringify(response.body)).toBe(200);
  const itemId: string = response.body.item.id;
  const [row] = await app.query("select plaid_item_id from items where id = $1", [itemId]);
  return { itemId, plaidItemId: row?.plaid_item_id as string, body: response.body };
}
const signal = new AbortController().signal;
const sync = (user: TestUser, itemId: string, services = app.services) =>
  syncItem(services, { userId: user.id, itemId }, services.log, signal);
const listed = async (user: TestUser) => (await app.get("/api/v1/accounts", user)).items;
const logged = (event: string) =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

test("syncItem stores the other 499 transactions in one statement when one of 500 cannot be read, and shows it until it can", async () => {
  const user = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(user);
  await sync(user, itemId);
  const page = async (...bad: object[]) => {
    await app.control("POST", "items/transactions", { item_id: plaidItemId, added: 500 });
    if (bad.length > 0) await patch("/transactions/sync", ...bad);
    let statements = 0;
    const counter: KyselyPlugin = {
      transformQuery: ({ node }) => {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const db = app.services.db.withPlugin(counter);
    expect(await sync(user, itemId, { ...app.services, db })).toBe("done");
    return statements;
  };
  const clean = await page();
  expect(await page({ path: "/added/250/amount", value: null })).toBeLessThanOrEqual(clean + 1);
  const here = new Set((await transactionsHere(app, itemId)).map(({ id }) => id));
  const missing = (await transactionsAtPlaid(app, plaidItemId)).filter(({ id }) => !here.has(id));
  expect(missing).toHaveLength(1);
  const line = logged("plaid_unreadable").at(-1);
  expect([line.count, line.kind, line.rows]).toEqual([
    1,
    "transaction",
    [{ id: missing[0]?.id, field: "amount" }],
  ]);
  expect((await listed(user))[0].unreadable).toEqual({ transactions: 1, accounts: 0 });
  const html = await fetch(`${app.url}/transactions`, { headers: { cookie: user.cookie } });
  expect(await html.text()).toContain("1 transaction could not be read");

  // The bank sends all of them again, now valid.
  const [{ cursor }] = await app.query("select cursor from item_syncs");
  await restartFromFirstPage(app.services.db, user.id, itemId, { kept: cursor, refused: false });
  expect(await sync(user, itemId)).toBe("done");
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect((await listed(user))[0].unreadable.transactions).toBe(0);
});

test("syncItem keeps a transaction that cannot be read when it changes as it was, and stops reporting one that is removed", async () => {
  const user = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(user);
  await sync(user, itemId);
  const before = await transactionsHere(app, itemId);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, modified: 1 });
  await patch("/transactions/sync", { path: "/modified/0/date", value: "soon" });
  await sync(user, itemId);
  expect(await transactionsHere(app, itemId)).toEqual(before);
  const [{ id }] = await app.query("select id from unreadable_transactions");
  expect(before.some((one) => one.id === id)).toBe(true);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, removed: 1 });
  await patch("/transactions/sync", { path: "/removed/0/transaction_id", value: id });
  await sync(user, itemId);
  expect((await listed(user))[0].unreadable.transactions).toBe(0);
});

test("A NUL in the bank's name, in the request id or in a merchant's name breaks nothing (I1)", async () => {
  const user = await app.signUp("cfo");
  await patch(exchange, { path: "/request_id", value: "a\0b\ud800" });
  await patch("/accounts/get", { path: "/item/institution_name", value: "First\0Bank \ud800" });
  const { itemId, body } = await connect(user);
  expect(body.item.institution.name).toBe("FirstBank");
  await patch("/transactions/sync", { path: "/added/0/merchant_name", value: "Cof\0fee" });
  expect(await sync(user, itemId)).toBe("done");
  expect(await app.query("select 1 from transactions where merchant = 'Coffee'")).toHaveLength(1);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("A currency code of 20 letters becomes null, and every page is shown", async () => {
  const user = await app.signUp("cfo");
  const codes = (at: string) => [
    { path: `${at}/iso_currency_code`, value: null },
    { path: `${at}/unofficial_currency_code`, value: "ABCDEFGHIJKLMNOPQRST" },
  ];
  await patch("/accounts/get", ...codes("/accounts/0/balances"));
  const { itemId, body } = await connect(user);
  expect(body.accounts[0].balances.currency).toBeNull();
  await patch("/transactions/sync", ...[...codes("/added/0"), ...codes("/accounts/1/balances")]);
  expect(await sync(user, itemId)).toBe("done");
  expect(await statuses(app, user)).toEqual([200, 200, 200, 200, 200]);
});

test("syncItem keeps the bank's last balances when they cannot be read, and the card says so", async () => {
  const user = await app.signUp("cfo");
  await patch("/accounts/get", { path: "/accounts/0/balances/current", value: 1e300 });
  const { itemId, body } = await connect(user);
  expect(body.accounts[0].balances.current).toBeNull();
  expect(body.item.unreadable).toEqual({ transactions: 0, accounts: 1 });
  await sync(user, itemId);
  const [item] = await listed(user);
  expect(item.unreadable.accounts).toBe(0);
  expect(item.accounts[0].balances.current).not.toBeNull();
  await patch("/transactions/sync", { path: "/accounts/0/balances/current", value: "a lot" });
  await sync(user, itemId);
  const [now] = await listed(user);
  expect([now.unreadable.accounts, now.accounts]).toEqual([1, item.accounts]);
});

test("connectAccount leaves out an account without a usable id, and one with the id of another bank's account", async () => {
  const user = await app.signUp("cfo");
  const other = await connect(user, app.publicToken("ins_109510"));
  const [{ plaid_account_id: foreign }] = await app.query("select plaid_account_id from accounts");
  await patch(
    "/accounts/get",
    { path: "/accounts/0/account_id", value: "a\0b" },
    { path: "/accounts/1/account_id", value: foreign },
  );
  const { body } = await connect(user);
  expect(body.accounts).toHaveLength(2);
  expect(body.item.unreadable.accounts).toBe(1);
  expect(logged("plaid_unreadable").map(({ rows }) => rows[0].id)).toContain(foreign);
  expect(await statuses(app, user)).toEqual([200, 200, 200, 200, 200]);
  expect((await compareBooks(app)).orphans).toBe(0);
  expect(other.body.accounts.length).toBeGreaterThan(0);
});

test("connectAccount requests the Item's id when the exchange has none, and leaves no Item behind when that fails too (I1)", async () => {
  const user = await app.signUp("cfo");
  await patch(exchange, { path: "/item_id", value: null });
  await connect(user);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  await patch(exchange, { path: "/item_id", value: "a\0b" });
  await app.fault({ path: "/item/get", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const refused = await send(user, await app.publicToken("ins_109510"));
  expect(refused.body.error.reason).toBe("plaid_refused");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test(
  "No page fails and no sync is stuck, for any one invalid value in Plaid's response to a sync",
  async () => {
    const user = await app.signUp("cfo");
    const { itemId, plaidItemId } = await connect(user, smallBank(app));
    const access_token = await accessTokenOf(app, user, itemId);
    const path = "/transactions/sync";
    const expectShown = createExpectShown(app);
    await checkChanges(
      [{ path, body: await callPlaid(app, path, { access_token }) }],
      async (path, change) => {
        await app.query(
          "update item_syncs set cursor = null, midway = false, reread_cursor = null",
        );
        await app.fault({ path, times: 1, do: { patch: [toPatch(change)] } });
        expect(["done", "not_ready"]).toContain(await sync(user, itemId));
        // In the state that this sync left: the next one continues there, and would correct balances.
        await expectShown(user);
        await app.clearFaults();
        expect(await sync(user, itemId)).toBe("done");
      },
    );
    const [{ cursor }] = await app.query("select cursor from item_syncs");
    await restartFromFirstPage(app.services.db, user.id, itemId, { kept: cursor, refused: false });
    expect(await sync(user, itemId)).toBe("done");
    expect(await transactionsHere(app, itemId)).toEqual(
      await transactionsAtPlaid(app, plaidItemId),
    );
    expect((await listed(user))[0].unreadable).toEqual({ transactions: 0, accounts: 0 });
  },
  timeout,
);
