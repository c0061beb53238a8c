import { setTimeout as pause } from "node:timers/promises";
import { limitStatements } from "../db/limit-statements.ts";
import { mayMigrate, migrateToLatest, pendingMigrations } from "../db/migrate.ts";
import { migrateJobs } from "./jobs/migrate-jobs.ts";
import type { Services } from "./services.ts";
import { timeLimits } from "./time-limits.ts";

/** Of a role's statements outside of a transaction. */
export const statementLimits = {
  statementTimeoutMs: timeLimits.statement,
  lockTimeoutMs: timeLimits.lock,
};

/** The jobs' tables and ours, brought up to date by the role that owns them. `url` must reach PostgreSQL itself. */
export async function migrateDatabase(url: string, connectMs: number): Promise<void> {
  await migrateJobs(url, connectMs);
  await migrateToLatest(url, connectMs);
}

/**
 * What a process does with its database before anything asks it: migrates it, if its role may, and
 * gives the role its time limits. `url` must reach PostgreSQL itself. Several nodes may call it at once.
 */
export async function prepareDatabase(url: string): Promise<void> {
  const connectMs = timeLimits.databaseSetUp;
  if (await mayMigrate(url, connectMs)) await migrateDatabase(url, connectMs);
  await limitStatements(url, statementLimits, connectMs);
}

/**
 * Waits until somebody else has migrated, where our role may not; `/readyz` says so meanwhile. False
 * when `stopped` comes first.
 */
export async function untilMigrated(
  { db, log }: Pick<Services, "db" | "log">,
  stopped: Promise<unknown>,
): Promise<boolean> {
  for (let told = false; ; told = true) {
    const pending = await pendingMigrations(db as never);
    if (pending.length === 0) return true;
    if (!told) log.warn({ event: "migrations_awaited", pending }, "Waiting for npm run db:migrate");
    if (await Promise.race([stopped.then(() => true), pause(1_000, false)])) return false;
  }
}
