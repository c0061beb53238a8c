import { Await } from "@remix-run/react";
import { lazy, memo, Suspense, useState } from "react";
import { cardClass } from "../components/card.ts";
import { text } from "../text.ts";
import { CashFlowFigure } from "./cash-flow-figure.tsx";
import type { Charts } from "./draw-charts.server.ts";
import { NetWorthFigure } from "./net-worth-figure.tsx";
import { useSettled } from "./use-settled.ts";
import type { View } from "./view.ts";
import { ViewLinks } from "./view-links.tsx";

const words = text.dashboard;

const MonthCategories = lazy(async () => ({
  default: (await import("./month-categories.tsx")).MonthCategories,
}));
/** Reserves space for a month's categories while they load. */
const monthClass = "min-h-72 border-t border-line p-4 sm:p-5 md:col-span-2";

interface InsightsPanelProps {
  /** The net worth in each currency, formatted; the one to show first. */
  worths: { currency: string; amount: string }[];
  shown: string | null;
  view: View;
  /** Whether any account has transactions, which the charts are drawn from. */
  hasTransactions: boolean;
  /** Undefined while they are loading, null when they could not be loaded. */
  charts: Charts | null | undefined;
}

interface InsightsProps extends Omit<InsightsPanelProps, "charts"> {
  charts: Charts | null | Promise<Charts | null>;
}

/**
 * The panel, with its charts as soon as they arrive, or a message if they do not. It is memoized, because
 * React discards the part that is still being streamed if it is rendered again.
 */
export const Insights = memo(function Insights({ charts, ...worth }: InsightsProps) {
  return (
    <Suspense fallback={<InsightsPanel {...worth} charts={undefined} />}>
      <Await resolve={useSettled(charts)} errorElement={<InsightsPanel {...worth} charts={null} />}>
        {(there) => <InsightsPanel {...worth} charts={there} />}
      </Await>
    </Suspense>
  );
});

/**
 * The user's net worth, and money in and out. It has the same size before and after the figures are loaded,
 * so that nothing moves.
 */
function InsightsPanel({ worths, shown, view, hasTransactions, charts }: InsightsPanelProps) {
  const state = stateOf(charts, hasTransactions);
  const worth = worths.find(({ currency }) => currency === shown);
  const [month, setMonth] = useState<string | null>(null);
  const openMonth = charts?.cashFlow?.months.find(({ id }) => id === month);
  return (
    <section
      aria-label={words.insights}
      className={`${cardClass} grid overflow-hidden divide-line max-md:divide-y md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]`}
      data-charts={charts === undefined ? "waiting" : charts === null ? "failed" : "there"}
    >
      <div className="min-w-0 p-4 sm:p-5">
        <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 pointer-fine:min-h-8">
          <h2 className="text-sm font-medium text-ink-soft">{words.netWorth}</h2>
          <div className="-mr-2 flex gap-2">
            {worths.length > 1 ? (
              <ViewLinks
                label={words.currencies}
                current={shown}
                choices={worths.map(({ currency }) => ({
                  key: currency,
                  words: currency,
                  view: { ...view, currency },
                }))}
              />
            ) : null}
            <ViewLinks
              label={words.range}
              current={view.range}
              choices={(["1m", "3m", "1y", "all"] as const).map((range) => ({
                key: range,
                words: words.ranges[range],
                view: { ...view, range },
              }))}
            />
          </div>
        </div>
        <NetWorthFigure
          amount={worth?.amount}
          chart={charts?.netWorth}
          view={{ ...view, currency: shown ?? "" }}
          state={state}
        />
      </div>
      <div className="min-w-0 border-line p-4 sm:p-5 md:border-l">
        <div className="flex min-h-11 items-center pointer-fine:min-h-8">
          <h2 className="text-sm font-medium text-ink-soft">{words.cashFlow}</h2>
        </div>
        <CashFlowFigure
          chart={charts?.cashFlow}
          state={state}
          month={openMonth?.id ?? null}
          onMonth={setMonth}
        />
      </div>
      {openMonth && charts?.cashFlow && shown ? (
        <Suspense fallback={<div className={monthClass} />}>
          <MonthCategories
            key={shown}
            months={charts.cashFlow.months}
            month={openMonth.id}
            currency={shown}
            className={monthClass}
            onMonth={setMonth}
          />
        </Suspense>
      ) : null}
    </section>
  );
}

/** Returns what is shown in place of a chart. */
function stateOf(charts: InsightsPanelProps["charts"], hasTransactions: boolean): string | null {
  if (charts === undefined) return null;
  if (charts === null) return words.chartsFailed;
  return hasTransactions ? words.chartsEmpty : words.chartsNone;
}
