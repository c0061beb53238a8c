import type { TransactionTotals } from "../../server/contracts/transactions.ts";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { addressOf, type Filter } from "./filter.ts";
import { words } from "./words.ts";

/** The totals of the filtered transactions, in the currency of most of them, formatted. */
export interface ShownTotals {
  months: { id: string; name: string; in: string; out: string; address: string }[];
  categories: {
    category: string | null;
    name: string;
    amount: string;
    count: number;
    /** Percent of the largest category. */
    share: number;
    /** The URL of only this category's transactions; null if no filter selects them. */
    address: string | null;
  }[];
}

/** How many categories, and how many months, are listed. */
const most = 10;

export function toShownTotals(
  { currencies }: TransactionTotals,
  filter: Filter,
): ShownTotals | null {
  const [first] = currencies;
  if (!first) return null;
  const { currency, months, categories } = first;
  // Converted to numbers only for the order and the lengths of the bars.
  const spent = categories
    .filter(({ out }) => Number(out) > 0)
    .sort((a, b) => Number(b.out) - Number(a.out));
  const largest = Number(spent[0]?.out ?? 1);
  return {
    months: months.slice(0, most).map(({ month, in: came, out: went }) => ({
      id: month,
      name: monthName.format(new Date(`${month}-01T00:00:00Z`)),
      in: Number(came) === 0 ? "–" : formatMoney(came, currency),
      out: Number(went) === 0 ? "–" : formatMoney(went, currency),
      address: addressOf({ ...filter, ...daysOf(month) }),
    })),
    categories: spent.slice(0, most).map(({ category, out, count }) => ({
      category,
      name: category ? (words.categories[category] ?? category) : words.noCategory,
      amount: formatMoney(out, currency),
      count,
      share: Math.max(1, Math.round((Number(out) / largest) * 100)),
      address: category ? addressOf({ ...filter, category }) : null,
    })),
  };
}

const monthName = new Intl.DateTimeFormat(text.locale, {
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** Returns the first and the last day of a month, in the format of the filter. */
function daysOf(month: string) {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { from: `${month}-01`, to: `${month}-${String(last).padStart(2, "0")}` };
}
