import { addActivity } from "../../db/account-activity.ts";
import { findItem, findItemToken, setItemGood } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import type { FinishUpdateModeInput, FinishUpdateModeOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { clearCache } from "../sync/clear-cache.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * Link in update mode has ended well: asks Plaid whether the Item works again, and says so. No Item
 * is made and none is exchanged. Errors: `not_found`, `bank_login_required` (Plaid still asks for a
 * log-in), `plaid_unavailable`, `plaid_refused`, `busy`.
 */
export async function finishUpdateMode(
  services: Services,
  user: { id: string },
  { itemId, linkSessionId }: FinishUpdateModeInput,
  log: Log,
): Promise<FinishUpdateModeOutput> {
  const { db, plaid, vault } = services;
  const sealed = await findItemToken(db, user.id, itemId);
  if (sealed === null) throw new FiscilityError("not_found");
  const { errorCode, requestId } = await plaid.getItem(vault.open(sealed, itemId), {
    signal: AbortSignal.timeout(timeLimits.connectDeadline),
  });
  if (errorCode !== null) throw new FiscilityError("bank_login_required");

  const found = await db.transaction().execute(async (tx) => {
    await lockUser(tx, user.id);
    const institution = await setItemGood(tx, user.id, itemId);
    // It was disconnected meanwhile.
    if (!institution) throw new FiscilityError("not_found");
    await addActivity(tx, {
      user_id: user.id,
      attempt_id: itemId,
      kind: "reconnected",
      ...institution,
      account_count: 0,
      plaid_request_id: requestId,
      link_session_id: linkSessionId ?? null,
    });
    await raiseDataVersion(tx, user.id);
    await requestSync(tx, user.id, itemId);
    return findItem(tx, user.id, itemId);
  });
  if (!found) throw new FiscilityError("not_found");
  await clearCache(services, { userId: user.id }, log);
  log.info(
    {
      event: "connection",
      outcome: "reconnected",
      userId: user.id,
      itemId,
      institutionId: found.institution.id,
      plaidRequestId: requestId,
    },
    "Bank reconnected",
  );
  const { accounts, ...item } = found;
  return { item, accounts };
}
