import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { connectAccount } from "../../server/connect/connect-account.ts";
import type { PlaidTransaction } from "../../server/plaid/plaid-door.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import type { Services } from "../../server/services.ts";
import { listTransactions } from "../../server/sync/list-transactions.ts";
import { syncItem } from "../../server/sync/sync-item.ts";

/** Transactions of the measured first sync. */
const history = 20_000;
/** Those of the sync whose memory is looked at. */
const longHistory = 100_000;
/** Rows in the table when it is called full. */
const full = 10_000_000;
const rounds = 5;

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

/** A second database on the same server, migrated and empty. */
export interface Twin {
  db: Services["db"];
  pool: pg.Pool;
}

/** The figures of the sync and of the list of transactions, a line each. */
export async function benchSync(
  services: Services,
  pool: pg.Pool,
  makeUser: () => Promise<string>,
  publicToken: () => Promise<string>,
  control: (path: string, body: object) => Promise<unknown>,
  twin: Twin,
): Promise<string[]> {
  const userId = await makeUser();
  const input = { publicToken: await publicToken() };
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
  const { rows: before } = await pool.query("select count(*)::int n from transactions");
  await control("items/transactions", {
    item_id: names[0].plaid_item_id,
    added: history - before[0].n,
  });

  // What Plaid allows an Item in a minute is one such sync.
  rateLimits["/transactions/sync"] = { perClient: 1_000_000 };
  // Time at Plaid is not ours.
  const { syncTransactions } = services.plaid;
  let atPlaid = 0;
  services.plaid.syncTransactions = async (...args) => {
    const started = performance.now();
    try {
      return await syncTransactions(...args);
    } finally {
      atPlaid += performance.now() - started;
    }
  };
  const own: number[] = [];
  const whole: number[] = [];
  const copies: number[] = [];
  const file = path.join(tmpdir(), `fiscility-bench-${randomUUID()}`);
  let statements = 0;
  const { query } = pg.Client.prototype;
  for (let round = 0; round <= rounds; round++) {
    await reset();
    atPlaid = 0;
    statements = 0;
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
      statements += 1;
      return Reflect.apply(query, this, args);
    } as typeof query;
    const total = await timed(sync);
    pg.Client.prototype.query = query;
    if (round === 0) await pool.query(`copy transactions to '${file}'`);
    await pool.query("truncate transactions");
    const copy = await timed(() => pool.query(`copy transactions from '${file}'`));
    if (round === 0) continue;
    own.push(total - atPlaid);
    whole.push(total);
    copies.push(copy);
  }
  services.plaid.syncTransactions = syncTransactions;
  rmSync(file, { force: true });

  const { rows } = await pool.query("select * from transactions");
  const byRow = rows.slice(0, 4_000);
  await pool.query("truncate transactions");
  const upsert = `insert into transactions values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
    on conflict (user_id, id) do update set account_id = excluded.account_id,
      date = excluded.date, amount = excluded.amount, currency = excluded.currency,
      name = excluded.name, merchant = excluded.merchant, category = excluded.category,
      pending = excluded.pending`;
  const eachRow = async () => {
    for (const t of byRow) {
      await pool.query({
        name: "upsert",
        text: upsert,
        values: [
          ...[t.user_id, t.id, t.account_id, t.date, t.amount, t.currency],
          ...[t.name, t.merchant, t.category, t.pending],
        ],
      });
    }
  };
  const oneByOne = (await timed(eachRow)) * (rows.length / byRow.length);
  await pool.query("truncate transactions");
  await pool.query("begin");
  const inOneTransaction = (await timed(eachRow)) * (rows.length / byRow.length);
  await pool.query("commit");

  const pages = Math.ceil(rows.length / 500);
  const [mine, copy] = [median(own), median(copies)];
  const lines = [
    `first sync of ${rows.length} transactions, without Plaid's time, against a COPY of the same rows:`,
    `  ${ms(mine)} / ${ms(copy)} = ${(mine / copy).toFixed(2)}x (goal <= 3x, median of ${rounds}; with Plaid's time ${ms(median(whole))})`,
    `  one upsert a row: ${ms(oneByOne)}, ${(oneByOne / mine).toFixed(0)}x ours (goal >= 20x); all of them in one transaction ${ms(inOneTransaction)}, ${(inOneTransaction / mine).toFixed(0)}x`,
    `  ${statements} statements for ${pages} pages: one a page, one before, one after`,
  ];
  await reset();
  lines.push(await memory(services, ours, sync));
  await reset();
  await sync();
  lines.push(...(await fullTable(services, pool, twin, userId)));
  return lines;
}

/** Heap after a page early in a long sync, and after its last one; garbage is collected before. */
async function memory(
  services: Services,
  { itemId }: { itemId: string },
  sync: () => Promise<unknown>,
): Promise<string> {
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
      accounts: [],
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
  return `  heap in a sync of ${longHistory}: ${early.toFixed(1)} MB after 5 pages, ${late.toFixed(1)} MB after ${(heap.length - 1) * 20 + 5} (goal: flat)`;
}

/**
 * A page of the list with one person's transactions in the table and with everybody's: asked in
 * turns of two databases, so that whatever else the machine does is in both.
 */
async function fullTable(
  { db }: Pick<Services, "db">,
  pool: pg.Pool,
  twin: Twin,
  userId: string,
): Promise<string[]> {
  const cursors: (string | undefined)[] = [undefined];
  for (;;) {
    const page = await listTransactions({ db }, { id: userId }, { cursor: cursors.at(-1) });
    if (page.nextCursor === null) break;
    cursors.push(page.nextCursor);
  }
  const file = path.join(tmpdir(), `fiscility-bench-${randomUUID()}`);
  await pool.query(`copy transactions to '${file}'`);
  // The rows' own accounts are not looked at: in the twin, and below, where rows are in the way.
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
    const page = (from: Services["db"]) =>
      timed(() => listTransactions({ db: from }, { id: userId }, { cursor }));
    const [one, other] = [await page(twin.db), await page(db)];
    if (n < 0) continue;
    alone.push(one);
    crowded.push(other);
  }
  const { rows } = await pool.query("select count(*)::int n from transactions");
  const [many, few] = [median(crowded), median(alone)];
  return [
    `a page of 50 transactions of one person who has ${history}, in a table of ${rows[0].n} rows against one of theirs alone:`,
    `  ${ms(many)} / ${ms(few)} = ${(many / few).toFixed(2)}x (goal <= 1.2x, median of 1000; filled in ${(filled / 1000).toFixed(0)} s)`,
  ];
}
