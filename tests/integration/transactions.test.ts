import { afterAll, beforeAll, expect, test } from "vitest";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { transactionsHere } from "../support/transactions.ts";

let app: TestApp;
let ada: Person;
let itemId: string;
beforeAll(async () => {
  app = await startTestApp();
  ada = await app.signUp("cfo");
  const token = await app.publicToken();
  const answer = await app.post("/plaid/exchange-token", { public_token: token }, ada);
  itemId = answer.body.item.id;
  const { signal } = new AbortController();
  await syncItem(app.services, { userId: ada.id, itemId }, app.services.log, signal);
});
afterAll(() => app?.close());

async function get(query: Record<string, string> = {}, person = ada) {
  const response = await fetch(`${app.url}/api/v1/transactions?${new URLSearchParams(query)}`, {
    headers: { cookie: person.cookie },
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  return { status: response.status, body: (await response.json()) as any };
}

/** Every page of a filter. */
async function all(query: Record<string, string> = {}): Promise<Transaction[]> {
  const found: Transaction[] = [];
  let cursor: string | null = null;
  do {
    const { status, body } = await get(cursor ? { ...query, cursor } : query);
    expect(status).toBe(200);
    expect(body.transactions.length).toBeLessThanOrEqual(50);
    found.push(...body.transactions);
    cursor = body.next_cursor;
  } while (cursor);
  return found;
}

test("every transaction is on one page and on one only, newest first", async () => {
  const found = await all();
  const here = await transactionsHere(app, itemId);
  expect(found.length).toBeGreaterThan(100);
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set(here.map(({ id }) => id)));
  expect(found.length).toBe(here.length);
  const dates = found.map(({ date }) => date);
  expect(dates).toEqual([...dates].sort().reverse());
});

test("a filter by account, days, amount and text leaves what fits and nothing else", async () => {
  const found = await all();
  const some = found[20] as Transaction & { account_id: string };
  const only = async (query: Record<string, string>, fits: (t: Transaction) => boolean) => {
    const filtered = await all(query);
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
  expect(await all({ search: "%" })).toEqual(found.filter(({ name }) => name.includes("%")));
});

test("what arrives between two pages neither repeats nor hides any", async () => {
  const before = await all();
  const first = await get();
  await app.query(
    `insert into transactions select user_id, 'new-' || id, account_id, date, amount, currency, name,
       merchant, category, pending from transactions where id = $1`,
    [before[0]?.id],
  );
  const second = await get({ cursor: first.body.next_cursor });
  await app.query("delete from transactions where id like 'new-%'");
  expect([...first.body.transactions, ...second.body.transactions]).toEqual(before.slice(0, 100));
});

test("nobody sees another's transactions, nor asks for their account", async () => {
  const eve = await app.signUp();
  expect((await get({}, eve)).body).toEqual({ transactions: [], next_cursor: null });
  const [{ id: accountId }] = (await app.query("select id from accounts limit 1")) as [
    { id: string },
  ];
  expect((await get({ account_id: accountId }, eve)).body.transactions).toEqual([]);
  const { body } = await get();
  expect((await get({ cursor: body.next_cursor }, eve)).body.transactions).toEqual([]);
});

test.each<Record<string, string>>([
  { cursor: "not ours" },
  { cursor: Buffer.from('["0000-01-01","an-id"]').toString("base64url") },
  { from: "2024-02-30" },
  { from: "0000-01-01" },
  { to: "0000-12-31" },
  { min_amount: "1e5" },
  { search: "\0" },
  { colour: "red" },
])("%o is refused as invalid_input", async (query) => {
  const { status, body } = await get(query);
  expect(status).toBe(400);
  expect(body.error.reason).toBe("invalid_input");
});
