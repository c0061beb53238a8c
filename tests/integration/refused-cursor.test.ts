import { expect } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { Person, TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { deleteUsers, only, plaidItemIdOf, syncsOf, updateItems } from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

const test = testWithApp();
test.afterEach(async ({ app }) => {
  await app.resetPlaid();
  await deleteUsers(app);
});

const post = (app: TestApp, path: string, body: object, person: Person) =>
  app.post(path, body, person);
const change = (app: TestApp, plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });
/** Plaid refuses the next cursor that it is given, `after` so many requests. */
const refuse = (app: TestApp, after = 0, times = 1) =>
  app.fault({ path: "/transactions/sync", times, after, do: { error: "INVALID_FIELD" } });
const state = (app: TestApp) => only(syncsOf(app));
const shown = async (app: TestApp, person: Person) =>
  (await app.get("/api/v1/accounts", person)).items[0];

/** A bank whose transactions are synced. */
async function connect(app: TestApp) {
  const person = await app.signUp("cfo");
  const { body } = await post(
    app,
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    person,
  );
  const itemId: string = body.item.id;
  const plaidItemId = await plaidItemIdOf(app, itemId);
  const sync = (signal = new AbortController().signal) =>
    syncItem(app.services, { userId: person.id, itemId }, app.services.log, signal);
  await sync();
  return { person, itemId, plaidItemId, sync };
}

/** Rows that Plaid does not have, as if their removal had never been told of. */
const addGhosts = (app: TestApp, count: number) =>
  app.query(
    `insert into transactions (user_id, id, account_id, date, amount, name, pending)
     select user_id, 'ghost-' || n, id, '2026-01-01', 1, 'Ghost', false
     from (select user_id, id from accounts order by position limit 1) a,
       generate_series(1, $1::int) n`,
    [count],
  );
const ghosts = async (app: TestApp) =>
  Number((await app.query("select count(*) from transactions where name = 'Ghost'"))[0].count);

test("syncItem reads the Item again when its cursor is refused, and deletes what the bank no longer has", async ({
  app,
}) => {
  const { person, itemId, plaidItemId, sync } = await connect(app);
  await addGhosts(app, 3);
  const before = (await transactionsHere(app, itemId)).length;
  await change(app, plaidItemId, { added: 600, removed: 5 });
  await refuse(app);
  expect(await sync()).toBe("done");
  expect(before).toBeGreaterThan(100);
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect(await state(app)).toMatchObject({ reread_cursor: null, cursor_refusals: 0, reading: 1 });
  expect(app.logLines.some((line) => line.includes('"event":"cursor_refused"'))).toBe(true);
  expect((await shown(app, person)).sync).toMatchObject({ status: "done", problem: null });
});

test("syncItem keeps every transaction while it reads again, and deletes the stale ones with the last page", async ({
  app,
}) => {
  const { itemId, plaidItemId, sync } = await connect(app);
  await addGhosts(app, 3);
  await change(app, plaidItemId, { added: 1100 });
  await refuse(app);
  const before = (await transactionsHere(app, itemId)).length;
  // It ends after two pages, as a worker that is stopped does.
  const stop = new AbortController();
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    const page = await syncTransactions(...args);
    if (++pages === 2) stop.abort();
    return page;
  };
  try {
    expect(await sync(stop.signal)).toBe("handed_back");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect((await transactionsHere(app, itemId)).length).toBeGreaterThanOrEqual(before);
  expect(await ghosts(app)).toBe(3);
  expect(await sync()).toBe("done");
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem deletes what the bank removed while the Item was being read again", async ({
  app,
}) => {
  const { itemId, plaidItemId, sync } = await connect(app);
  await change(app, plaidItemId, { added: 1100 });
  await sync();
  await refuse(app);
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    if (++pages === 3) await change(app, plaidItemId, { added: 10, removed: 500 });
    return syncTransactions(...args);
  };
  try {
    expect(await sync()).toBe("done");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem ends when the cursor is refused again: the card says so, and a later sync starts over", async ({
  app,
}) => {
  const { person, itemId, plaidItemId, sync } = await connect(app);
  await change(app, plaidItemId, { added: 1100 });
  await refuse(app);
  // Of the reading that begins for it, the third page.
  await refuse(app, 2);
  expect(await sync()).toBe("cursor_refused");
  expect((await shown(app, person)).sync).toMatchObject({
    status: "failed",
    problem: "cursor_refused",
  });
  const { due_at: dueAt, cursor } = await state(app);
  expect(cursor).toBeNull();
  expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 3_600_000);
  const asked = await app.requestsAtPlaid("/transactions/sync");
  // Refused once more, it is not tried again in the same run.
  await app.clearFaults();
  await refuse(app, 1);
  expect(await sync()).toBe("cursor_refused");
  expect((await app.requestsAtPlaid("/transactions/sync")) - asked).toBe(2);
  await app.clearFaults();
  expect(await sync()).toBe("done");
  expect((await shown(app, person)).sync).toMatchObject({ status: "done", problem: null });
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem does not take INVALID_FIELD without a cursor for a refused cursor", async ({
  app,
}) => {
  const { sync } = await connect(app);
  await app.query("update item_syncs set cursor = null");
  await refuse(app);
  await expect(sync()).rejects.toMatchObject({ reason: "plaid_refused" });
  expect((await state(app)).cursor_refusals).toBe(0);
});

test("syncItem starts reading again when a node of the release before has read a page", async ({
  app,
}) => {
  const { itemId, plaidItemId, sync } = await connect(app);
  await change(app, plaidItemId, { added: 600 });
  await sync();
  await app.query("update item_syncs set reading = reading + 1, reread_cursor = ''");
  // It has read the first page, to its own columns.
  const cursor = (await state(app)).cursor as string;
  expect(cursor).not.toBeNull();
  await addGhosts(app, 2);
  expect(await sync()).toBe("done");
  expect(await ghosts(app)).toBe(0);
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
});

test("syncItem after newly chosen accounts deletes what the bank no longer has, and keeps unshared accounts", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const link = async (itemId?: string) =>
    (await post(app, "/trpc/plaid.createLinkToken", itemId ? { itemId } : {}, person)).body.result
      .data.linkToken;
  const { publicToken } = await goThroughLink(app, await link(), {
    bank: "ins_109508",
    chosen: [0, 1],
  });
  const { body } = await post(app, "/plaid/exchange-token", { public_token: publicToken }, person);
  const itemId: string = body.item.id;
  const item = { userId: person.id, itemId };
  const sync = () => syncItem(app.services, item, app.services.log, new AbortController().signal);
  await sync();
  await addGhosts(app, 4);
  const of = (place: number) =>
    app.query(
      `select t.id from transactions t join accounts a on a.id = t.account_id
       where a.position = $1 order by t.id`,
      [place],
    );
  const second = await of(1);
  expect(second.length).toBeGreaterThan(10);
  await updateItems(app, { new_accounts: true });
  await goThroughLink(app, await link(itemId), { chosen: [0, 2] });
  const ended = await post(app, "/trpc/plaid.finishUpdateMode", { itemId }, person);
  expect(ended.body.result.data.added).toBe(1);
  expect(await sync()).toBe("done");
  expect(await ghosts(app)).toBe(0);
  expect(await of(1)).toEqual(second);
});
