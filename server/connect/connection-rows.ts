import type { NewConnection } from "../../db/connections.ts";
import type { NewAccountRow } from "../../db/schema.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import type { Run } from "./run.ts";

/** The rows of an Item's accounts, in the bank's order; `from`: the place of the first. */
export function toAccountRows(
  { userId, itemId }: { userId: string; itemId: string },
  accounts: PlaidAccount[],
  from = 0,
): NewAccountRow[] {
  return accounts.map((account, position) => ({
    item_id: itemId,
    user_id: userId,
    plaid_account_id: account.accountId,
    persistent_account_id: account.persistentAccountId,
    position: from + position,
    name: account.name,
    official_name: account.officialName,
    mask: account.mask,
    type: account.type,
    subtype: account.subtype,
    current_balance: account.balances.current,
    available_balance: account.balances.available,
    balance_limit: account.balances.limit,
    currency: account.balances.currency,
  }));
}

/** What a connection writes; the Item has the attempt's id. */
export function toConnection(
  run: Run,
  { accountsUnreadable, hasTransactions }: { accountsUnreadable: number; hasTransactions: boolean },
  accounts: PlaidAccount[],
): NewConnection {
  const { userId, attemptId, plaidItemId, plaidClient, accessTokenSealed, institution } = run;
  if (!plaidItemId || !accessTokenSealed) throw new Error("nothing was exchanged");
  return {
    userId,
    itemId: attemptId,
    plaidItemId,
    accessTokenSealed,
    plaidClient: plaidClient ?? null,
    institutionId: institution.id,
    institutionName: institution.name ?? "Bank",
    hasTransactions,
    accounts: toAccountRows({ userId, itemId: attemptId }, accounts),
    accountsUnreadable,
    activityId: run.id,
    plaidRequestId: run.plaidRequestId ?? null,
  };
}
