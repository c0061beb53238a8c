import type { TransactionsListInput } from "../../server/contracts/transactions.ts";

/** The filters in the page's URL; all of them are text that the user may have typed. */
export const filterNames = ["search", "account", "category", "from", "to", "min", "max"] as const;
export type Filter = Partial<Record<(typeof filterNames)[number], string>>;

/** Returns the filters in a URL, without the empty fields of the form. */
export function readFilter(address: URLSearchParams): Filter {
  const given = filterNames.map((name) => [name, address.get(name)?.trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value)) as Filter;
}

/** Returns the URL of the page with these filters. */
export const addressOf = (filter: Filter, cursor?: string) =>
  withQuery("/transactions", { ...filter, ...(cursor ? { cursor } : {}) });

/** Returns the URL of a file with all transactions that match the filters. */
export const downloadOf = (filter: Filter) =>
  withQuery("/settings/export/transactions.csv", filter);

function withQuery(path: string, fields: Record<string, string>): string {
  const query = new URLSearchParams(fields).toString();
  return query === "" ? path : `${path}?${query}`;
}

/**
 * Converts the filters to the input of the server's procedure. The page shows money out as negative, the
 * server counts it as positive, so the ends of the range are swapped.
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

/** Converts "-1,234.5 $" to a decimal string; any other text is unchanged, and the server rejects it. */
const plainDecimal = (typed: string) =>
  typed.replace(/[\s,$€£]/g, "").replace(/^[−+]/, (sign) => (sign === "+" ? "" : "-"));

/** Returns a decimal string with the opposite sign; its digits are never converted to a float. */
export function negated(amount: string): string {
  if (/^-?[0.]*$/.test(amount)) return amount.replace("-", "");
  return amount.startsWith("-") ? amount.slice(1) : `-${amount}`;
}
