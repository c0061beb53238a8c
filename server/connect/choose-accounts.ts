import { addActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { lockSync, restartSync } from "../../db/item-syncs.ts";
import { addAccounts, findItem, findItemToken, type ItemOfUser } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { listAsUnconnected, setUnconnected } from "../../db/unconnected-accounts.ts";
import { lockUser, type PlanOfUser, raiseDataVersion } from "../../db/users.ts";
import { accountsChosen } from "../../db/webhook-events.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { ItemWithAccounts } from "../contracts/accounts.ts";
import type { ChooseAccountsInput, ChooseAccountsOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { requireRoom } from "./account-limit.ts";
import { readShared, toCandidateRows, toUnconnectedRows } from "./shared-accounts.ts";
import { storeItemFailure } from "./store-item-failure.ts";

/** The accounts read from the bank; null when no account is added. */
type Bank = { accounts: PlaidAccount[]; requestId: string } | null;

/**
 * Changes which of the accounts that a bank shares are connected, without Link. An account that is taken out
 * loses its transactions and stays listed under its id. An added account is read from the bank, and the next
 * sync fetches its history. An account that another Item holds is never added (I2), nor more than the plan
 * has room for (I3).
 *
 * @throws FiscilityError the reasons of the procedure `items.chooseAccounts`
 */
export async function chooseAccounts(
  services: Services,
  user: { id: string },
  { itemId, accountIds }: ChooseAccountsInput,
  log: Log,
): Promise<ChooseAccountsOutput> {
  const { db, connectDb, connectGate } = services;
  const item = { userId: user.id, itemId };
  const wanted = new Set(accountIds);
  const before = await findItem(db, user.id, itemId);
  if (!before) throw new FiscilityError("not_found");
  const isMore = before.notConnected.some(({ id }) => wanted.has(id));
  const bank = isMore ? await readBank(services, item, log) : null;

  // Through the gate of connections, which may hold the user's lock for as long as a call to Plaid lasts.
  const { found, ...changed } = await connectGate.run(user.id, () =>
    connectDb.transaction().execute(async (tx) => {
      const plan = await lockUser(tx, user.id);
      const changed = await change(tx, plan, item, wanted, bank);
      const found = await findItem(tx, user.id, itemId);
      if (!found) throw new FiscilityError("not_found");
      if (changed.added + changed.removed > 0) await record(tx, found, item, changed.added, bank);
      return { found, ...changed };
    }),
  );
  const { accounts, ...rest } = found;
  if (changed.added + changed.removed > 0) {
    await invalidateCache(services, { userId: user.id }, log);
    log.info(
      {
        event: "connection",
        outcome: accountsChosen,
        userId: user.id,
        itemId,
        institutionId: found.institution.id,
        plaidRequestId: bank?.requestId,
        ...changed,
      },
      "Accounts chosen",
    );
  }
  return { item: rest, accounts, ...changed };
}

/** Runs under the user's lock. @returns how many accounts were added and taken out */
async function change(
  tx: Db,
  plan: PlanOfUser,
  item: ItemOfUser,
  wanted: ReadonlySet<string>,
  bank: Bank,
): Promise<{ added: number; removed: number }> {
  const { userId, itemId } = item;
  const { known, listed, candidates } = await readShared(tx, item, bank?.accounts ?? []);
  const own = known.filter((account) => account.itemId === itemId);
  const here = new Set([...own, ...listed].map(({ id }) => id));
  if (own.length === 0 || [...wanted].some((id) => !here.has(id))) {
    throw new FiscilityError("not_found");
  }
  // Another request took it out after this one read the Item.
  if (!bank && listed.some(({ id }) => wanted.has(id))) {
    throw new FiscilityError("busy", { details: { retryAfterSeconds: 1 } });
  }
  const leaving = own.filter(({ id }) => !wanted.has(id)).map(({ id }) => id);
  const coming = candidates.filter(({ listed }) => listed !== null && wanted.has(listed.id));
  if (own.length + coming.length === leaving.length) {
    throw new FiscilityError("bank_accounts_required");
  }
  const held = known.length - leaving.length;
  if (coming.length > 0) requireRoom(plan, held, coming.length);

  // Locks the sync first, in the same order as writing a page: `docs/decisions/006-sync-and-webhooks.md`.
  if (coming.length > 0) await restartSync(tx, userId, itemId);
  else await lockSync(tx, userId, itemId);
  if (bank) {
    // The user has now decided about every listed account.
    const others = candidates
      .filter((candidate) => !coming.includes(candidate))
      .map(({ account, listed }) => ({ account, listed: listed && { ...listed, declined: true } }));
    await setUnconnected(tx, userId, itemId, toUnconnectedRows(item, others, known.length));
  }
  await listAsUnconnected(tx, userId, itemId, leaving);
  await addAccounts(tx, toCandidateRows(item, coming, known.length));
  if (coming.length > 0) await requestSync(tx, userId, itemId);
  return { added: coming.length, removed: leaving.length };
}

/** Adds the activity entry (I8) and raises the data version (I5). */
async function record(
  tx: Db,
  { institution }: ItemWithAccounts,
  { userId, itemId }: ItemOfUser,
  added: number,
  bank: Bank,
): Promise<void> {
  await addActivity(tx, {
    user_id: userId,
    attempt_id: itemId,
    kind: "reconnected",
    institution_id: institution.id,
    institution_name: institution.name,
    account_count: added,
    reason: accountsChosen,
    plaid_request_id: bank?.requestId,
  });
  await raiseDataVersion(tx, userId);
}

/**
 * Returns the accounts that the bank shares. @throws FiscilityError when the Item has a problem, which is
 * also stored with it
 */
async function readBank(services: Services, item: ItemOfUser, log: Log): Promise<Bank> {
  const { db, plaid, vault, limits } = services;
  const sealed = await findItemToken(db, item.userId, item.itemId);
  if (sealed === null) throw new FiscilityError("not_found");
  const accessToken = vault.open(sealed, accessTokenOwner(item.userId, item.itemId));
  const signal = timeLimitSignal(limits.connectDeadline);
  return plaid.getAccounts(accessToken, { signal }).catch(async (error: unknown) => {
    throw await storeItemFailure(services, item, error, log);
  });
}
