import { setTimeout as pause } from "node:timers/promises";
import { Kysely, type Migration, Migrator, PostgresDialect, sql } from "kysely";
import pRetry from "p-retry";
import pg from "pg";
import { migrations as ours, outsideTransaction } from "../migrations/index.ts";
import { DatabaseUnreachable } from "./client.ts";

/**
 * A migration waits this long for a table's lock, as everybody who comes after it waits behind it.
 * Then it lets them through, and tries again. Well below PostgreSQL's `deadlock_timeout` (1 s), also
 * for one table after the other: else PostgreSQL ends whoever waits for the tables it has already.
 * Milliseconds. https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
const lockTimeout = 300;
/** Tries to get the lock, a second apart at first: some minutes in all. */
const tries = 40;
const lockNotAvailable = "55P03";
const insufficientPrivilege = "42501";

/**
 * Applies every migration that the database does not have yet, each in a transaction of its own, so
 * that its locks are held no longer than it runs, or outside of one where it builds indexes
 * concurrently (`outsideTransaction`). Several nodes may call it at once: one does it. Throws the
 * first migration's error; what came before it stays applied. A database that a newer version has
 * migrated further is left as it is: this version runs beside that one. Connecting may take `connectMs`.
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
    // Without the limits that the role's other statements have: `limitStatements`.
    options: `-c statement_timeout=0 -c lock_timeout=${lockTimeout}`,
  });
  // A lost connection fails the query that needs it; nobody else has to hear of it.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const apply = async (name: string) => {
    const outside = outsideTransaction.has(name);
    // 0 is none: an index that is built concurrently waits for every transaction before it, and nobody
    // waits behind it.
    const limit = String(outside ? 0 : lockTimeout);
    await sql`select set_config('lock_timeout', ${limit}, false)`.execute(db);
    const { error } = await createMigrator(db, migrations, outside).migrateUp();
    if (error) throw error;
  };
  const lock = sql<{ mine: boolean }>`
    select pg_try_advisory_lock(hashtextextended('migrations', 0)) as mine`;
  try {
    // Asked again, not waited for: an index that is built concurrently waits for whoever waits.
    // The end of the connection lets go of it.
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
 * The migrations that are still to be applied: what `/readyz` asks. To a role that was not given its
 * rights yet, all of them.
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
 * @throws DatabaseUnreachable with the host and the cause when PostgreSQL is away or refuses the role
 */
export async function mayMigrate(url: string, connectMs: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
  });
  client.on("error", () => {});
  await client.connect().catch((error: Error) => {
    // Of a host with two addresses: one error for each, and no message.
    const causes = error instanceof AggregateError ? error.errors : [error];
    const cause = causes.map(({ message }: Error) => message).join(", ");
    const host = `${client.host}:${client.port}`;
    throw new DatabaseUnreachable(`PostgreSQL at ${host} cannot be reached: ${cause}.`, {
      cause: error,
    });
  });
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
