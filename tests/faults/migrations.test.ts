import { randomBytes } from "node:crypto";
import { Kysely, type Migration, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { expect, onTestFinished } from "vitest";
import { migrateToLatest, pendingMigrations } from "../../db/migrate.ts";
import { migrations, outsideTransaction } from "../../migrations/index.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { awaitLater } from "../support/await-later.ts";
import { testDatabase, waitingLocks, withEmptyDatabase } from "../support/database.ts";
import { testWithApp } from "../support/fixtures.ts";
import { breakingChangesOf, readSchema } from "../support/schema-changes.ts";

const test = testWithApp();

const migration = (text: string): Migration => ({
  up: async (db) => void (await sql.raw(text).execute(db)),
});

/** What a next version may do to tables that this one reads and writes. */
const nextVersion = {
  ...migrations,
  "998_next": migration(`
    alter table users add column nickname text;
    alter table accounts add column color text not null default 'blue';
    alter table link_attempts add column origin text;
    alter table items add constraint items_name_length check (length(institution_name) < 1000) not valid;
    create table notes (id uuid primary key, user_id uuid not null references users (id));
    create index notes_user on notes (user_id);`),
  "999_next": migration("alter table items validate constraint items_name_length"),
};

test("A node keeps connecting and listing while a newer version migrates its tables under load", async ({
  app,
}) => {
  const over = new AbortController();
  const statuses = new Set<number>();
  let connected = 0;
  // The lock that the migration needs is held longer than it waits, again and again.
  await app.fault({ path: "/accounts/get", times: 4, do: { delay: 1_500 } });
  const connect = async () => {
    while (!over.signal.aborted) {
      // A new user each time, so that no plan is ever full.
      const user = await app.signUp("cfo");
      const token = await app.publicToken("ins_109508", "user_custom", oneAccount());
      const response = await app.post("/plaid/exchange-token", { public_token: token }, user);
      const headers = { cookie: user.cookie };
      const list = await fetch(`${app.url}/trpc/accounts.list`, { headers });
      await list.text();
      statuses.add(response.status).add(list.status);
      if (response.body.outcome === "connected") connected += 1;
    }
  };
  const begun = awaitLater(Promise.all([1, 2, 3].map(connect)));
  onTestFinished(async () => {
    over.abort();
    await Promise.allSettled([begun]);
  });
  await migrateToLatest(app.databaseUrl, timeLimits.databaseSetUp, nextVersion);
  expect(await pendingMigrations(app.services.db as never, nextVersion)).toEqual([]);
  const before = connected;
  await expect.poll(() => connected).toBeGreaterThanOrEqual(before + 3);
  over.abort();
  await begun;
  expect([...statuses]).toEqual([200]);
});

test("A migration releases its lock, and is retried, before PostgreSQL ends a deadlock with another transaction", async () => {
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  const [inserting, reading, watching] = [1, 2, 3].map(
    () => new pg.Client({ connectionString: database.url }),
  ) as [pg.Client, pg.Client, pg.Client];
  const clients = [inserting, reading, watching];
  onTestFinished(async () => void (await Promise.all(clients.map((client) => client.end()))));
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  await inserting.query("begin; lock table link_attempts in row exclusive mode");
  await reading.query("begin; lock table accounts in access share mode");
  const migrated = awaitLater(migrateToLatest(database.url, timeLimits.databaseSetUp, nextVersion));
  const waiting = `${waitingLocks} and relation = 'accounts'::regclass`;
  await expect.poll(async () => (await watching.query(waiting)).rowCount).toBe(1);
  // The migration holds `users` by now. PostgreSQL checks for a deadlock a second after this.
  const read = awaitLater(inserting.query("select 1 from users"));
  await new Promise((resolve) => setTimeout(resolve, 800));
  await reading.query("commit");
  expect((await read).rowCount).toBe(0);
  await inserting.query("commit");
  await migrated;
});

test("migrateToLatest builds an index concurrently while transactions are always running", async () => {
  await withEmptyDatabase(async (url) => {
    const over = new AbortController();
    const runTransactions = async (later: number) => {
      await new Promise((resolve) => setTimeout(resolve, later));
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => {});
      await client.connect();
      try {
        while (!over.signal.aborted) {
          await client.query("begin isolation level repeatable read; select 1");
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          await client.query("commit");
        }
      } finally {
        await client.end();
      }
    };
    const begun = awaitLater(Promise.all([0, 500].map(runTransactions)));
    try {
      await new Promise((resolve) => setTimeout(resolve, 600));
      // Its name makes a migration run outside a transaction.
      const [outside = ""] = outsideTransaction;
      await migrateToLatest(url, timeLimits.databaseSetUp, {
        "001_table": migration("create table t (a int)"),
        [outside]: migration("create index concurrently t_a on t (a)"),
      });
    } finally {
      over.abort();
      await begun;
    }
  });
});

const oneAccount = () =>
  JSON.stringify({
    override_accounts: [
      { type: "depository", subtype: "checking", meta: { name: randomBytes(8).toString("hex") } },
    ],
  });

test("A node of the older version starts, is ready and connects on the newer version's tables", async ({
  app,
}) => {
  await prepareDatabase(app.databaseUrl);
  const old = await app.startNode();
  try {
    expect((await fetch(`${old.url}/readyz`)).status).toBe(200);
    const user = await app.signUp("cfo");
    expect(await app.connectAt(old.url, await app.publicToken(), user)).toBe(200);
  } finally {
    await old.close();
  }
});

test("Nodes migrate an empty database once when several start at the same time", async () => {
  await withEmptyDatabase(async (url, db) => {
    await Promise.all([1, 2, 3, 4].map(() => prepareDatabase(url)));
    const { rows } = await sql<{
      name: string;
    }>`select name from kysely_migration order by name`.execute(db);
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(migrations));
  });
});

test("A failing migration keeps the migrations before it and nothing of itself", async () => {
  await withEmptyDatabase(async (url, db) => {
    const failing = {
      "001_good": migration("create table good (id int)"),
      "002_bad": migration("create table half (id int); select 1 / 0"),
    };
    await expect(migrateToLatest(url, timeLimits.databaseSetUp, failing)).rejects.toThrow(
      "division by zero",
    );
    expect(await pendingMigrations(db, failing)).toEqual(["002_bad"]);
    expect((await readSchema(db)).files.has("half")).toBe(false);
  });
});

/**
 * Harmless exceptions: an index or a constraint of a table that was empty everywhere at the time. Add nothing
 * here; docs/operations.md says how a large table gets an index.
 */
const beforeThereWereRows = [
  "007_recovery: link_attempts is locked while link_attempts_unfinished is built",
  "007_recovery: account_activity is locked while account_activity_link_session is built",
  "007_recovery: account_activity is locked while account_activity_kind_check is checked",
  "011_transactions: items is locked while items_status_check is checked",
  "011_transactions: account_activity is locked while account_activity_kind_check is checked",
  "012_disconnect: users is locked while users_deleted is built",
  "012_disconnect: account_activity is locked while account_activity_kind_check is checked",
  "013_trail: item_syncs is locked while item_syncs_to_clear is built",
];

test("Each migration only adds, so that the previous version keeps working and no large table is locked", async () => {
  await withEmptyDatabase(async (_url, db) => {
    const breaking: string[] = [];
    await sql`create schema graphile_worker`.execute(db);
    for (const [name, { up }] of Object.entries(migrations)) {
      const before = await readSchema(db);
      await up(db);
      const seen = breakingChangesOf(before, await readSchema(db))
        // Only an index outside a transaction can be built concurrently, and it is.
        .filter((line) => !(outsideTransaction.has(name) && line.includes("is locked while")));
      breaking.push(...seen.map((line) => `${name}: ${line}`));
    }
    expect(breaking).toEqual(beforeThereWereRows);
  });
});

/** Migrations before this one may lock two tables in a transaction, which can deadlock with a connection. */
const lockedTogetherBefore = "027";

test("Each transaction of a migration locks only one table that others use, so that no connection deadlocks with it", async () => {
  await withEmptyDatabase(async (url, db) => {
    await sql`create schema graphile_worker`.execute(db);
    const together: string[] = [];
    let running = "";
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    pool.on("connect", (client) => {
      const query = client.query.bind(client) as (
        text: string,
        values?: unknown,
      ) => Promise<pg.QueryResult>;
      let there: string[] = [];
      const watched = async (text: string, values?: unknown) => {
        if (text === "begin") there = (await query(tables)).rows.map(({ name }) => name);
        if (text === "commit" && running >= lockedTogetherBefore) {
          const locked = (await query(lockedTables)).rows.map(({ name }) => name);
          const used = locked.filter((name) => there.includes(name));
          if (used.length > 1) together.push(`${running}: ${used.join(", ")}`);
        }
        return query(text, values);
      };
      Object.assign(client, { query: watched });
    });
    const watchedDb = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    for (const [name, { up }] of Object.entries(migrations)) {
      running = name;
      if (outsideTransaction.has(name)) await up(watchedDb);
      else await watchedDb.transaction().execute(up);
    }
    await watchedDb.destroy();
    expect(together).toEqual([]);
  });
});

const tables =
  "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
/** Tables with a lock that blocks writers. */
const lockedTables = `
  select distinct relname as name from pg_locks join pg_class on pg_class.oid = relation
  where pid = pg_backend_pid() and relkind = 'r' and relnamespace = 'public'::regnamespace
    and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  order by 1`;

const examples: [string, string | undefined][] = [
  ["alter table t drop column a", "t.a is gone"],
  ["alter table t rename column a to b", "t.a is gone"],
  ["drop table t", "t.a is gone"],
  ["alter table t alter column a type bigint", "t.a changes its type"],
  ["alter table t alter column a set not null", "t.a becomes required"],
  ["alter table t add b int not null", "t.b is required, and the version before leaves it out"],
  ["alter table t add b uuid default gen_random_uuid()", "t is rewritten"],
  ["create index t_a on t (a)", "t is locked while t_a is built"],
  ["alter table t add constraint c check (a > 0)", "t is locked while c is checked"],
  ["alter table t add b int not null default 0, add c text", undefined],
  ["alter table t add constraint c check (a > 0) not valid", undefined],
];

test("harmOf finds each way in which a migration can do more than add", async () => {
  await withEmptyDatabase(async (_url, db) => {
    for (const [text, expected] of examples) {
      await sql`create table t (a int)`.execute(db);
      const before = await readSchema(db);
      await sql.raw(text).execute(db);
      const breaking = breakingChangesOf(before, await readSchema(db));
      if (expected) expect(breaking).toContain(expected);
      else expect(breaking).toEqual([]);
      await sql`drop table if exists t`.execute(db);
    }
  });
});
