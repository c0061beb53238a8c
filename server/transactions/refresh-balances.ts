import { finishSync } from "../../db/item-syncs.ts";
import { type ItemOfUser, setHasTransactions } from "../../db/items.ts";
import type { Services } from "../services.ts";
import type { Secret } from "../vault/secret.ts";

/**
 * Updates the balances of an Item without transactions. `/transactions/sync` must not be called for it: Plaid
 * would refuse, or add Transactions to the Item and bill them.
 *
 * @returns whether the Item has transactions by now, which must be synced then
 * @throws FiscilityError as Plaid's calls
 */
export async function refreshBalances(
  { db, plaid, limits }: Pick<Services, "db" | "plaid" | "limits">,
  { userId, itemId }: ItemOfUser,
  accessToken: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  const { accounts, accountsUnreadable, hasTransactions } = await plaid.getAccounts(accessToken, {
    signal,
  });
  if (hasTransactions) {
    await setHasTransactions(db, userId, itemId);
    return true;
  }
  await finishSync(db, userId, itemId, {
    balances: accounts
      .filter(({ unreadable }) => unreadable === null)
      .map(({ accountId, balances }) => ({ accountId, ...balances })),
    accountsUnreadable,
    plaidClient: plaid.client,
    dueInMs: limits.syncSweep,
  });
  return false;
}
