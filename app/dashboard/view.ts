import type { NetWorthRange } from "../../server/contracts/insights.ts";

/** What of the dashboard is shown, as its address says it. */
export interface View {
  /** Null for that of the most accounts. */
  currency: string | null;
  range: NetWorthRange;
  by: "bank" | "kind";
}

const ranges: readonly string[] = ["1m", "3m", "1y", "all"] satisfies NetWorthRange[];

/** An address may say anything: what it should not is as if it were left out. */
export function readView(params: URLSearchParams): View {
  const range = params.get("range") ?? "";
  return {
    currency: params.get("currency"),
    range: ranges.includes(range) ? (range as NetWorthRange) : "1y",
    by: params.get("by") === "kind" ? "kind" : "bank",
  };
}

/** The address of a view. */
export function viewPath({ currency, range, by }: View): string {
  const params = new URLSearchParams({
    ...(currency !== null && { currency }),
    ...(range !== "1y" && { range }),
    ...(by !== "bank" && { by }),
  });
  return params.size > 0 ? `/dashboard?${params}` : "/dashboard";
}
