import Big from "big.js";
import type { Account } from "../../server/contracts/accounts.ts";
import { isDebt } from "./account-kind.ts";

/** What all of it is worth in one currency; `amount` is a decimal string. */
export interface Worth {
  currency: string;
  amount: string;
}

/**
 * What is in the accounts less what is owed, by currency: amounts of two currencies are never added.
 * The currency of the most accounts comes first.
 * Exact: every digit counts. Accounts whose balance or currency the bank does not
 * give are left out, and so are those whose permission was taken away, and hidden ones.
 */
export function netWorth(accounts: readonly Account[]): Worth[] {
  const sums = new Map<string, { sum: Big; accounts: number }>();
  for (const { type, revoked, hidden, balances } of accounts) {
    const { current, currency } = balances;
    if (revoked || hidden || current === null || currency === null) continue;
    const { sum, accounts } = sums.get(currency) ?? { sum: new Big(0), accounts: 0 };
    const after = isDebt(type) ? sum.minus(current) : sum.plus(current);
    sums.set(currency, { sum: after, accounts: accounts + 1 });
  }
  return [...sums]
    .sort(([a, of], [b, than]) => than.accounts - of.accounts || (a < b ? -1 : 1))
    .map(([currency, { sum }]) => ({ currency, amount: sum.toFixed() }));
}

/** What `to` is more than `from`, both decimal strings; exact. */
export const difference = (to: string, from: string): string => new Big(to).minus(from).toFixed();
