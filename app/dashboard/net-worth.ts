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
 * Exact: every digit counts, as whole numbers. Accounts whose balance or currency the bank does not
 * give are left out, and so are those whose permission was taken away.
 */
export function netWorth(accounts: readonly Account[]): Worth[] {
  const sums = new Map<string, { sum: Sum; accounts: number }>();
  for (const { type, revoked, balances } of accounts) {
    const { current, currency } = balances;
    if (revoked || current === null || currency === null) continue;
    const one = parse(current);
    if (isDebt(type)) one.units = -one.units;
    const before = sums.get(currency) ?? { sum: { units: 0n, decimals: 0 }, accounts: 0 };
    sums.set(currency, { sum: add(before.sum, one), accounts: before.accounts + 1 });
  }
  return [...sums]
    .sort(([a, of], [b, than]) => than.accounts - of.accounts || (a < b ? -1 : 1))
    .map(([currency, { sum }]) => ({ currency, amount: write(sum) }));
}

/** What `to` is more than `from`, both decimal strings; exact. */
export function difference(to: string, from: string): string {
  const { units, decimals } = parse(from);
  return write(add(parse(to), { units: -units, decimals }));
}

/** `units` of 10^-`decimals` each. */
interface Sum {
  units: bigint;
  decimals: number;
}

function parse(amount: string): Sum {
  const [whole = "", decimals = ""] = amount.split(".");
  return { units: BigInt(whole + decimals), decimals: decimals.length };
}

function add(a: Sum, b: Sum): Sum {
  const decimals = Math.max(a.decimals, b.decimals);
  const scaled = (sum: Sum) => sum.units * 10n ** BigInt(decimals - sum.decimals);
  return { units: scaled(a) + scaled(b), decimals };
}

function write({ units, decimals }: Sum): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const sign = units < 0n ? "-" : "";
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
