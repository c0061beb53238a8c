import { expect } from "vitest";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { transactionsHere } from "../support/transactions.ts";

const test = testWithApp();
let ada: TestUser;
let itemId: string;
test.beforeAll(async ({ app }) => {
  ada = await app.signUp("cfo");
  const token = await app.publicToken();
  const response = await app.post("/plaid/exchange-token", { public_token: token }, ada);
  itemId = response.body.item.id;
  const { signal } = new AbortController();
  await syncItem(app.services, { userId: ada.id, itemId }, app.services.log, signal);
});

async function get(app: TestApp, query: Record<string, string> = {}, user = ada) {
  const response = await fetch(`${app.url}/api/v1/transactions?${new URLSearchParams(query)}`, {
    headers: { cookie: user.cookie },
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  return { status: response.status, body: (await response.json()) as any };
}

/** Every page of a filter. */
async function all(app: TestApp, query: Record<string, string> = {}): Promise<Transaction[]> {
  const found: Transaction[] = [];
  let cursor: string | null = null;
  do {
    const { status, body } = await get(app, cursor ? { ...query, cursor } : query);
    expect(status).toBe(200);
    expect(body.transactions.length).toBeLessThanOrEqual(50);
    found.push(...body.transactions);
    cursor = body.next_cursor;
  } while (cursor);
  return found;
}

test("transactions.list has every transaction on exactly one page, newest first", async ({
  app,
}) => {
  const found = await all(app);
  const here = await transactionsHere(app, itemId);
  expect(found.length).toBeGreaterThan(100);
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set(here.map(({ id }) => id)));
  expect(found.length).toBe(here.length);
  const dates = found.map(({ date }) => date);
  expect(dates).toEqual([...dates].sort().reverse());
});

test("transactions.list returns exactly the matches of a filter by account, days, amount and text", async ({
  app,
}) => {
  const found = await all(app);
  const some = found[20] as Transaction & { account_id: string };
  const only = async (query: Record<string, string>, fits: (t: Transaction) => boolean) => {
    const filtered = await all(app, query);
    expect(filtered.map(({ id }) => id)).toEqual(found.filter(fits).map(({ id }) => id));
    expect(filtered.length).toBeGreaterThan(0);
    expect(filtered.length).toBeLessThan(found.length);
  };
  await only(
    { account_id: some.account_id },
    (t) => (t as typeof some).account_id === some.account_id,
  );
  await only({ from: some.date, to: some.date }, ({ date }) => date === some.date);
  await only(
    { min_amount: "20", max_amount: "100.5" },
    ({ amount }) => +amount >= 20 && +amount <= 100.5,
  );
  const word = some.name.slice(1, 6).toUpperCase();
  const has = (text: string | null) => text?.toUpperCase().includes(word) ?? false;
  await only({ search: word }, ({ name, merchant }) => has(name) || has(merchant));
  expect(await all(app, { search: "%" })).toEqual(found.filter(({ name }) => name.includes("%")));
});

test("transactions.list neither repeats nor hides any when transactions arrive between two pages", async ({
  app,
}) => {
  const before = await all(app);
  const first = await get(app);
  await app.query(
    `insert into transactions select user_id, 'new-' || id, account_id, date, amount, currency, name,
       merchant, category, pending from transactions where id = $1`,
    [before[0]?.id],
  );
  const second = await get(app, { cursor: first.body.next_cursor });
  await app.query("delete from transactions where id like 'new-%'");
  expect([...first.body.transactions, ...second.body.transactions]).toEqual(before.slice(0, 100));
});

test("transactions.list shows no transaction or account of another user", async ({ app }) => {
  const eve = await app.signUp();
  expect((await get(app, {}, eve)).body).toEqual({ transactions: [], next_cursor: null });
  const [{ id: accountId }] = (await app.query("select id from accounts limit 1")) as [
    { id: string },
  ];
  expect((await get(app, { account_id: accountId }, eve)).body.transactions).toEqual([]);
  const { body } = await get(app);
  expect((await get(app, { cursor: body.next_cursor }, eve)).body.transactions).toEqual([]);
});

test.for<Record<string, string>>([
  { cursor: "not ours" },
  { cursor: Buffer.from('["0000-01-01","an-id"]').toString("base64url") },
  { from: "2024-02-30" },
  { from: "0000-01-01" },
  { to: "0000-12-31" },
  { min_amount: "1e5" },
  { search: "\0" },
  { colour: "red" },
])("transactions.list refuses %o as invalid_input", async (query, { app }) => {
  const { status, body } = await get(app, query);
  expect(status).toBe(400);
  expect(body.error.reason).toBe("invalid_input");
});
