import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { expect, vi } from "vitest";
import { correctTransaction } from "../../db/transaction-corrections.ts";
import { FiscilityError } from "../../server/contracts/errors.ts";
import type { PlaidTransactionsPage } from "../../server/plaid/responses.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { deleteUsers, removeJobs, syncsOf } from "../support/rows.ts";
import { seed } from "../support/seed.ts";

const test = testWithApp();
test.afterEach(async ({ app }) => {
  await deleteUsers(app);
  await removeJobs(app);
});

interface Connected {
  owner: TestUser;
  itemId: string;
  accountId: string;
}

async function connect(app: TestApp): Promise<Connected> {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const { id: itemId } = body.item;
  const [account] = await app.query("select plaid_account_id from accounts where item_id = $1", [
    itemId,
  ]);
  return { owner, itemId, accountId: account?.plaid_account_id as string };
}

/** What a page says of a transaction. */
type Change = { id: string } & (
  | { kind: "upsert"; name: string; pendingId: string | null }
  | { kind: "remove" }
  | { kind: "unreadable" }
);

/** Plaid's pages with these changes; the cursor is the page's number. */
const pagesOf = (pages: Change[][], accountId: string) =>
  pages.map((changes, n): PlaidTransactionsPage => {
    const of = <Kind extends Change["kind"]>(kind: Kind) =>
      changes.filter((one): one is Change & { kind: Kind } => one.kind === kind);
    return {
      upserted: of("upsert").map(({ id, name, pendingId }) => ({
        ...{ id, accountId, name, pendingId, merchant: name || null, category: null },
        ...{ date: "2026-06-01", amount: "1.50", currency: "USD", pending: false },
      })),
      removed: of("remove").map(({ id }) => id),
      unreadable: of("unreadable").map(({ id }) => ({ id, field: "amount" })),
      ...{ accounts: [], accountsUnreadable: 0, notReady: false, complete: true },
      nextCursor: String(n + 1),
      hasMore: n + 1 < pages.length,
    };
  });

/**
 * Syncs the Item while Plaid's adapter calls `fetch` for the page after a cursor. Returns the outcome and how
 * often pages were stored.
 */
async function syncFrom(
  app: TestApp,
  { owner, itemId }: Connected,
  fetch: (cursor: string | null) => Promise<PlaidTransactionsPage>,
) {
  let stores = 0;
  const plaid = Object.create(app.services.plaid, {
    syncTransactions: { value: (_: string, cursor: string | null) => fetch(cursor) },
  });
  const onStep = (step: string) => {
    if (step === "kept") stores += 1;
  };
  const outcome = await syncItem(
    { ...app.services, plaid, onStep },
    { userId: owner.id, itemId },
    app.services.log,
    new AbortController().signal,
  );
  return { outcome, stores };
}

const cursorOf = async (app: TestApp, { itemId }: Connected) =>
  (await syncsOf(app)).find(({ item_id }) => item_id === itemId)?.cursor;

/** All that a page can change. */
async function stateOf(app: TestApp, { owner, itemId }: Connected) {
  const ordered = (columns: string, table: string, id = "id") =>
    app.query(`select ${columns} from ${table} where user_id = $1 order by ${id}`, [owner.id]);
  return {
    transactions: await ordered("id, name, merchant, amount, pending", "transactions"),
    corrections: await ordered(
      "transaction_id, merchant",
      "transaction_corrections",
      "transaction_id",
    ),
    unreadable: await ordered("id, field", "unreadable_transactions"),
    cursor: await cursorOf(app, { owner, itemId, accountId: "" }),
  };
}

const ids = ["a", "b", "c", 'd"{,}\\'];
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("upsert" as const),
      id: fc.constantFrom(...ids),
      name: fc.constantFrom("NULL", 'with "quotes", {braces} and \\ ', "line\nbreak", "ä", "x"),
      pendingId: fc.option(fc.constantFrom(...ids)),
    }),
  },
  fc.record({ kind: fc.constant("remove" as const), id: fc.constantFrom(...ids) }),
  fc.record({ kind: fc.constant("unreadable" as const), id: fc.constantFrom(...ids) }),
);
const page = fc.uniqueArray(change, { maxLength: 3, selector: ({ id }) => id });

test("syncItem stores the same whether pages arrive while others are being stored or one after the other", async ({
  app,
}) => {
  const [together, apart] = [await connect(app), await connect(app)];
  let storedTogether = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(page, { minLength: 1, maxLength: 8 }),
      fc.array(page, { minLength: 1, maxLength: 8 }),
      fc.subarray(ids),
      async (before, after, corrected) => {
        for (const one of [together, apart]) {
          for (const table of [
            "transactions",
            "transaction_corrections",
            "unreadable_transactions",
          ])
            await app.query(`delete from ${table} where user_id = $1`, [one.owner.id]);
          await app.query(
            "update item_syncs set cursor = null, midway = false where item_id = $1",
            [one.itemId],
          );
          const history = pagesOf([...before, ...after], one.accountId);
          const upTo = async (end: number) => {
            const last = { ...(history[end - 1] as PlaidTransactionsPage), hasMore: false };
            const { stores } = await syncFrom(app, one, async (cursor) => {
              // Each page waits until the one before it is stored.
              if (one === apart)
                await expect.poll(() => cursorOf(app, one), { interval: 1 }).toBe(cursor);
              const at = Number(cursor ?? 0);
              return at === end - 1 ? last : (history[at] as PlaidTransactionsPage);
            });
            return stores;
          };
          await upTo(before.length);
          for (const transactionId of corrected)
            await correctTransaction(app.services.db, one.owner.id, {
              transactionId,
              merchant: `ours ${transactionId}`,
            }).catch(() => {});
          const stores = await upTo(history.length);
          if (one === apart) expect(stores).toBe(after.length);
          else storedTogether += after.length - stores;
        }
        expect(await stateOf(app, together)).toEqual(await stateOf(app, apart));
      },
    ),
    { numRuns: 60, seed },
  );
  expect(storedTogether).toBeGreaterThan(20);
});

const upserts = (...names: string[]): Change[][] =>
  names.map((name, n) => [{ kind: "upsert", id: `${n}`, name, pendingId: null }]);

test("syncItem stores every page that it fetched when Plaid fails after them", async ({ app }) => {
  const one = await connect(app);
  const pages = pagesOf(upserts("a", "b", "c", "d", "e", "f", "g"), one.accountId);
  const fetch = async (cursor: string | null) => {
    if (cursor === "6") throw new FiscilityError("plaid_unavailable");
    return pages[Number(cursor ?? 0)] as PlaidTransactionsPage;
  };
  await expect(syncFrom(app, one, fetch)).rejects.toThrow(FiscilityError);
  const { cursor, transactions } = await stateOf(app, one);
  expect([cursor, transactions.length]).toEqual(["6", 6]);
});

test("syncItem rolls back pages that were still being stored when Plaid says that the data has changed", async ({
  app,
}) => {
  const one = await connect(app);
  const plaid = {
    errorCode: "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION",
    ...{ errorType: null, displayMessage: null, requestId: null, httpStatus: 400 },
    ...{ mayHaveActed: false, retryAfter: null },
  };
  let pages = pagesOf(upserts("a", "b", "c", "d", "e", "f", "g"), one.accountId);
  const fetch = async (cursor: string | null) => {
    if (cursor === "6" && pages.length === 7) {
      pages = pagesOf(upserts("new"), one.accountId);
      throw new FiscilityError("plaid_refused", { plaid });
    }
    return pages[Number(cursor ?? 0)] as PlaidTransactionsPage;
  };
  expect((await syncFrom(app, one, fetch)).outcome).toBe("done");
  const { cursor, transactions } = await stateOf(app, one);
  expect([cursor, transactions.map(({ name }) => name)]).toEqual(["1", ["new"]]);
});

test("syncItem fails with the reason why a page could not be stored, after the page that it was fetching", async ({
  app,
}) => {
  const one = await connect(app);
  const names = Array.from({ length: 40 }, (_, n) => `${n}`);
  const pages = pagesOf(upserts(...names), one.accountId);
  for (const refused of pages[1]?.upserted ?? []) refused.date = "no date";
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  let calls = 0;
  const fetch = async (cursor: string | null) => {
    calls += 1;
    await pause(100);
    return pages[Number(cursor ?? 0)] as PlaidTransactionsPage;
  };
  try {
    await expect(syncFrom(app, one, fetch)).rejects.toThrow(/invalid input syntax for type date/);
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  expect((await stateOf(app, one)).cursor).toBe("1");
  // The fetch that was under way, and one more on a slow machine.
  expect(calls).toBeLessThanOrEqual(4);
});

test("syncItem stops fetching when another sync has stored a page", async ({ app }) => {
  const one = await connect(app);
  const names = Array.from({ length: 40 }, (_, n) => `${n}`);
  const pages = pagesOf(upserts(...names), one.accountId);
  let calls = 0;
  const fetch = async (cursor: string | null) => {
    calls += 1;
    if (cursor === "3")
      await app.query("update item_syncs set cursor = 'other' where item_id = $1", [one.itemId]);
    await pause(20);
    return pages[Number(cursor ?? 0)] as PlaidTransactionsPage;
  };
  expect((await syncFrom(app, one, fetch)).outcome).toBe("superseded");
  expect(calls).toBeLessThan(9);
  expect(await cursorOf(app, one)).toBe("other");
});
