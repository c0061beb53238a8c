import { runMigrations } from "graphile-worker";
import pg from "pg";

/**
 * Migrates graphile-worker's own tables. Several nodes may call it at once.
 *
 * @param connectMs timeout for connecting, in milliseconds
 */
export async function migrateJobs(databaseUrl: string, connectMs: number): Promise<void> {
  const pgPool = new pg.Pool({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    options: "-c statement_timeout=0 -c lock_timeout=0",
  });
  // A lost connection fails the query that needs it, so the event can be ignored.
  pgPool.on("error", () => {});
  let lockHolder: pg.PoolClient | undefined;
  try {
    lockHolder = await pgPool.connect();
    // On an empty database graphile-worker's migrations of several nodes would conflict.
    await lockHolder.query("select pg_advisory_lock(hashtextextended('job migrations', 0))");
    await runMigrations({ pgPool });
  } finally {
    // Closing the connection releases the lock.
    lockHolder?.release(true);
    await pgPool.end();
  }
}
