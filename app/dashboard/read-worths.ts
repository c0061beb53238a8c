import type { NetWorthRange } from "../../server/contracts/insights.ts";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { loadTrpc } from "../trpc.ts";
import type { NetWorthChart } from "./draw-charts.server.ts";

/** The chart's value on one day: its position, in percent of the chart's box, and its texts. */
export interface Reading {
  x: number;
  y: number;
  day: string;
  amount: string;
}

/**
 * Returns the value of every day of the chart, oldest first. Loaded when the user first touches the chart.
 */
export async function readWorths(
  { bottom, top }: NetWorthChart,
  range: NetWorthRange,
  currency: string,
): Promise<Reading[]> {
  const trpc = await loadTrpc();
  const { currencies } = await trpc.insights.netWorth.query({ range });
  const days = currencies.find((one) => one.currency === currency)?.days ?? [];
  const long = new Intl.DateTimeFormat(text.locale, { dateStyle: "medium", timeZone: "UTC" });
  return days.map(({ date, amount }, at) => ({
    x: (at / Math.max(1, days.length - 1)) * 100,
    y: ((top - Number(amount)) / (top - bottom)) * 100,
    day: long.format(new Date(`${date}T00:00:00Z`)),
    amount: formatMoney(amount, currency),
  }));
}
