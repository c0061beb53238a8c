import { Kysely, Migrator, PostgresDialect } from "kysely";
import pg from "pg";
import { migrations } from "../migrations/index.ts";

/**
 * Applies every migration that the database does not have yet. Several nodes may call it at once:
 * Kysely takes a lock. Throws the first migration's error; what came before it stays applied.
 */
export async function migrateToLatest(databaseUrl: string): Promise<void> {
  await withMigrator(databaseUrl, async (migrator) => {
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
  });
}

/** Whether any migration is still to be applied: what `/readyz` asks. */
export async function pendingMigrations(db: Kysely<unknown> | Kysely<never>): Promise<string[]> {
  const known = await createMigrator(db as Kysely<unknown>).getMigrations();
  return known.filter((m) => m.executedAt === undefined).map((m) => m.name);
}

function createMigrator(db: Kysely<unknown>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } });
}

async function withMigrator(url: string, run: (migrator: Migrator) => Promise<void>) {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 10_000,
    // Without the limits that the role's other statements have: `limitStatements`.
    options: "-c statement_timeout=0 -c lock_timeout=0",
  });
  // A lost connection fails the query that needs it; nobody else has to hear of it.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await run(createMigrator(db));
  } finally {
    await db.destroy();
  }
}
