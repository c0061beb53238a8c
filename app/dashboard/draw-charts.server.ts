import { scaleBand, scaleLinear } from "d3-scale";
import type {
  CashFlowOfMonth,
  CashFlowOutput,
  NetWorthOutput,
  WorthOfDay,
} from "../../server/contracts/insights.ts";
import { formatMoney, formatSteps } from "../components/money.ts";
import { text } from "../text.ts";
import { difference } from "./net-worth.ts";

/**
 * The charts in one currency, ready to render, so that the browser has nothing to compute. Lengths are
 * percentages of the chart's box; money and days are formatted. Null where there is no data yet.
 */
export interface Charts {
  netWorth: NetWorthChart | null;
  cashFlow: CashFlowChart | null;
}

/** A line of the grid with its label. */
export interface Tick {
  y: number;
  label: string;
}

export interface NetWorthChart {
  /** A path in a box of 100 by 100, from its left edge to its right. */
  line: string;
  ticks: Tick[];
  /**
   * How many days the line has, and the amounts at the bottom and top of the box. From these the browser
   * computes where a day is.
   */
  days: number;
  bottom: number;
  top: number;
  from: string;
  change: string;
  rows: { day: string; amount: string }[];
}

export interface CashFlowChart {
  ticks: Tick[];
  months: {
    /** YYYY-MM. */
    id: string;
    month: string;
    /** The short name and its position. */
    label: string;
    x: number;
    in: Bar;
    out: Bar;
  }[];
}

/** A bar on the bottom of the chart. */
interface Bar {
  x: number;
  width: number;
  height: number;
  amount: string;
}

/**
 * Draws one currency's part of the insights, if there is one. Amounts are converted to numbers only to
 * compute lengths.
 */
export function drawCharts(
  currency: string | null,
  netWorth: NetWorthOutput,
  cashFlow: CashFlowOutput,
): Charts {
  if (currency === null) return { netWorth: null, cashFlow: null };
  const days = netWorth.currencies.find((one) => one.currency === currency)?.days ?? [];
  const months = cashFlow.currencies.find((one) => one.currency === currency)?.months ?? [];
  return {
    netWorth: drawNetWorth(currency, days),
    cashFlow: drawCashFlow(currency, months),
  };
}

function drawNetWorth(currency: string, days: WorthOfDay[]): NetWorthChart | null {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last || first === last) return null;
  const amounts = days.map(({ amount }) => Number(amount));
  const { scale, ticks } = amountScale(currency, Math.min(...amounts), Math.max(...amounts));
  const [bottom = 0, top = 0] = scale.domain();
  // More points than the chart has pixels would only make the page larger.
  const step = Math.ceil(days.length / maxPoints);
  // There is an entry for every day, in order.
  const drawn = [...days.keys()].filter((at) => (days.length - 1 - at) % step === 0 || at === 0);
  const change = difference(last.amount, first.amount);
  const from = longDay.format(dayOf(first.date));
  // The first day, the last day of each month, and today.
  const read = days.filter(
    ({ date }, at) => at === 0 || date.slice(0, 7) !== days[at + 1]?.date.slice(0, 7),
  );
  return {
    line: `M${drawn.map((at) => `${round((at / (days.length - 1)) * 100)},${round(scale(amounts[at] ?? 0))}`).join("L")}`,
    ticks,
    days: days.length,
    bottom,
    top,
    from,
    change: text.dashboard.change(
      `${change.startsWith("-") ? "" : "+"}${formatMoney(change, currency)}`,
      from,
    ),
    rows: read.reverse().map(({ date, amount }) => ({
      day: longDay.format(dayOf(date)),
      amount: formatMoney(amount, currency),
    })),
  };
}

/** Most points of a line; a year has fewer days. */
const maxPoints = 400;

function drawCashFlow(currency: string, months: CashFlowOfMonth[]): CashFlowChart | null {
  if (months.length === 0) return null;
  const most = Math.max(...months.flatMap((month) => [Number(month.in), Number(month.out)]));
  const { scale, ticks } = amountScale(currency, 0, most);
  const outer = scaleBand(
    // With few months, the bars would be as wide as the chart.
    [...Array(Math.max(0, 6 - months.length)).keys()]
      .map(String)
      .concat(months.map((m) => m.month)),
    [0, 100],
  )
    .paddingInner(0.36)
    // Gives each month the same width, which the buttons over them rely on.
    .paddingOuter(0.18);
  const inner = scaleBand(["in", "out"] as const, [0, outer.bandwidth()]).paddingInner(0.16);
  return {
    ticks,
    months: months.map((month) => {
      const left = outer(month.month) ?? 0;
      const bar = (way: "in" | "out"): Bar => ({
        x: round(left + (inner(way) ?? 0)),
        width: round(inner.bandwidth()),
        height: round(100 - scale(Number(month[way]))),
        amount: formatMoney(month[way], currency),
      });
      return {
        id: month.month,
        month: longMonth.format(dayOf(`${month.month}-01`)),
        label: shortMonth.format(dayOf(`${month.month}-01`)),
        x: round(left + outer.bandwidth() / 2),
        in: bar("in"),
        out: bar("out"),
      };
    }),
  };
}

/** Converts amounts to heights in percent, with a few round amounts as labels. */
function amountScale(currency: string, least: number, most: number) {
  const scale = scaleLinear([least, most === least ? least + 1 : most], [100, 0]).nice(3);
  const amounts = scale.ticks(3);
  const labels = formatSteps(amounts, currency);
  const ticks = amounts.map((amount, at) => ({ y: round(scale(amount)), label: labels[at] ?? "" }));
  return { scale, ticks };
}

const dayOf = (date: string) => new Date(`${date}T00:00:00Z`);
const round = (length: number) => Math.round(length * 100) / 100;

/** Calendar days at the bank: the same in every time zone. */
const inDays = { timeZone: "UTC" } as const;
const longDay = new Intl.DateTimeFormat(text.locale, { dateStyle: "medium", ...inDays });
const longMonth = new Intl.DateTimeFormat(text.locale, {
  month: "long",
  year: "numeric",
  ...inDays,
});
const shortMonth = new Intl.DateTimeFormat(text.locale, { month: "short", ...inDays });
