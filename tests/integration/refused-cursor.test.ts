import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { goThroughLink } from "../support/link-session.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
afterEach(async () => {
  await app.resetPlaid();
  await app.query("delete from users");
});

const post = (path: string, body: object, user: TestUser) => app.post(path, body, user);
const change = (plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });
/** Plaid refuses the next cursor that it receives, `after` so many requests. */
const refuse = (after = 0, times = 1) =>
  app.fault({ path: "/transactions/sync", times, after, do: { error: "INVALID_FIELD" } });
const state = async () => (await app.query("select * from item_syncs"))[0];
const shown = async (user: TestUser) => (await app.get("/api/v1/accounts", user)).items[0];

/** Connects a bank and syncs its transactions. */
async function connect() {
  const user = await app.signUp("cfo");
  const { body } = await post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  const itemId: string = body.item.id;
  const [{ plaid_item_id: plaidItemId }] = (await app.query("select plaid_item_id from items")) as [
    { plaid_item_id: string },
  ];
  const sync = (signal = new AbortController().signal) =>
    syncItem(app.services, { userId: user.id, itemId }, app.services.log, signal);
  await sync();
  return { user, itemId, plaidItemId, sync };
}

/** The number of pages of the Item's whole history. */
const pagesAtPlaid = async (plaidItemId: string) =>
  Math.ceil((await transactionsAtPlaid(app, plaidItemId)).length / 500);

/** Rows that Plaid does not have, as if their removal had never been reported. */
const addGhosts = (count: number) =>
  app.query(
    `insert into transactions (user_id, id, account_id, date, amount, name, pending)
     select user_id, 'ghost-' || n, id, '2026-01-01', 1, 'Ghost', false
     from (select user_id, id from accounts order by position limit 1) a,
       generate_series(1, $1::int) n`,
    [count],
  );
const ghosts = async () =>
  Number((await app.query("select count(*) from transactions where name = 'Ghost'"))[0].count);

test("syncItem drops a refused cursor, reads the Item again at once, and deletes transactions that it no longer has", async () => {
  const { user, itemId, plaidItemId, sync } = await connect();
  await addGhosts(3);
  const before = (await transactionsHere(app, itemId)).length;
  await change(plaidItemId, { added: 600, removed: 5 });
  await refuse();
  expect(await sync()).toBe("done");
  expect(before).toBeGreaterThan(100);
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect(await state()).toMatchObject({ reread_cursor: null, cursor_refusals: 0, reading: 1 });
  expect(app.logLines.some((line) => line.includes('"event":"cursor_refused"'))).toBe(true);
  expect((await shown(user)).sync).toMatchObject({ status: "done", problem: null });
});

test("syncItem keeps every transaction while it reads the Item again, and deletes stale ones with the last page", async () => {
  const { itemId, plaidItemId, sync } = await connect();
  await addGhosts(3);
  await change(plaidItemId, { added: 1100 });
  await refuse();
  const before = (await transactionsHere(app, itemId)).length;
  // It ends after two pages, like a worker that is stopped.
  const stop = new AbortController();
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    const page = await syncTransactions(...args);
    if (++pages === 2) stop.abort();
    return page;
  };
  try {
    expect(await sync(stop.signal)).toBe("stopped");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect((await transactionsHere(app, itemId)).length).toBeGreaterThanOrEqual(before);
  expect(await ghosts()).toBe(3);
  // The next run continues with the third page.
  const calls = await app.requestsAtPlaid("/transactions/sync");
  expect(await sync()).toBe("done");
  const left = (await pagesAtPlaid(plaidItemId)) - 2;
  expect((await app.requestsAtPlaid("/transactions/sync")) - calls).toBe(left);
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem misses nothing when data changes while it reads the Item again, and deletes what was removed at the end", async () => {
  const { itemId, plaidItemId, sync } = await connect();
  await change(plaidItemId, { added: 1100 });
  await sync();
  const held = (await transactionsAtPlaid(app, plaidItemId)).length;
  await refuse();
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    // All but ten, so that some of them are on the page that has been read.
    if (++pages === 3) await change(plaidItemId, { added: 10, removed: held - 10 });
    const [{ count }] = await app.query("select count(*) from transactions");
    expect(Number(count)).toBeGreaterThanOrEqual(held);
    return syncTransactions(...args);
  };
  try {
    expect(await sync()).toBe("done");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem ends when the cursor is refused again, shows it on the card, and starts over later", async () => {
  const { user, itemId, plaidItemId, sync } = await connect();
  await change(plaidItemId, { added: 1100 });
  await refuse();
  // The third page of the reading that starts because of it.
  await refuse(2);
  expect(await sync()).toBe("cursor_refused");
  expect((await shown(user)).sync).toMatchObject({
    status: "failed",
    problem: "cursor_refused",
  });
  const { due_at: dueAt, cursor } = await state();
  expect(cursor).toBeNull();
  expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 3_600_000);
  const calls = await app.requestsAtPlaid("/transactions/sync");
  // When it is refused once more, the same run does not try again.
  await app.clearFaults();
  await refuse(1);
  expect(await sync()).toBe("cursor_refused");
  expect((await app.requestsAtPlaid("/transactions/sync")) - calls).toBe(2);
  await app.clearFaults();
  expect(await sync()).toBe("done");
  expect((await shown(user)).sync).toMatchObject({ status: "done", problem: null });
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test.each([
  ["on the first page", false],
  ["on the last page", true],
])(
  "syncItem keeps a transaction that cannot be read %s of a new reading as it was, until a page has it",
  async (_, isLast) => {
    const { user, itemId, plaidItemId, sync } = await connect();
    await change(plaidItemId, { added: 600 });
    await sync();
    const before = await transactionsHere(app, itemId);
    await refuse();
    const amount = { op: "replace", path: "/added/0/amount", value: null };
    const after = isLast ? (await pagesAtPlaid(plaidItemId)) - 1 : 0;
    await app.fault({ path: "/transactions/sync", times: 1, after, do: { patch: [amount] } });
    expect(await sync()).toBe("done");
    expect(await transactionsHere(app, itemId)).toEqual(before);
    expect((await shown(user)).unreadable.transactions).toBe(1);

    const [{ id }] = await app.query("select id from unreadable_transactions");
    await change(plaidItemId, { added: 1 });
    const again = { op: "replace", path: "/added/0/transaction_id", value: id };
    await app.fault({ path: "/transactions/sync", times: 1, do: { patch: [again] } });
    expect(await sync()).toBe("done");
    expect((await shown(user)).unreadable.transactions).toBe(0);
  },
);

test("A page whose cursor points to itself is the last one, whatever has_more says", async () => {
  const { sync } = await connect();
  const { cursor } = await state();
  const endless = { has_more: true, next_cursor: cursor };
  const patch = Object.entries(endless).map(([field, value]) => ({
    op: "replace",
    path: `/${field}`,
    value,
  }));
  await app.fault({ path: "/transactions/sync", times: 20, do: { patch } });
  const calls = await app.requestsAtPlaid("/transactions/sync");
  expect(await sync()).toBe("done");
  expect((await app.requestsAtPlaid("/transactions/sync")) - calls).toBe(1);
  await app.clearFaults();
});

test("INVALID_FIELD without a cursor is no refused cursor", async () => {
  const { sync } = await connect();
  await app.query("update item_syncs set cursor = null");
  await refuse();
  await expect(sync()).rejects.toMatchObject({ reason: "plaid_refused" });
  expect((await state()).cursor_refusals).toBe(0);
});

test("syncItem starts a reading again when a node of the previous release stored a page of it without marks", async () => {
  const { itemId, plaidItemId, sync } = await connect();
  await change(plaidItemId, { added: 600 });
  await sync();
  await app.query("update item_syncs set reading = reading + 1, reread_cursor = ''");
  // It has stored the first page, in its own columns.
  const cursor = (await state()).cursor as string;
  expect(cursor).not.toBeNull();
  await addGhosts(2);
  expect(await sync()).toBe("done");
  expect(await ghosts()).toBe(0);
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("A new reading after update mode deletes what the bank no longer has, and keeps what is no longer shared", async () => {
  const user = await app.signUp("cfo");
  const link = async (itemId?: string) =>
    (await post("/trpc/plaid.createLinkToken", itemId ? { itemId } : {}, user)).body.result.data
      .linkToken;
  const { publicToken } = await goThroughLink(app, await link(), {
    bank: "ins_109508",
    chosen: [0, 1],
  });
  const { body } = await post("/plaid/exchange-token", { public_token: publicToken }, user);
  const itemId: string = body.item.id;
  const item = { userId: user.id, itemId };
  const sync = () => syncItem(app.services, item, app.services.log, new AbortController().signal);
  await sync();
  await addGhosts(4);
  const of = (place: number) =>
    app.query(
      `select t.id from transactions t join accounts a on a.id = t.account_id
       where a.position = $1 order by t.id`,
      [place],
    );
  const second = await of(1);
  expect(second.length).toBeGreaterThan(10);
  await app.query("update items set new_accounts = true");
  await goThroughLink(app, await link(itemId), { chosen: [0, 2] });
  const ended = await post("/trpc/plaid.finishUpdateMode", { itemId }, user);
  expect(ended.body.result.data.added).toBe(1);
  expect(await sync()).toBe("done");
  expect(await ghosts()).toBe(0);
  expect(await of(1)).toEqual(second);
});
