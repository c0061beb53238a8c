import type { TransactionsListInput } from "../../server/contracts/transactions.ts";

/** The filters as they stand in the page's address; all of them are text a person may have typed. */
export const filterNames = ["search", "account", "category", "from", "to", "min", "max"] as const;
export type Filter = Partial<Record<(typeof filterNames)[number], string>>;

/** The filters of an address, without the empty fields of its form. */
export function readFilter(address: URLSearchParams): Filter {
  const given = filterNames.map((name) => [name, address.get(name)?.trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value)) as Filter;
}

/** The address of the page with these filters. */
export const addressOf = (filter: Filter, cursor?: string) =>
  withQuery("/transactions", { ...filter, ...(cursor ? { cursor } : {}) });

/** The address of a file with everything that fits them. */
export const downloadOf = (filter: Filter) =>
  withQuery("/settings/export/transactions.csv", filter);

function withQuery(path: string, fields: Record<string, string>): string {
  const query = new URLSearchParams(fields).toString();
  return query === "" ? path : `${path}?${query}`;
}

/**
 * The same as the server is asked. The page shows money out as negative, the server counts it as
 * positive: the ends of the range change places.
 */
export function toInput(filter: Filter, cursor: string | null): TransactionsListInput {
  const { search, account, category, from, to, min, max } = filter;
  return {
    ...(cursor ? { cursor } : {}),
    ...(search ? { search } : {}),
    ...(account ? { accountId: account } : {}),
    ...(category ? { category } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(max ? { minAmount: negated(plainDecimal(max)) } : {}),
    ...(min ? { maxAmount: negated(plainDecimal(min)) } : {}),
  };
}

/** "-1,234.5 $" as a decimal string; what is none stays, and is refused by the server. */
const plainDecimal = (typed: string) =>
  typed.replace(/[\s,$€£]/g, "").replace(/^[−+]/, (sign) => (sign === "+" ? "" : "-"));

/** A decimal string with the other sign; no digit of it passes through a float. */
export function negated(amount: string): string {
  if (/^-?[0.]*$/.test(amount)) return amount.replace("-", "");
  return amount.startsWith("-") ? amount.slice(1) : `-${amount}`;
}
