import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect } from "vitest";
import type { TransactionChanges } from "../../client/src/index.ts";
import { lockSync } from "../../db/item-syncs.ts";
import { deleteItems } from "../../db/items.ts";
import { PageRows } from "../../db/page-rows.ts";
import {
  applyHeldTransactions,
  restartFromFirstPage,
  rollBackUpdate,
  storePage,
} from "../../db/sync-pages.ts";
import { correctTransaction } from "../../db/transaction-corrections.ts";
import { listAsUnconnected } from "../../db/unconnected-accounts.ts";
import { lockUser } from "../../db/users.ts";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { listChanges } from "../../server/transactions/list-changes.ts";
import { listTransactions } from "../../server/transactions/list-transactions.ts";
import { choices } from "../chaos/choices.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { addBank } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";
import { accountsOf, deleteUsers, itemsOf, lockWaiters } from "../support/rows.ts";
import { seed } from "../support/seed.ts";

const test = testWithApp();
test.afterEach(({ app }) => deleteUsers(app));

type Owner = Pick<TestUser, "id">;

/** A program that keeps a copy of the user's transactions. */
function createReader(app: TestApp, owner: Owner) {
  const copy = new Map<string, Transaction>();
  let since: string | undefined;
  const readPage = async (limit?: number): Promise<TransactionChanges> => {
    const page = await listChanges(app.services, owner, { since, limit });
    for (const [id, { accountId }] of copy) {
      if (page.removedAccounts.includes(accountId)) copy.delete(id);
    }
    for (const { id } of page.removed) copy.delete(id);
    for (const transaction of page.changed) copy.set(transaction.id, transaction);
    since = page.cursor;
    return page;
  };
  return {
    copy,
    readPage,
    readAll: async (limit?: number) => {
      while ((await readPage(limit)).hasMore);
    },
    get cursor() {
      return since as string;
    },
  };
}

/** All that `transactions.list` has. */
async function listAll(app: TestApp, owner: Owner): Promise<Transaction[]> {
  const all: Transaction[] = [];
  let cursor: string | undefined;
  do {
    const page = await listTransactions(app.services, owner, { cursor, limit: 200 });
    all.push(...page.transactions);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return all;
}

async function expectSame(app: TestApp, owner: Owner, { copy }: ReturnType<typeof createReader>) {
  const byId = (one: Transaction, other: Transaction) => (one.id < other.id ? -1 : 1);
  expect([...copy.values()].sort(byId)).toEqual((await listAll(app, owner)).sort(byId));
}

const upsert = (id: string, accountId: string, more: object = {}) => ({
  ...{ id, accountId, date: "2026-06-01", amount: "12.5", currency: "USD", name: "Something" },
  ...{ merchant: null, category: null, pending: false, pendingId: null, ...more },
});

const rows = (...transactions: ReturnType<typeof upsert>[]) => new PageRows().add(transactions);

/** Keeps a page of an Item where its sync stands. */
async function page(
  app: TestApp,
  owner: Owner,
  itemId: string,
  what: Partial<Parameters<typeof storePage>[3]>,
) {
  const [sync] = await app.query("select * from item_syncs where item_id = $1", [itemId]);
  if (!sync) return false;
  const { midway = false } = what;
  return storePage(app.services.db, owner.id, itemId, {
    ...{ kept: sync.cursor, cursor: randomUUID(), midway, isHeld: sync.is_held },
    updateCursor: midway ? (sync.midway ? sync.update_cursor : sync.cursor) : null,
    ...{ upserted: rows(), removed: [], unreadable: [], endsReading: null },
    ...what,
  });
}

/** The account of a page was taken out while it waited: the job is run again. */
function requireLostAccount(error: { code?: string }) {
  if (error.code !== "23503") throw error;
}

async function withBanks(app: TestApp, banks = 2) {
  const owner = await app.signUp("cfo");
  for (let n = 0; n < banks; n++) {
    const accounts = [{ balance: "1" }, { balance: "2" }];
    await addBank(app, owner, `Bank ${n}`, accounts, [
      [0, n + 1, "3"],
      [1, n + 2, "4"],
    ]);
  }
  const items = (await itemsOf(app, owner)).map(({ id }) => id);
  const accounts = await accountsOf(app, owner);
  const of = (itemId: string | undefined) => accounts.filter((one) => one.item_id === itemId);
  return { owner, items, of };
}

test("transactions.changes returns everything at first, then what was added, changed, corrected and removed, and nothing when nothing changed", async ({
  app,
}) => {
  const { owner, items, of } = await withBanks(app);
  const [one] = items as [string];
  const [account] = of(one);
  const reader = createReader(app, owner);
  await reader.readAll(3);
  await expectSame(app, owner, reader);
  const idle = await reader.readPage();
  expect(idle).toMatchObject({ changed: [], removed: [], removedAccounts: [], hasMore: false });

  const at = account?.plaid_account_id as string;
  await page(app, owner, one, {
    upserted: rows(upsert("a", at), upsert("b", at), upsert("c", at)),
  });
  expect((await reader.readPage()).changed.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  // Read again without a difference, it did not change.
  await page(app, owner, one, {
    upserted: rows(upsert("a", at), upsert("b", at, { amount: "13" })),
    removed: ["c"],
  });
  expect(await reader.readPage()).toMatchObject({
    changed: [{ id: "b", amount: "13" }],
    removed: [{ id: "c", accountId: account?.id }],
  });
  await correctTransaction(app.services.db, owner.id, { transactionId: "a", category: "TRAVEL" });
  expect((await reader.readPage()).changed).toMatchObject([{ id: "a", category: "TRAVEL" }]);
  // One that came back is not among the removed.
  await page(app, owner, one, { removed: ["a", "b"] });
  await page(app, owner, one, { upserted: rows(upsert("a", at)) });
  expect(await reader.readPage()).toMatchObject({ changed: [{ id: "a" }], removed: [{ id: "b" }] });
  await expectSame(app, owner, reader);

  await deleteItems(app.services.db, owner.id, one);
  const { removed, removedAccounts } = await reader.readPage();
  expect({ removed, accounts: removedAccounts.sort() }).toEqual({
    removed: [],
    accounts: of(one)
      .map(({ id }) => id)
      .sort(),
  });
  await expectSame(app, owner, reader);
});

test("A first reading misses nothing that is removed while it runs, and gets no earlier removal", async ({
  app,
}) => {
  const { owner, items, of } = await withBanks(app, 1);
  const [one] = items as [string];
  const at = of(one)[0]?.plaid_account_id as string;
  const ids = ["a", "b", "c", "d", "e"];
  await page(app, owner, one, { upserted: rows(...ids.map((id) => upsert(id, at))) });
  await page(app, owner, one, { removed: ["e"] });
  const reader = createReader(app, owner);
  await reader.readPage(4);
  expect(reader.copy.has("a")).toBe(true);
  await page(app, owner, one, { removed: ["a"] });
  const rest = await reader.readPage(4);
  expect(rest.removed.map(({ id }) => id)).toEqual(["a"]);
  await expectSame(app, owner, reader);
});

test("A page waits for an earlier one of another Item of its user, so a cursor never passes changes that commit later", async ({
  app,
}) => {
  const { owner, items, of } = await withBanks(app);
  const [one, two] = items as [string, string];
  const reader = createReader(app, owner);
  await reader.readAll();
  const [first, second] = [of(one)[0]?.plaid_account_id, of(two)[0]?.plaid_account_id];
  let later: Promise<boolean> | undefined;
  await app.services.db.transaction().execute(async (tx) => {
    await storePage(tx, owner.id, one, {
      ...{ kept: null, cursor: "1", midway: false, updateCursor: null, unreadable: [] },
      ...{ upserted: rows(upsert("early", first as string)), removed: [], endsReading: null },
    });
    later = awaitLater(page(app, owner, two, { upserted: rows(upsert("late", second as string)) }));
    await expect.poll(() => lockWaiters(app)).toHaveLength(1);
    expect((await reader.readPage()).changed).toEqual([]);
  });
  await later;
  expect((await reader.readPage()).changed.map(({ id }) => id)).toEqual(["early", "late"]);
});

test("A page does not wait for a connection of its user", async ({ app }) => {
  const { owner, items, of } = await withBanks(app, 1);
  const at = of(items[0])[0]?.plaid_account_id as string;
  await app.services.connectDb.transaction().execute(async (tx) => {
    await lockUser(tx, owner.id);
    expect(await page(app, owner, items[0] as string, { upserted: rows(upsert("a", at)) })).toBe(
      true,
    );
  });
});

test("Pages, corrections and releases of held transactions end without a deadlock beside a disconnection and choices of accounts", async ({
  app,
}) => {
  const { db } = app.services;
  const { random } = choices(seed, "pauses");
  for (let round = 0; round < 15; round++) {
    const { owner, items, of } = await withBanks(app);
    const [one, two] = items as [string, string];
    const at = (itemId: string, n: number) => of(itemId)[n]?.plaid_account_id as string;
    for (const id of items) await page(app, owner, id, { upserted: rows(upsert(id, at(id, 0))) });
    await app.query("update item_syncs set is_held = true where item_id = $1", [two]);
    const reader = createReader(app, owner);
    const pause = () => new Promise((resolve) => setTimeout(resolve, random() * 8));
    const tries: (() => Promise<unknown>)[] = [
      async () => {
        for (let n = 0; n < 5; n++) {
          await page(app, owner, one, {
            upserted: rows(
              upsert(one, at(one, 0), { amount: String(n) }),
              upsert(`${n}`, at(one, 1)),
            ),
          });
        }
      },
      () => page(app, owner, two, { upserted: rows(upsert("x", at(two, 1))) }),
      () => applyHeldTransactions(db, owner.id, two),
      () => correctTransaction(db, owner.id, { transactionId: one, merchant: "Mill" }),
      () => correctTransaction(db, owner.id, { transactionId: two, merchant: "Mill" }),
      () =>
        db.transaction().execute(async (tx) => {
          await lockUser(tx, owner.id);
          await lockSync(tx, owner.id, two);
          await listAsUnconnected(tx, owner.id, two, [of(two)[1]?.id as string]);
        }),
      () =>
        db.transaction().execute(async (tx) => {
          await lockUser(tx, owner.id);
          await deleteItems(tx, owner.id, one);
        }),
      () => reader.readAll(2),
    ];
    await Promise.all(tries.map(async (run) => pause().then(run).catch(requireLostAccount)));
    await reader.readAll(2);
    await expectSame(app, owner, reader);
  }
});

test("A reader who follows the changes has what transactions.list has, after any history and at any page size", async ({
  app,
}) => {
  const { db } = app.services;
  const some = fc.nat({ max: 11 });
  const step = fc.record({
    kind: fc.constantFrom(
      ...["page", "page", "page", "remove", "midway", "undo", "again", "end", "hold", "release"],
      ...["correct", "takeOut", "bringBack", "disconnect", "old", "oldRemoval", "read", "read"],
    ),
    item: fc.nat({ max: 1 }),
    ids: fc.uniqueArray(some, { maxLength: 6 }),
    amount: fc.nat({ max: 3 }),
    limit: fc.integer({ min: 1, max: 7 }),
  });
  const history = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(history, async (rounds) => {
      const { owner, items, of } = await withBanks(app);
      const readers = [createReader(app, owner), createReader(app, owner)] as const;
      const { id: user } = owner;
      const perform = async ({
        kind,
        item,
        ids,
        amount,
        limit,
      }: (typeof rounds)[number][number]) => {
        const itemId = items[item] as string;
        const account = of(itemId)[amount % 2];
        const name = (n: number) => `${item}-${n}`;
        const upserted = rows(
          ...ids.map((n) =>
            upsert(name(n), of(itemId)[n % 2]?.plaid_account_id as string, { amount: `${amount}` }),
          ),
        );
        const [sync] = await app.query("select * from item_syncs where item_id = $1", [itemId]);
        const kept = { kept: sync?.cursor, isHeld: sync?.is_held };
        const reader = readers[item] as ReturnType<typeof createReader>;
        const inLock = (run: (tx: typeof db) => Promise<unknown>) =>
          db.transaction().execute(async (tx) => {
            await lockUser(tx, user);
            await run(tx);
          });
        const steps: Record<string, () => unknown> = {
          page: () => page(app, owner, itemId, { upserted }),
          midway: () => page(app, owner, itemId, { upserted, midway: true }),
          remove: () => page(app, owner, itemId, { removed: ids.map(name) }),
          undo: () =>
            rollBackUpdate(db, user, itemId, { ...kept, updateCursor: sync?.update_cursor }),
          again: () => restartFromFirstPage(db, user, itemId, { ...kept, refused: false }),
          end: () =>
            page(app, owner, itemId, {
              upserted,
              endsReading: of(itemId).map(({ plaid_account_id }) => plaid_account_id),
            }),
          hold: () =>
            app.query("update item_syncs set is_held = true where item_id = $1", [itemId]),
          release: () => applyHeldTransactions(db, user, itemId),
          correct: () =>
            correctTransaction(db, user, { transactionId: name(amount), merchant: `${limit}` }),
          takeOut: () =>
            inLock(async (tx) => {
              await lockSync(tx, user, itemId);
              await listAsUnconnected(tx, user, itemId, [account?.id as string]);
            }),
          bringBack: () =>
            app.query(
              `with listed as (delete from unconnected_accounts where id = $1)
               insert into accounts (id, item_id, user_id, plaid_account_id, position, name, type)
               select $1, id, user_id, $2, 0, 'Account', 'depository' from items where id = $3
               on conflict do nothing`,
              [account?.id, account?.plaid_account_id, itemId],
            ),
          disconnect: () => limit === 1 && inLock((tx) => deleteItems(tx, user, itemId)),
          old: () =>
            app.query(
              `insert into transactions (user_id, id, account_id, date, amount, name, pending)
               select user_id, $2, id, '2026-06-01', $3, 'Something', false from accounts where id = $1
               on conflict (user_id, id) do update set amount = excluded.amount`,
              [account?.id, name(limit), amount],
            ),
          oldRemoval: () =>
            app.query("delete from transactions where user_id = $1 and id = $2", [
              user,
              name(limit),
            ]),
          read: () => reader.readPage(limit),
        };
        await steps[kind]?.();
      };
      for (const round of rounds) {
        // A program reads one page after the other.
        const once = round.filter(
          ({ kind, item }, at) =>
            kind !== "read" ||
            round.findIndex((one) => one.kind === "read" && one.item === item) === at,
        );
        await Promise.all(once.map((one) => perform(one).catch(requireLostAccount)));
      }
      for (const reader of readers) {
        await reader.readAll(5);
        await expectSame(app, owner, reader);
      }
      await deleteUsers(app);
    }),
    { numRuns: isMatrix ? 500 : 40, interruptAfterTimeLimit: isMatrix ? undefined : 20_000 },
  );
});

test("What a node of the release before writes is among the changes", async ({ app }) => {
  const { owner, items, of } = await withBanks(app, 1);
  const [account] = of(items[0]);
  const reader = createReader(app, owner);
  await reader.readAll();
  await app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
     select $1, 'old-' || n, $2, '2026-06-01', n, 'USD', 'Something', false from generate_series(1, 3) n`,
    [owner.id, account?.id],
  );
  const ids = async () => (await reader.readPage()).changed.map(({ id }) => id);
  expect(await ids()).toEqual(["old-1", "old-2", "old-3"]);
  await app.query("update transactions set amount = 9, reading = 3 where id = 'old-1'");
  await app.query("update transactions set reading = 4 where id = 'old-2'");
  expect(await ids()).toEqual(["old-1"]);
  await app.query(
    `insert into transaction_corrections (user_id, transaction_id, account_id, merchant)
     values ($1, 'old-2', $2, 'Mill')`,
    [owner.id, account?.id],
  );
  expect(await ids()).toEqual(["old-2"]);
  await app.query("delete from transactions where id in ('old-1', 'old-2')");
  expect((await reader.readPage()).removed.map(({ id }) => id)).toEqual(["old-1", "old-2"]);
  await app.query("delete from accounts where id = $1", [account?.id]);
  expect((await reader.readPage()).removedAccounts).toEqual([account?.id]);
  await expectSame(app, owner, reader);
});

test("A cursor is refused after 90 days, when the database is older than it, and when it is none of ours; removals are kept for a day longer", async ({
  app,
}) => {
  const { owner, items } = await withBanks(app, 1);
  const reader = createReader(app, owner);
  await reader.readAll();
  const fields = (): number[] => JSON.parse(Buffer.from(reader.cursor, "base64url").toString());
  const read = (written: unknown[]) => {
    const since = Buffer.from(JSON.stringify(written)).toString("base64url");
    return listChanges(app.services, owner, { since });
  };
  const [version, key, after, at] = fields() as [number, unknown, number, number];
  const day = 86_400;
  expect(await read([version, key, after, at - 89 * day])).toMatchObject({ changed: [] });
  for (const old of [
    [version, key, after, at - 91 * day],
    [version + 1, key, after, at],
    [version, "1a", version + 1, at],
  ]) {
    await expect(read(old)).rejects.toMatchObject({ reason: "cursor_expired" });
  }
  for (const odd of [[], [version], [version, "3", after, at], [-1, key, after, at], "x"]) {
    const error = { reason: "invalid_input", details: { issues: [{ path: "since" }] } };
    await expect(read(odd as unknown[])).rejects.toMatchObject(error);
  }

  await deleteItems(app.services.db, owner.id, items[0]);
  const removals = () => app.query("select from removed_transactions");
  const age = (days: number) =>
    app.query("update removed_transactions set version = version - $1::bigint * 86400000000", [
      days,
    ]);
  await age(90);
  await sweep(app.services);
  expect(await removals()).toHaveLength(2);
  await age(2);
  await sweep(app.services);
  expect(await removals()).toEqual([]);
});

test("A deleted user leaves no removals behind", async ({ app }) => {
  const { owner, items } = await withBanks(app, 1);
  const reader = createReader(app, owner);
  await reader.readAll();
  await page(app, owner, items[0] as string, { removed: [[...reader.copy.keys()][0] as string] });
  const left = () =>
    app.query(
      "select user_id from removed_transactions union all select user_id from transaction_versions",
    );
  expect(await left()).toHaveLength(2);
  await deleteUsers(app);
  expect(await left()).toEqual([]);
});
