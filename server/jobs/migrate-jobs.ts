import { runMigrations } from "graphile-worker";
import pg from "pg";

/** Brings graphile-worker's own tables up to date. Several nodes may call it at once. `connectMs`: for a connection. */
export async function migrateJobs(databaseUrl: string, connectMs: number): Promise<void> {
  const pgPool = new pg.Pool({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMs,
    options: "-c statement_timeout=0 -c lock_timeout=0",
  });
  // A lost connection fails the query that needs it; nobody else has to hear of it.
  pgPool.on("error", () => {});
  let turn: pg.PoolClient | undefined;
  try {
    turn = await pgPool.connect();
    // On an empty database graphile-worker's own would get in each other's way.
    await turn.query("select pg_advisory_lock(hashtextextended('job migrations', 0))");
    await runMigrations({ pgPool });
  } finally {
    // With the connection goes the lock.
    turn?.release(true);
    await pgPool.end();
  }
}
