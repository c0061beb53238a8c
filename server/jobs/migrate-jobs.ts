import { runMigrations } from "graphile-worker";

/** Brings graphile-worker's own tables up to date. Several nodes may call it at once. */
export async function migrateJobs(databaseUrl: string): Promise<void> {
  await runMigrations({ connectionString: databaseUrl });
}
