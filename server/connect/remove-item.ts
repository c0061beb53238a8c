import { keepRemovalRequestId } from "../../db/account-activity.ts";
import { isItemLive } from "../../db/items.ts";
import { moveAttempt, postpone } from "../../db/link-attempts.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";
import { transitions } from "./attempt.ts";

/**
 * Removes the Item of a `removing` attempt at Plaid. An Item that a live row holds is never removed:
 * then the attempt only lets go of its access token.
 *
 * @param open opens the stored access token
 * @returns null when that failed, also where the token cannot be opened: the recovery retries
 */
export async function removeAtPlaid(
  { db, plaid, limits }: Services,
  { id, userId, plaidItemId }: { id: string; userId: string; plaidItemId: string | null },
  open: () => Secret,
  log: Log,
  signal = timeLimitSignal(limits.plaidCall),
): Promise<{ requestId: string | null } | null> {
  try {
    const isLive = plaidItemId !== null && (await isItemLive(db, plaidItemId));
    const removal = isLive ? { requestId: null } : await plaid.removeItem(open(), { signal });
    await keepRemovalRequestId(db, userId, id, removal.requestId);
    await moveAttempt(db, { userId, id }, transitions.removed);
    return removal;
  } catch (error) {
    const { plaid: failure } = error instanceof FiscilityError ? error : {};
    const { message: cause } = error as Error;
    log.error(
      { event: "removal_pending", userId, attemptId: id, plaid: failure, cause },
      "Not removed",
    );
    await postpone(db, userId, id).catch(() => {});
    return null;
  }
}
