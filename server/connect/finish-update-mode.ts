import { addActivity } from "../../db/account-activity.ts";
import { restartSync } from "../../db/item-syncs.ts";
import {
  findItem,
  findItemToken,
  type ItemOfUser,
  setItemGood,
  setSharedAccounts,
} from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import type { KnownAccount } from "../../db/known-accounts.ts";
import { knownAccounts } from "../../db/known-accounts.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { FinishUpdateModeInput, FinishUpdateModeOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { checkItem } from "../items/check-item.ts";
import { isRefusedToken, problemOf } from "../plaid/item-error.ts";
import type { PlaidAdapter } from "../plaid/plaid-adapter.ts";
import { toItemFailure } from "../plaid/plaid-error.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";
import { whyNoRoom } from "./account-limit.ts";
import { toAccountRows } from "./connection-rows.ts";
import { findDuplicates, withoutForeignIds } from "./duplicates.ts";

/**
 * Link in update mode has ended well: asks Plaid whether the Item works again and which accounts the
 * person shares now, and says so here. No Item is made and none is exchanged. Accounts that are shared
 * no longer stay as they were last seen; new ones come, unless the plan has no room for all of them
 * (I3): then none does, and everything else stands. What is still wrong with the Item is stored with it.
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
    throw await keepFailure(services, { userId: user.id, itemId }, error, log);
  });

  // In the same line as connections, which may hold the lock for as long as Plaid takes.
  const { found, added, refused } = await connectGate.run(user.id, () =>
    connectDb.transaction().execute(async (tx) => {
      const plan = await lockUser(tx, user.id);
      const known = await knownAccounts(tx, user.id).execute();
      const { shared, fresh } = compare(known, itemId, offered);
      const refused = whyNoRoom(plan, known.length, fresh.length);
      const institution = await setItemGood(tx, user.id, itemId, {
        moreToChoose: refused !== null,
        institution: bank,
      });
      // It was disconnected meanwhile.
      if (!institution) throw new FiscilityError("not_found");
      const added = refused ? [] : toAccountRows({ userId: user.id, itemId }, fresh, known.length);
      // The sync first, as a page that is being written does: `docs/decisions/011-sync-and-webhooks.md`.
      if (added.length > 0) await restartSync(tx, user.id, itemId);
      await setSharedAccounts(tx, user.id, itemId, { shared, added });
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

/** The accounts that a healthy Item shares, and its bank. @throws FiscilityError what is wrong with the Item */
async function readBank(plaid: PlaidAdapter, accessToken: Secret, signal: AbortSignal) {
  const { error, requestId } = await plaid.getItem(accessToken, { signal });
  if (error) throw toItemFailure(error, requestId);
  const { accounts, institution } = await plaid.getAccounts(accessToken, { signal });
  return { accounts, institution, requestId };
}

/** Stores with the Item what the failure says of it. Returns the error for the caller. */
async function keepFailure(
  services: Services,
  item: ItemOfUser,
  error: unknown,
  log: Log,
): Promise<unknown> {
  const told = error instanceof FiscilityError ? error.plaid : undefined;
  if (!told || problemOf(told) === null) return error;
  const status = await checkItem(services, item, log, told);
  if (!isRefusedToken(told)) return error;
  return new FiscilityError(status === "revoked" ? "item_gone" : "bank_unavailable", {
    plaid: told,
  });
}

/**
 * Which of the accounts that the Item shares now are its own here, and which are new to the person: of
 * an account that another Item brought there is no second row (I2).
 */
function compare(known: KnownAccount[], itemId: string, listed: PlaidAccount[]) {
  const institutionId = known.find((account) => account.itemId === itemId)?.institutionId ?? null;
  const offered = withoutForeignIds(known, institutionId, listed);
  // An account of an Item whose access has ended is no duplicate.
  const live = known.filter((account) => account.itemId === itemId || !account.isEnded);
  const there = findDuplicates(live, institutionId, offered, { likely: true });
  const old = new Set(there.map(({ offered }) => offered));
  return {
    shared: there.flatMap(({ offered: position, known }) => {
      const account = offered[position];
      return account && known.itemId === itemId
        ? [{ id: known.id, accountId: account.accountId }]
        : [];
    }),
    fresh: offered.filter((_, position) => !old.has(position)),
  };
}
