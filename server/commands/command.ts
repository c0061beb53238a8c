import { createDb, type Db } from "../../db/client.ts";
import { requireSafeDatabase } from "../config.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * Runs `work` with one connection to the database of DATABASE_URL, then closes it.
 *
 * @param statement timeout of a statement, in milliseconds
 * @throws one sentence when DATABASE_URL is missing, `ConfigError` when production would not connect to it,
 *   and the error of `work`
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
    // May lead to PgBouncer, and a command runs few statements.
    hasSessions: false,
    max: 1,
    statementTimeoutMs: statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    responseTimeoutMs: timeLimits.databaseResponse,
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

/** Prints the result of a command. On an error prints one sentence to stderr and exits with code 1. */
export function runCommand(command: Promise<string>): void {
  command.then(
    (text) => process.stdout.write(`${text}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    },
  );
}
