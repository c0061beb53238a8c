import type { NewAccountRow } from "../../db/schema.ts";
import type { PlaidAccount } from "../plaid/plaid-door.ts";

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
