import { useState } from "react";
import { text } from "../text.ts";
import { ChartFrame, ChartTable, NoChart } from "./chart-frame.tsx";
import type { NetWorthChart } from "./draw-charts.server.ts";
import { NetWorthProbe } from "./net-worth-probe.tsx";
import type { Reading } from "./read-worths.ts";
import type { View } from "./view.ts";

const words = text.dashboard;

interface NetWorthFigureProps {
  /** Today's net worth, formatted; undefined if it is unknown for all accounts. */
  amount: string | undefined;
  chart: NetWorthChart | null | undefined;
  view: View & { currency: string };
  /** Shown in place of the chart; null while it is loading. */
  state: string | null;
}

/** The net worth as a number and a line chart; while the user points at a day, the number is that day's. */
export function NetWorthFigure({ amount, chart, view, state }: NetWorthFigureProps) {
  const { currency, range } = view;
  const [reading, setReading] = useState<Reading | null>(null);
  const shown = reading ?? { amount: amount ?? "–", day: chart?.change };
  return (
    <>
      <p className="min-h-[1lh] truncate text-3xl font-semibold tracking-tight tabular-nums">
        {shown.amount}
      </p>
      <p className="mb-6 min-h-[1lh] truncate text-sm text-ink-soft tabular-nums">{shown.day}</p>
      {chart ? (
        <>
          <ChartFrame
            label={words.netWorthChart(chart.change)}
            ticks={chart.ticks}
            over={
              <NetWorthProbe
                key={`${currency} ${range} ${chart.line}`}
                chart={chart}
                range={range}
                currency={currency}
                reading={reading}
                onRead={setReading}
              />
            }
          >
            <svg
              x="0"
              y="0"
              width="100%"
              height="100%"
              viewBox="0 0 100 100"
              aria-hidden="true"
              preserveAspectRatio="none"
            >
              <path d={`${chart.line}V100H0Z`} className="fill-accent/10" />
              <path
                d={chart.line}
                className="fill-transparent stroke-accent stroke-2"
                vectorEffect="non-scaling-stroke"
                strokeLinejoin="round"
              />
            </svg>
            <text y="100%" dy="18" className="fill-ink-soft">
              {chart.from}
            </text>
            <text x="100%" y="100%" dy="18" textAnchor="end" className="fill-ink-soft">
              {words.today}
            </text>
          </ChartFrame>
          {/* Space for the days, which are below their chart. */}
          <p className="mt-2 min-h-[1lh] text-xs" />
          <ChartTable
            caption={words.netWorth}
            head={[words.day, words.netWorth]}
            rows={chart.rows.map(({ day, amount }) => [day, amount])}
          />
        </>
      ) : (
        <NoChart state={state} />
      )}
    </>
  );
}
