import { Await, Link } from "@remix-run/react";
import { memo, Suspense } from "react";
import { cardClass } from "../components/card.ts";
import { text } from "../text.ts";
import { CashFlowFigure } from "./cash-flow-figure.tsx";
import type { Charts } from "./draw-charts.server.ts";
import { NetWorthFigure } from "./net-worth-figure.tsx";
import { useSettled } from "./use-settled.ts";

const words = text.dashboard;

interface InsightsPanelProps {
  /** What all of it is worth in each currency, as a person reads it; the one that is shown first. */
  worths: { currency: string; amount: string }[];
  shown: string | null;
  /** Some account has transactions, which the charts are drawn from. */
  hasTransactions: boolean;
  /** Undefined while they are on their way, null when they could not be had. */
  charts: Charts | null | undefined;
}

interface InsightsProps extends Omit<InsightsPanelProps, "charts"> {
  charts: Charts | null | Promise<Charts | null>;
}

/**
 * The panel, its charts as soon as they come, or a word when they do not. Nothing that happens beside it
 * renders it again: React would give up what is still streamed.
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
 * What the person is worth, and what came and went. It takes the same room whatever is there already,
 * so that nothing moves when the figures come.
 */
function InsightsPanel({ worths, shown, hasTransactions, charts }: InsightsPanelProps) {
  const state = stateOf(charts, hasTransactions);
  const worth = worths.find(({ currency }) => currency === shown);
  return (
    <section
      aria-label={words.insights}
      className={`${cardClass} grid overflow-hidden divide-line max-md:divide-y md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] md:divide-x`}
      data-charts={charts === undefined ? "waiting" : charts === null ? "failed" : "there"}
    >
      <div className="min-w-0 p-4 sm:p-5">
        <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 pointer-fine:min-h-8">
          <h2 className="text-sm font-medium text-ink-soft">{words.netWorth}</h2>
          {worths.length > 1 ? <Currencies worths={worths} shown={shown} /> : null}
        </div>
        <p className="min-h-[1lh] truncate text-3xl font-semibold tracking-tight tabular-nums">
          {worth?.amount ?? "–"}
        </p>
        <NetWorthFigure chart={charts?.netWorth} state={state} />
      </div>
      <div className="min-w-0 p-4 sm:p-5">
        <div className="flex min-h-11 items-center pointer-fine:min-h-8">
          <h2 className="text-sm font-medium text-ink-soft">{words.cashFlow}</h2>
        </div>
        <CashFlowFigure chart={charts?.cashFlow} state={state} />
      </div>
    </section>
  );
}

/** What stands where a chart would be. */
function stateOf(charts: InsightsPanelProps["charts"], hasTransactions: boolean): string | null {
  if (charts === undefined) return null;
  if (charts === null) return words.chartsFailed;
  return hasTransactions ? words.chartsEmpty : words.chartsNone;
}

/** One currency at a time, each a link: they are never added up. */
function Currencies({ worths, shown }: Pick<InsightsPanelProps, "worths" | "shown">) {
  return (
    <nav aria-label={words.currencies} className="-mr-2 flex">
      {worths.map(({ currency }) => (
        <Link
          key={currency}
          to={`/dashboard?currency=${encodeURIComponent(currency)}`}
          replace
          preventScrollReset
          aria-current={currency === shown ? "true" : undefined}
          className="flex min-h-11 items-center rounded-md px-2 text-xs font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:text-ink pointer-fine:min-h-7"
        >
          {currency}
        </Link>
      ))}
    </nav>
  );
}
