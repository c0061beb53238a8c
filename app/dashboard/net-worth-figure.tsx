import { text } from "../text.ts";
import { ChartFrame, ChartTable, NoChart } from "./chart-frame.tsx";
import type { NetWorthChart } from "./draw-charts.server.ts";

const words = text.dashboard;

interface NetWorthFigureProps {
  chart: NetWorthChart | null | undefined;
  /** What stands in its place; null while it is on its way. */
  state: string | null;
}

/** The net worth as a line over the last year. */
export function NetWorthFigure({ chart, state }: NetWorthFigureProps) {
  return (
    <>
      <p className="mb-6 min-h-[1lh] text-sm text-ink-soft tabular-nums">{chart?.change}</p>
      {chart ? (
        <>
          <ChartFrame label={words.netWorthChart(chart.change)} ticks={chart.ticks}>
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
          {/* Room for the days, which stand below their chart. */}
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
