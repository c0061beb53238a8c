import { findItem, findItemToken } from "../../db/items.ts";
import { accountIdsOf } from "../../db/known-accounts.ts";
import type { LinkTokenRow } from "../../db/schema.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { finishUpdateMode } from "./finish-update-mode.ts";

/** Finishes update mode as the page does. Returns the bank's name, or the error when it failed. */
export async function finishUpdateOfLink(
  services: Services,
  {
    user_id: id,
    link_session_id: linkSessionId,
  }: Pick<LinkTokenRow, "user_id" | "link_session_id">,
  itemId: string,
  log: Log,
): Promise<{ institutionName: string } | FiscilityError> {
  try {
    const { item } = await finishUpdateMode(services, { id }, { itemId, linkSessionId }, log);
    return { institutionName: item.institution.name };
  } catch (error) {
    if (error instanceof FiscilityError) return error;
    throw error;
  }
}

/**
 * Whether update mode may have changed something, when Plaid does not return how it ended: the Item had a
 * problem, or shares other accounts now.
 */
export async function mayHaveUpdated(
  { db, plaid, vault, limits }: Services,
  userId: string,
  itemId: string,
): Promise<boolean> {
  const item = await findItem(db, userId, itemId);
  const sealed = await findItemToken(db, userId, itemId);
  if (!item || sealed === null) return false;
  if (item.status !== "good" || item.problem) return true;
  const accessToken = vault.open(sealed, accessTokenOwner(userId, itemId));
  const signal = timeLimitSignal(limits.connectDeadline);
  const { accounts } = await plaid.getAccounts(accessToken, { signal });
  const known = await accountIdsOf(db, userId, itemId);
  return accounts.length !== known.size || accounts.some(({ accountId }) => !known.has(accountId));
}
