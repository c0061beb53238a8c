import { listAttemptsAtWork } from "../../db/link-attempts.ts";
import { listUnknownItems } from "../../db/webhooks.ts";
import { answer, withDatabase } from "./command.ts";

/**
 * `npm run attempts`: what is not ended yet, and the exchanges whose reply was lost, in the database
 * of DATABASE_URL. A lost one may be an Item at Plaid that only Plaid's support can remove: they find
 * it by the user's id (client_user_id) and the time, or by the Item's id where a webhook has named it:
 * every Item that Plaid told of and nothing here knows is listed too. docs/decisions/002-a-lost-reply.md
 */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  return withDatabase(env, async (db) => {
    const attempts = await listAttemptsAtWork(db);
    const unknown = (await listUnknownItems(db)).map(({ plaidItemId, firstAt, codes }) =>
      [
        firstAt.toISOString(),
        "unknown",
        `Item ${plaidItemId}`,
        `webhooks ${codes.join(", ")}`,
        "ask Plaid's support",
      ].join("  "),
    );
    if (attempts.length + unknown.length === 0)
      return "Every attempt has ended, and no exchange was lost.";
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
    return [...lines, ...unknown].join("\n");
  });
}

answer(main(process.env));
