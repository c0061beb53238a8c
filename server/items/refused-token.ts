import { noteRefusedToken } from "../../db/refused-tokens.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** Items whose tokens may be refused within an hour before our keys are suspected. */
const maxRefused = 5;

/**
 * Whether INVALID_ACCESS_TOKEN means that the Item is gone. Wrong keys, or another environment's, get the
 * same error for every Item, and a discarded token cannot be recovered. So it is believed only for a token
 * that today's keys made and that has been refused for a while, and not in a burst: a burst raises an alarm,
 * and nothing is discarded while it lasts.
 */
export async function isTokenDead(
  { db, plaid, limits }: Pick<Services, "db" | "plaid" | "limits">,
  { plaidItemId, plaidClient }: { plaidItemId: string; plaidClient: string | null },
  log: Log,
): Promise<boolean> {
  const line = { event: "token_refused", plaidItemId };
  if (plaidClient !== plaid.client) {
    log.error(
      { ...line, verdict: "other_keys", madeBy: plaidClient },
      "Token was made with other Plaid keys",
    );
    return false;
  }
  const { sinceMs, items } = await noteRefusedToken(db, plaidItemId, limits.refusedTokenBurst);
  if (items > maxRefused) {
    log.error({ ...line, verdict: "burst", items }, "Many tokens refused: check Plaid's keys");
    return false;
  }
  const verdict = sinceMs < limits.refusedToken ? "waiting" : "gone";
  log.warn({ ...line, verdict, sinceMs }, "Token refused");
  return verdict === "gone";
}
