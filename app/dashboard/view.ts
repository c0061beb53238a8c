import type { NetWorthRange } from "../../server/contracts/insights.ts";

/** What the dashboard shows, as in its URL. */
export interface View {
  /** Null for the currency of the most accounts. */
  currency: string | null;
  range: NetWorthRange;
  by: "bank" | "kind";
}

/** Unofficial codes are longer than those of ISO 4217. */
const longestCurrency = 32;
const ranges: readonly string[] = ["1m", "3m", "1y", "all"] satisfies NetWorthRange[];

/** Reads the view from a URL. Invalid values are ignored. */
export function readView(params: URLSearchParams): View {
  const range = params.get("range") ?? "";
  const currency = params.get("currency") ?? "";
  return {
    currency: currency !== "" && currency.length <= longestCurrency ? currency : null,
    range: ranges.includes(range) ? (range as NetWorthRange) : "1y",
    by: params.get("by") === "kind" ? "kind" : "bank",
  };
}

/** Returns the URL of a view. */
export function viewPath({ currency, range, by }: View): string {
  const params = new URLSearchParams({
    ...(currency !== null && { currency }),
    ...(range !== "1y" && { range }),
    ...(by !== "bank" && { by }),
  });
  return params.size > 0 ? `/dashboard?${params}` : "/dashboard";
}
