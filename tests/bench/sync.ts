import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import type { PlaidTransaction } from "../../server/plaid/responses.ts";
import type { Services } from "../../server/services.ts";
import { listTransactions } from "../../server/transactions/list-transactions.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Figure, ratio, timed } from "./figure.ts";
import type { World } from "./world.ts";

/** Transactions of the measured first sync. */
const history = 20_000;
/** Transactions of the sync whose memory is measured. */
const longHistory = 100_000;
/** Rows in the table when it is called full. */
const full = 10_000_000;
const rounds = 5;

/** A second database on the same server, migrated and empty. */
type Twin = Pick<Awaited<ReturnType<World["database"]>>, "pool" | "services">;

/** Measures the sync and the list of transactions. */
export async function* benchSync(world: World): AsyncGenerator<Figure> {
  const { services, pool, control } = world;
  const userId = await world.user();
  const input = { publicToken: await world.publicToken() };
  const { item } = await connectAccount(services, { id: userId }, input, services.log);
  const ours = { userId, itemId: item.id };
  const { signal } = new AbortController();
  const sync = () => syncItem(services, ours, services.log, signal);
  const reset = async () => {
    await pool.query("truncate transactions");
    await pool.query("update item_syncs set cursor = null, midway = false");
  };
  const { rows: names } = await pool.query("select plaid_item_id from items where id = $1", [
    item.id,
  ]);
  await sync();
  const { rows: before } = await pool.query(
    "select count(*)::int n from transactions where user_id = $1",
    [userId],
  );
  await control("items/transactions", {
    item_id: names[0].plaid_item_id,
    added: history - before[0].n,
  });

  // One such sync uses up Plaid's limit for an Item and minute.
  rateLimits["/transactions/sync"] = { perClient: 1_000_000 };
  // Plaid's time does not count, so its pages are fetched in the first round and reused in the others.
  const { syncTransactions } = services.plaid;
  const pages = new Map<string | null, Awaited<ReturnType<typeof syncTransactions>>>();
  services.plaid.syncTransactions = async (token, cursor, options) => {
    const page = pages.get(cursor) ?? (await syncTransactions(token, cursor, options));
    pages.set(cursor, page);
    // Like a response, it lets the process do something else first.
    await immediate();
    return page;
  };
  let whole = 0;
  const own: number[] = [];
  const copies: number[] = [];
  const bare: number[] = [];
  const file = path.join(tmpdir(), `fiscility-bench-${randomUUID()}`);
  let statements = 0;
  const { query } = pg.Client.prototype;
  for (let round = 0; round <= rounds; round++) {
    await reset();
    statements = 0;
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
      statements += 1;
      return Reflect.apply(query, this, args);
    } as typeof query;
    const total = await timed(sync);
    pg.Client.prototype.query = query;
    if (round === 0) {
      whole = total;
      await pool.query(`copy transactions to '${file}'`);
    }
    await pool.query("truncate transactions");
    const copy = await timed(() => pool.query(`copy transactions from '${file}'`));
    await pool.query("truncate transactions");
    const upserts = await timed(() => upsertBare(pool, ours, [...pages.values()]));
    if (round === 0) continue;
    own.push(total);
    copies.push(copy);
    bare.push(upserts);
  }
  services.plaid.syncTransactions = syncTransactions;
  rmSync(file, { force: true });

  yield ratio(
    {
      name: `first sync of ${history.toLocaleString("en")} transactions less Plaid's time, against a \`COPY\` of the same rows`,
      goal: { atMost: 1.4 },
      bound:
        "PostgreSQL itself, which waits for us before the first pages only. `COPY` inserts rows in blocks and looks for none in the primary key, but a page may contain what is stored already.",
      note: `${rounds} of each, alternating; the very first, with Plaid's time, took ${whole.toFixed(0)} ms.`,
    },
    own,
    copies,
    "ms",
  );
  yield ratio(
    {
      name: "a bare `insert … on conflict do update` of the same rows, 500 a statement, against that `COPY`",
      goal: null,
      note: "prepared, and nothing else: no cursor, no lock, no data version, no webhook.",
    },
    bare,
    copies,
    "ms",
  );
  yield {
    name: "statements for a page of 500",
    goal: { atMost: 1 },
    value: (statements - 2) / pages.size,
    unit: "",
    note: `${statements} for ${pages.size} pages: one before, one after, and one for the pages that arrived while earlier ones were being stored.`,
  };
  await reset();
  yield await memory(services, ours, sync);
  await reset();
  await sync();
  const twin = await world.database("twin");
  yield await fullTable(services, pool, twin, userId);
  await twin.close();
}

/** Upserts the rows of all pages, and does nothing else of a sync. */
async function upsertBare(
  pool: pg.Pool,
  { userId, itemId }: { userId: string; itemId: string },
  pages: { upserted: PlaidTransaction[] }[],
): Promise<void> {
  const columns = [
    ...["account_id", "date", "amount", "currency", "name", "merchant", "category", "pending"],
    ...["added_from", "reading", "version"],
  ];
  const text = `
    insert into transactions (user_id, id, ${columns})
    select $1::uuid, t.id, accounts.id, t.date, t.amount, t.currency, t.name, t.merchant, t.category,
      t.pending, 1, 0, 1
    from accounts
    join unnest($3::text[], $4::text[], $5::date[], $6::numeric[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::boolean[])
      as t (id, account, date, amount, currency, name, merchant, category, pending)
      on t.account = accounts.plaid_account_id
    where accounts.user_id = $1 and accounts.item_id = $2
    on conflict (user_id, id) do update set ${columns.map((name) => `${name} = excluded.${name}`)}`;
  await pool.query("set synchronous_commit = off");
  for (const { upserted } of pages) {
    const column = (name: keyof PlaidTransaction) => upserted.map((one) => one[name]);
    const values = [
      ...[userId, itemId, column("id"), column("accountId"), column("date"), column("amount")],
      ...[column("currency"), column("name"), column("merchant"), column("category")],
      column("pending"),
    ];
    await pool.query({ name: "bare upsert", text, values });
  }
  await pool.query("reset synchronous_commit");
}

/** Heap after a page early in a long sync, and after its last one; garbage is collected before. */
async function memory(
  services: Services,
  { itemId }: { itemId: string },
  sync: () => Promise<unknown>,
): Promise<Figure> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { syncTransactions } = services.plaid;
  const account = await services.db
    .selectFrom("accounts")
    .select("plaid_account_id")
    .where("item_id", "=", itemId)
    .executeTakeFirstOrThrow();
  const heap: number[] = [];
  services.plaid.syncTransactions = async (_token, cursor) => {
    const start = cursor === null ? 0 : Number(cursor);
    const end = Math.min(start + 500, longHistory);
    if ((start / 500) % 20 === 5) {
      collect();
      heap.push(process.memoryUsage().heapUsed / 1e6);
    }
    const upserted = Array.from({ length: end - start }, (_, n): PlaidTransaction => {
      const day = new Date(Date.UTC(2025, 0, 1) + ((start + n) % 700) * 86_400_000);
      return {
        id: `bench-${String(start + n).padStart(31, "0")}`,
        accountId: account.plaid_account_id,
        date: day.toISOString().slice(0, 10),
        amount: "12.34",
        currency: "USD",
        name: `A merchant with number ${start + n}`,
        merchant: "A merchant",
        category: "FOOD_AND_DRINK",
        pending: false,
        pendingId: null,
      };
    });
    return {
      upserted,
      removed: [],
      unreadable: [],
      accounts: [],
      accountsUnreadable: 0,
      nextCursor: String(end),
      hasMore: end < longHistory,
      notReady: false,
      complete: true,
    };
  };
  await sync();
  services.plaid.syncTransactions = syncTransactions;
  const [early = Number.NaN] = heap;
  const late = heap.at(-1) ?? Number.NaN;
  return {
    name: `heap late in a sync of ${longHistory.toLocaleString("en")}, against early in it`,
    goal: { atMost: 1.2 },
    value: late / early,
    unit: "x",
    ours: `${late.toFixed(1)} MB after ${(heap.length - 1) * 20 + 5} pages`,
    floor: `${early.toFixed(1)} MB after 5 pages`,
    note: "garbage is collected before each measurement: 1x means no growth.",
  };
}

/**
 * A page of the list with one user's transactions in the table and with all users'. The reads alternate
 * between two databases, so that other load on the machine affects both.
 */
async function fullTable(
  services: Pick<Services, "db" | "heavyReads">,
  pool: pg.Pool,
  twin: Twin,
  userId: string,
): Promise<Figure> {
  const cursors: (string | undefined)[] = [undefined];
  for (;;) {
    const page = await listTransactions(services, { id: userId }, { cursor: cursors.at(-1) });
    if (page.nextCursor === null) break;
    cursors.push(page.nextCursor);
  }
  const file = path.join(tmpdir(), `fiscility-bench-${randomUUID()}`);
  await pool.query(`copy transactions to '${file}'`);
  // The rows have no accounts, so foreign keys are off.
  for (const each of [pool, twin.pool]) await each.query("set session_replication_role = replica");
  await twin.pool.query(`copy transactions from '${file}'`);
  rmSync(file, { force: true });
  const filled = await timed(() =>
    pool.query(
      `insert into transactions
       select md5('p' || p)::uuid, md5(p || ' ' || n), md5('a' || p)::uuid, date '2026-01-01' - n / 28,
         (n % 500)::numeric / 100, 'USD', 'A merchant with number ' || n, 'A merchant',
         'FOOD_AND_DRINK', false
       from generate_series(1, $1::int) p, generate_series(1, $2::int) n`,
      [full / history, history],
    ),
  );
  for (const each of [pool, twin.pool]) {
    await each.query("set session_replication_role = default");
    await each.query("vacuum analyze transactions");
  }
  await pool.query("checkpoint");
  const alone: number[] = [];
  const crowded: number[] = [];
  for (let n = -100; n < 1000; n++) {
    const cursor = cursors[Math.abs(n * 37) % cursors.length];
    const page = (from: typeof services) =>
      timed(() => listTransactions(from, { id: userId }, { cursor }));
    const [one, other] = [await page(twin.services), await page(services)];
    if (n < 0) continue;
    alone.push(one);
    crowded.push(other);
  }
  const { rows } = await pool.query("select count(*)::int n from transactions");
  return ratio(
    {
      name: `a page of one user's transactions with ${rows[0].n.toLocaleString("en")} rows in the table, against theirs alone`,
      goal: { atMost: 1.2 },
      note: `a page of 50 of ${history.toLocaleString("en")}, 1,000 of each, alternating between two databases; filled in ${(filled / 1000).toFixed(0)} s.`,
    },
    crowded,
    alone,
    "ms",
  );
}
