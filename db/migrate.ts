import { setTimeout as pause } from "node:timers/promises";
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from "kysely";
import pRetry from "p-retry";
import pg from "pg";
import { migrations as ours, outsideTransaction } from "../migrations/index.ts";
import { openConnection } from "./client.ts";

/**
 * How long a migration waits for a table's lock, in milliseconds. While it waits, every later query on the
 * table waits behind it; then it lets them through and retries. Far below PostgreSQL's `deadlock_timeout` (1
 * s), even for one table after the other: otherwise PostgreSQL ends queries that wait for tables the
 * migration has locked. https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
const lockTimeout = 300;
/** Attempts to acquire the lock, a second apart at first: some minutes in total. */
const tries = 40;
const lockNotAvailable = "55P03";
const insufficientPrivilege = "42501";

/**
 * Applies every migration that the database does not have yet. Each runs in its own transaction, so that its
 * locks are held no longer than it runs, or outside a transaction when it builds indexes concurrently
 * (`outsideTransaction`). Several nodes may call it at once: one applies them. A database that a newer
 * version has migrated further stays as it is, because the two versions run side by side.
 *
 * @param connectMs timeout for connecting, in milliseconds
 * @throws the first migration's error; the migrations before it stay applied
 */
export async function migrateToLatest(
  databaseUrl: string,
  connectMs: number,
  migrations: Record<string, Migration> = ours,
): Promise<void> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    // Without the role's limits for other statements: `limitStatements`.
    options: `-c statement_timeout=0 -c lock_timeout=${lockTimeout}`,
  });
  // A lost connection fails the query that needs it, so the events can be ignored.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const apply = async (name: string) => {
    const outside = outsideTransaction.has(name);
    // 0 means no limit. A concurrent index build waits for every earlier transaction, and nothing waits
    // behind it.
    const limit = String(outside ? 0 : lockTimeout);
    await sql`select set_config('lock_timeout', ${limit}, false)`.execute(db);
    const { error } = await createMigrator(db, migrations, outside).migrateUp();
    if (error) throw error;
  };
  const lock = sql<{ mine: boolean }>`
    select pg_try_advisory_lock(hashtextextended('migrations', 0)) as mine`;
  try {
    // Polled instead of waited for: a concurrent index build waits for every waiting transaction. The lock is
    // released when the connection ends.
    while (!(await lock.execute(db)).rows[0]?.mine) await pause(200);
    for (;;) {
      const [next] = await pendingMigrations(db, migrations);
      if (next === undefined) break;
      await pRetry(() => apply(next), {
        retries: tries - 1,
        minTimeout: 500,
        maxTimeout: 5_000,
        randomize: true,
        shouldRetry: ({ error }) => (error as { code?: string }).code === lockNotAvailable,
      });
    }
  } finally {
    await db.destroy();
  }
}

/**
 * Returns the migrations that are not applied yet, for `/readyz`. A role without its grants gets all of them.
 */
export async function pendingMigrations(
  db: Kysely<unknown> | Kysely<never>,
  migrations: Record<string, Migration> = ours,
): Promise<string[]> {
  try {
    const known = await createMigrator(db as Kysely<unknown>, migrations).getMigrations();
    return known.filter((m) => m.executedAt === undefined).map((m) => m.name);
  } catch (error) {
    if ((error as { code?: string }).code === insufficientPrivilege) return Object.keys(migrations);
    throw error;
  }
}

/**
 * Whether the role of `url` may create tables in its database, as migrations do.
 *
 * @param ms how long PostgreSQL may take to connect, and be silent while it runs a statement
 * @throws DatabaseUnreachable with the host and the cause when PostgreSQL is down or refuses the role
 */
export async function mayMigrate(url: string, ms: number): Promise<boolean> {
  const client = await openConnection(url, ms);
  try {
    const { rows } = await client.query("select has_schema_privilege('public', 'create') as may");
    return rows[0].may;
  } finally {
    await client.end().catch(() => {});
  }
}

function createMigrator(
  db: Kysely<unknown>,
  migrations: Record<string, Migration>,
  disableTransactions = false,
): Migrator {
  const provider = { getMigrations: async () => migrations };
  return new Migrator({ db, provider, disableTransactions });
}
