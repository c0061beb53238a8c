import Big from "big.js";
import type { Account } from "../../server/contracts/accounts.ts";
import { isDebt } from "./account-kind.ts";

/** The net worth in one currency; `amount` is a decimal string. */
export interface Worth {
  currency: string;
  amount: string;
}

/**
 * Returns balances minus debts, by currency: amounts of different currencies are never added. The currency of
 * the most accounts comes first. Exact: computed with decimals. Does not include accounts whose balance or
 * currency the bank does not provide, accounts whose permission was revoked, or hidden ones.
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

/** Returns `to` minus `from`, both decimal strings; exact. */
export const difference = (to: string, from: string): string => new Big(to).minus(from).toFixed();
