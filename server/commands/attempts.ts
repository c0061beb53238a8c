import { createDb } from "../../db/client.ts";
import { listAttemptsAtWork } from "../../db/link-attempts.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * `npm run attempts`: what is not ended yet, and the exchanges whose reply was lost, in the database
 * of DATABASE_URL. A lost one may be an Item at Plaid that only Plaid's support can remove: they find
 * it by the user's id (client_user_id) and the time. docs/decisions/002-a-lost-reply.md
 */
async function main(url: string | undefined): Promise<string> {
  if (!url) throw new Error("Set DATABASE_URL to the database (npm start prints the local one).");
  const db = createDb({
    url,
    max: 1,
    statementTimeoutMs: timeLimits.statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    idleInTransactionTimeoutMs: timeLimits.statement,
    lockTimeoutMs: timeLimits.lock,
    onIdleError: () => {},
  });
  try {
    const attempts = await listAttemptsAtWork(db);
    if (attempts.length === 0) return "Every attempt has ended, and no exchange was lost.";
    const lines = attempts.map((attempt) =>
      [
        attempt.created_at.toISOString(),
        attempt.reason === "exchange_lost" ? "lost" : attempt.status,
        `attempt ${attempt.id}`,
        `user ${attempt.user_id}`,
        `Item ${attempt.plaid_item_id ?? "unknown"}`,
        attempt.status === "failed"
          ? "ask Plaid's support"
          : `tried ${attempt.tries} times, again at ${attempt.retry_at.toISOString()}`,
      ].join("  "),
    );
    return lines.join("\n");
  } finally {
    await db.destroy();
  }
}

main(process.env.DATABASE_URL).then(
  (lines) => process.stdout.write(`${lines}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
