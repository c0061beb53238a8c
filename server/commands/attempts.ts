import { listAttemptsAtWork } from "../../db/link-attempts.ts";
import { refusedClients } from "../../db/plaid-clients.ts";
import { listUnknownItems } from "../../db/webhooks.ts";
import { userApisRefusedMessage } from "../reconciliation/plaid-user.ts";
import { runCommand, withDatabase } from "./command.ts";

/**
 * `npm run attempts`: lists unfinished attempts, and exchanges whose response was lost, in the database of
 * DATABASE_URL. The reconciliation removes the Item of a lost exchange once Plaid lists it (`npm run books`).
 * Where Plaid refuses the User APIs, only its support can: they find it by the user's id (client_user_id) and
 * the time, or by the Item's id if a webhook has named it. Items that a webhook named and no row here knows
 * are listed too. docs/decisions/018-nothing-is-left-at-plaid.md
 */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  return withDatabase(env, async (db) => {
    const attempts = await listAttemptsAtWork(db);
    const refused = (await refusedClients(db)).map(
      ({ client, at }) => `${at.toISOString()}  refused  ${client}  ${userApisRefusedMessage}`,
    );
    const unknown = (await listUnknownItems(db)).map(({ plaidItemId, firstAt, codes }) =>
      [
        firstAt.toISOString(),
        "unknown",
        `Item ${plaidItemId}`,
        `webhooks ${codes.join(", ")}`,
        refused.length > 0 ? "ask Plaid's support" : "removed once its user's list has it",
      ].join("  "),
    );
    if (attempts.length + unknown.length + refused.length === 0)
      return "Every attempt has ended, and no exchange was lost.";
    const lines = attempts.map((attempt) =>
      [
        attempt.created_at.toISOString(),
        attempt.reason === "exchange_lost" ? "lost" : attempt.status,
        `attempt ${attempt.id}`,
        `user ${attempt.user_id}`,
        `Item ${attempt.plaid_item_id ?? "unknown"}`,
        attempt.status === "failed"
          ? attempt.is_looked_for
            ? "removed once Plaid lists it"
            : "ask Plaid's support"
          : `tried ${attempt.tries} times, again at ${attempt.retry_at.toISOString()}`,
      ].join("  "),
    );
    return [...refused, ...lines, ...unknown].join("\n");
  });
}

runCommand(main(process.env));
