import { storeRemovalRequestId } from "../../db/account-activity.ts";
import { isItemLive } from "../../db/items.ts";
import { moveAttempt, postpone, type RemovableAttempt } from "../../db/link-attempts.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { isTokenDead } from "../items/refused-token.ts";
import type { CallOptions } from "../plaid/calls.ts";
import { isRefusedToken } from "../plaid/item-error.ts";
import type { RemovalReason } from "../plaid/plaid-adapter.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";
import { transitions } from "./attempt.ts";

/**
 * Removes the Item of a `removing` attempt at Plaid. An Item that a live row holds is never removed; then
 * only the attempt's access token is cleared.
 *
 * @param open decrypts the stored access token
 * @returns null when the removal failed or the token cannot be decrypted: the recovery retries
 */
export async function removeAtPlaid(
  services: Services,
  attempt: RemovableAttempt,
  open: () => Secret,
  log: Log,
  signal = timeLimitSignal(services.limits.plaidCall),
): Promise<{ requestId: string | null } | null> {
  const { db } = services;
  const { id, user_id: userId, plaid_item_id: plaidItemId } = attempt;
  try {
    const isLive = plaidItemId !== null && (await isItemLive(db, plaidItemId));
    const removal = isLive
      ? { requestId: null }
      : await remove(services, attempt, open(), { signal }, log);
    await storeRemovalRequestId(db, userId, id, removal.requestId);
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

/** @throws FiscilityError when Plaid does not confirm the removal */
async function remove(
  services: Services,
  attempt: RemovableAttempt,
  accessToken: Secret,
  options: CallOptions,
  log: Log,
): Promise<{ requestId: string | null }> {
  const { plaid_item_id: plaidItemId, plaid_client: plaidClient } = attempt;
  try {
    return await services.plaid.removeItem(accessToken, reasonCodeOf(attempt), options);
  } catch (error) {
    const plaidFailure = error instanceof FiscilityError ? error.plaid : undefined;
    if (!plaidFailure || !isRefusedToken(plaidFailure) || plaidItemId === null) throw error;
    if (!(await isTokenDead(services, { plaidItemId, plaidClient }, log))) throw error;
    return { requestId: plaidFailure.requestId };
  }
}

/** Reasons of attempts whose Item never worked or no longer works. */
const notWorking = new Set<string | null>(["bank_unsupported", "item_gone"]);

/** https://plaid.com/docs/api/items/#item-remove-request-reason-code */
function reasonCodeOf({ reason, reason_details: details }: RemovableAttempt): RemovalReason {
  const hadEnded = (details as { access?: string } | null)?.access === "ended";
  return hadEnded || notWorking.has(reason) ? "CONNECTION_IS_NON_FUNCTIONAL" : "OTHER";
}
