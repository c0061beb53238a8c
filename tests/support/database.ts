import { randomBytes } from "node:crypto";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { inject } from "vitest";
import { limitStatements } from "../../db/limit-statements.ts";
import { type TimeLimits, timeLimits } from "../../server/time-limits.ts";
import { templateDatabase } from "./global-setup.ts";

/**
 * SQL that selects the locks that are waited for in the current database. Other tests have their own
 * database.
 */
export const waitingLocks = `select 1 from pg_locks join pg_stat_activity using (pid)
  where datname = current_database() and not granted`;

/** Creates a database for this test file, copied from the migrated template. Its role has these limits. */
export async function testDatabase({
  statement,
  lock,
}: Partial<Pick<TimeLimits, "statement" | "lock">> = {}) {
  const admin = inject("databaseServer");
  const name = `t_${randomBytes(6).toString("hex")}`;
  await run(admin, `create database ${name} template ${templateDatabase}`);
  const url = new URL(admin);
  url.pathname = name;
  await limitStatements(
    url.href,
    {
      statementTimeoutMs: statement ?? timeLimits.statement,
      lockTimeoutMs: lock ?? timeLimits.lock,
    },
    timeLimits.databaseSetUp,
  );
  const pooled = new URL(url);
  pooled.port = String(inject("pgbouncer") ?? url.port);
  return {
    url: url.href,
    /** The same through PgBouncer, if installed. */
    pooledUrl: pooled.href,
    /** `away`: refuses new connections and closes the open ones. */
    async set(state: "away" | "back"): Promise<void> {
      await run(admin, `alter database ${name} allow_connections ${state === "back"}`);
      if (state === "back") return;
      await run(
        admin,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      );
    },
    drop: () => run(admin, `drop database ${name} with (force)`),
  };
}

/** Creates an empty database while `use` runs. */
export async function withEmptyDatabase(use: (url: string, db: Kysely<unknown>) => Promise<void>) {
  const url = new URL(inject("databaseServer"));
  const name = `empty_${randomBytes(6).toString("hex")}`;
  await run(url.href, `create database ${name}`);
  url.pathname = name;
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  // The database is dropped while its last connection may still be open.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await use(url.href, db);
  } finally {
    await db.destroy();
    await run(inject("databaseServer"), `drop database ${name} with (force)`);
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
