import { limitStatements } from "../db/limit-statements.ts";
import { migrateToLatest } from "../db/migrate.ts";
import { migrateJobs } from "./jobs/migrate-jobs.ts";
import { timeLimits } from "./time-limits.ts";

/**
 * What a database needs before anything asks it: our tables, the jobs' tables, the time limits of its
 * role. `url` must reach PostgreSQL itself. Several nodes may call it at once.
 */
export async function prepareDatabase(url: string): Promise<void> {
  await migrateToLatest(url);
  await migrateJobs(url);
  await limitStatements(url, {
    statementTimeoutMs: timeLimits.statement,
    lockTimeoutMs: timeLimits.lock,
  });
}
