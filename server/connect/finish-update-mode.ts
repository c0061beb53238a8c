import { addActivity } from "../../db/account-activity.ts";
import { restartSync } from "../../db/item-syncs.ts";
import { findItem, findItemToken, setItemGood, setSharedAccounts } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { setUnconnected } from "../../db/unconnected-accounts.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { FinishUpdateModeInput, FinishUpdateModeOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAdapter } from "../plaid/plaid-adapter.ts";
import { toItemFailure } from "../plaid/plaid-error.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";
import { whyNoRoom } from "./account-limit.ts";
import {
  type Candidate,
  readShared,
  toCandidateRows,
  toUnconnectedRows,
} from "./shared-accounts.ts";
import { storeItemFailure } from "./store-item-failure.ts";

/**
 * Link in update mode has succeeded: reads from Plaid whether the Item works and which accounts the user
 * shares now, and stores it. No Item is created and nothing is exchanged. Accounts that are no longer shared
 * stay as they were last seen. New accounts are added, unless the plan has no room for all of them (I3): then
 * they are listed as not connected for the user to choose from, and the rest is still stored. Accounts that
 * the user declined before stay listed. If the Item still has a problem, that is stored with it.
 *
 * @throws FiscilityError the reasons of the procedure `plaid.finishUpdateMode`
 */
export async function finishUpdateMode(
  services: Services,
  user: { id: string },
  { itemId, linkSessionId }: FinishUpdateModeInput,
  log: Log,
): Promise<FinishUpdateModeOutput> {
  const { db, connectDb, connectGate, plaid, vault, limits } = services;
  const sealed = await findItemToken(db, user.id, itemId);
  if (sealed === null) throw new FiscilityError("not_found");
  const accessToken = vault.open(sealed, accessTokenOwner(user.id, itemId));
  const signal = timeLimitSignal(limits.connectDeadline);
  const {
    accounts: offered,
    institution: bank,
    requestId,
  } = await readBank(plaid, accessToken, signal).catch(async (error: unknown) => {
    throw await storeItemFailure(services, { userId: user.id, itemId }, error, log);
  });

  // Through the gate of connections, which may hold the user's lock for as long as a call to Plaid lasts.
  const { found, added, refused } = await connectGate.run(user.id, () =>
    connectDb.transaction().execute(async (tx) => {
      const plan = await lockUser(tx, user.id);
      const { known, listed, connected, candidates } = await readShared(
        tx,
        { userId: user.id, itemId },
        offered,
      );
      const isUndecided = ({ listed }: Candidate) => !listed?.declined;
      const refused = whyNoRoom(plan, known.length, candidates.filter(isUndecided).length);
      const institution = await setItemGood(tx, user.id, itemId, {
        moreToChoose: refused !== null,
        institution: bank,
      });
      // The Item was disconnected meanwhile.
      if (!institution) throw new FiscilityError("not_found");
      const item = { userId: user.id, itemId };
      const coming = refused ? [] : candidates.filter(isUndecided);
      const staying = candidates.filter((candidate) => !coming.includes(candidate));
      const added = toCandidateRows(item, coming, known.length);
      const others = toUnconnectedRows(item, staying, known.length);
      // Locks the sync first, in the same order as writing a page: `docs/decisions/006-sync-and-webhooks.md`.
      if (added.length > 0) await restartSync(tx, user.id, itemId);
      if (listed.length + others.length > 0) await setUnconnected(tx, user.id, itemId, others);
      await setSharedAccounts(tx, user.id, itemId, { shared: connected, added });
      await addActivity(tx, {
        user_id: user.id,
        attempt_id: itemId,
        kind: "reconnected",
        ...institution,
        account_count: added.length,
        reason: refused?.reason,
        plaid_request_id: requestId,
        link_session_id: linkSessionId ?? null,
      });
      await raiseDataVersion(tx, user.id);
      await requestSync(tx, user.id, itemId);
      return { found: await findItem(tx, user.id, itemId), added: added.length, refused };
    }),
  );
  if (!found) throw new FiscilityError("not_found");
  await invalidateCache(services, { userId: user.id }, log);
  log.info(
    {
      event: "connection",
      outcome: "reconnected",
      userId: user.id,
      itemId,
      institutionId: found.institution.id,
      plaidRequestId: requestId,
      added,
      refused: refused?.reason,
    },
    "Bank reconnected",
  );
  if (refused) throw refused;
  const { accounts, ...item } = found;
  return { item, accounts, added };
}

/**
 * Returns the accounts that a healthy Item shares, and its bank. @throws FiscilityError when the Item has a
 * problem
 */
async function readBank(plaid: PlaidAdapter, accessToken: Secret, signal: AbortSignal) {
  const { error, requestId } = await plaid.getItem(accessToken, { signal });
  if (error) throw toItemFailure(error, requestId);
  const { accounts, institution } = await plaid.getAccounts(accessToken, { signal });
  return { accounts, institution, requestId };
}
