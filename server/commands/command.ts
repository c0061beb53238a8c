import { createDb, type Db } from "../../db/client.ts";
import { requireSafeDatabase } from "../config.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * Does `work` with one connection to the database of DATABASE_URL, which is closed after it. `statement`:
 * milliseconds that one statement may take. Errors: one sentence where it is missing, `ConfigError` where
 * production would not connect to it, and `work`'s.
 */
export async function withDatabase<T>(
  env: Record<string, string | undefined>,
  work: (db: Db) => Promise<T>,
  statement: number = timeLimits.statement,
): Promise<T> {
  const { DATABASE_URL: url } = env;
  if (!url) {
    throw new Error(
      "Set DATABASE_URL to the database. For the local one, run npm start beside this.",
    );
  }
  requireSafeDatabase(env);
  const db = createDb({
    url,
    max: 1,
    statementTimeoutMs: statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    answerTimeoutMs: timeLimits.databaseAnswer,
    idleInTransactionTimeoutMs: timeLimits.statement,
    lockTimeoutMs: timeLimits.lock,
    onIdleError: () => {},
  });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** Prints what a command answers. What went wrong is one sentence on stderr, and an exit code of 1. */
export function answer(command: Promise<string>): void {
  command.then(
    (text) => process.stdout.write(`${text}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    },
  );
}
