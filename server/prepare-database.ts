import { setTimeout as pause } from "node:timers/promises";
import { DatabaseUnreachable, isConnectionLost } from "../db/client.ts";
import { limitStatements } from "../db/limit-statements.ts";
import { mayMigrate, migrateToLatest, pendingMigrations } from "../db/migrate.ts";
import { migrateJobs } from "./jobs/migrate-jobs.ts";
import type { Services } from "./services.ts";
import { timeLimits } from "./time-limits.ts";

/** The time limits of a role's statements outside a transaction. */
export const statementLimits = {
  statementTimeoutMs: timeLimits.statement,
  lockTimeoutMs: timeLimits.lock,
};

/**
 * Migrates the jobs' tables and ours, as the role that owns them. `url` must connect to PostgreSQL directly.
 */
export async function migrateDatabase(url: string, connectMs: number): Promise<void> {
  await migrateJobs(url, connectMs);
  await migrateToLatest(url, connectMs);
}

/**
 * Prepares the database when a process starts: migrates it, if its role may, and sets the role's time limits.
 * `url` must connect to PostgreSQL directly. Several nodes may call it at once.
 *
 * @throws DatabaseUnreachable when PostgreSQL cannot be reached or its connection is lost
 */
export async function prepareDatabase(url: string): Promise<void> {
  const ms = timeLimits.databaseSetUp;
  try {
    if (await mayMigrate(url, ms)) await migrateDatabase(url, ms);
    await limitStatements(url, statementLimits, ms);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
    const { message } = error as Error;
    throw new DatabaseUnreachable(`The connection to PostgreSQL was lost: ${message}.`, {
      cause: error,
    });
  }
}

/**
 * Prepares the database. Returns false when `stopped` settles first: PostgreSQL rolls back what a migration has not
 * committed, and the next start applies it.
 */
export async function untilPrepared(url: string, stopped: Promise<unknown>): Promise<boolean> {
  return Promise.race([prepareDatabase(url).then(() => true), stopped.then(() => false)]);
}

/**
 * Waits until another role has migrated, when ours may not; `/readyz` reports it. Returns false when
 * `stopped` settles first.
 */
export async function untilMigrated(
  { db, log }: Pick<Services, "db" | "log">,
  stopped: Promise<unknown>,
): Promise<boolean> {
  for (let wasReported = false; ; wasReported = true) {
    const pending = await pendingMigrations(db as never);
    if (pending.length === 0) return true;
    if (!wasReported)
      log.warn({ event: "migrations_awaited", pending }, "Waiting for npm run db:migrate");
    if (await Promise.race([stopped.then(() => true), pause(1_000, false)])) return false;
  }
}
