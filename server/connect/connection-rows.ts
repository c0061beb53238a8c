import { randomUUID } from "node:crypto";
import type { NewConnection } from "../../db/connections.ts";
import type { NewAccountRow, NewUnconnectedAccountRow } from "../../db/schema.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import type { NewAccounts } from "./new-accounts.ts";
import type { Run } from "./run.ts";

/** Returns the rows of an Item's accounts, in the bank's order. `from` is the position of the first. */
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

/** Returns the row that lists an account as not connected. `declined`: the user decided against it. */
export function toUnconnectedRow(
  { item_id, user_id, plaid_account_id, position, name, type, ...row }: NewAccountRow,
  declined: boolean,
): NewUnconnectedAccountRow {
  return {
    ...(row.id === undefined ? {} : { id: row.id }),
    ...{ item_id, user_id, plaid_account_id, position, name, type, declined },
    persistent_account_id: row.persistent_account_id ?? null,
    official_name: row.official_name ?? null,
    mask: row.mask ?? null,
    subtype: row.subtype ?? null,
  };
}

/** Returns the rows of a new connection. The Item gets the attempt's id. */
export function toConnection(
  run: Run,
  { accountsUnreadable, hasTransactions }: { accountsUnreadable: number; hasTransactions: boolean },
  { added, chosen }: NewAccounts,
): NewConnection {
  const { userId, attemptId, plaidItemId, plaidClient, accessTokenSealed, institution } = run;
  if (!plaidItemId || !accessTokenSealed) throw new Error("nothing was exchanged");
  const rows = toAccountRows({ userId, itemId: attemptId }, added);
  const isChosen = new Set(chosen.map(({ accountId }) => accountId));
  const [accounts, others] = [true, false].map((chosen) =>
    rows.filter((row) => isChosen.has(row.plaid_account_id) === chosen),
  ) as [NewAccountRow[], NewAccountRow[]];
  return {
    userId,
    itemId: attemptId,
    plaidItemId,
    accessTokenSealed,
    plaidClient: plaidClient ?? null,
    institutionId: institution.id,
    institutionName: institution.name ?? "Bank",
    hasTransactions,
    accounts,
    unconnected: others.map((row) => ({ ...toUnconnectedRow(row, true), id: randomUUID() })),
    accountsUnreadable,
    activityId: run.id,
    plaidRequestId: run.plaidRequestId ?? null,
  };
}
