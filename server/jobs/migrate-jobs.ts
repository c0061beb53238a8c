import { runMigrations } from "graphile-worker";
import pg from "pg";

/** Brings graphile-worker's own tables up to date. Several nodes may call it at once. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  const pgPool = new pg.Pool({
    connectionString: databaseUrl,
    options: "-c statement_timeout=0 -c lock_timeout=0",
  });
  try {
    await runMigrations({ pgPool });
  } finally {
    await pgPool.end();
  }
}
