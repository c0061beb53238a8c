import { text } from "../text.ts";
import { ChartFrame, ChartTable, NoChart } from "./chart-frame.tsx";
import type { CashFlowChart } from "./draw-charts.server.ts";

const words = text.dashboard;
const ways = ["in", "out"] as const;
const looks = {
  in: ["bg-accent", "fill-accent"],
  out: ["bg-field-line", "fill-field-line"],
} as const;

interface CashFlowFigureProps {
  chart: CashFlowChart | null | undefined;
  /** What stands in its place; null while it is on its way. */
  state: string | null;
}

/** What came in and went out, as two bars a month. */
export function CashFlowFigure({ chart, state }: CashFlowFigureProps) {
  const present = chart?.months.at(-1);
  return (
    <>
      <dl className="mb-6 grid min-h-14 grid-cols-2 gap-x-4">
        {ways.map((way) => (
          <div key={way} className="min-w-0">
            <dd className="min-h-[1lh] truncate text-xl leading-9 font-semibold tabular-nums">
              {present?.[way].amount ?? "–"}
            </dd>
            <dt className="flex items-center gap-1.5 text-sm text-ink-soft">
              <span className={`size-2 rounded-xs ${looks[way][0]}`} aria-hidden="true" />
              {present ? words.flowOf[way](present.label) : words.flow[way]}
            </dt>
          </div>
        ))}
      </dl>
      {chart ? (
        <>
          <ChartFrame label={words.cashFlowChart} ticks={chart.ticks}>
            {chart.months.map((month) => (
              <g key={month.month} className="hover:opacity-75">
                <title>{words.flowInMonth(month.month, month.in.amount, month.out.amount)}</title>
                {ways.map((way) => (
                  <rect
                    key={way}
                    x={`${month[way].x}%`}
                    y={`${100 - month[way].height}%`}
                    width={`${month[way].width}%`}
                    height={`${month[way].height}%`}
                    rx="1.5"
                    className={looks[way][1]}
                  />
                ))}
                <text
                  x={`${month.x}%`}
                  y="100%"
                  dy="18"
                  textAnchor="middle"
                  className="fill-ink-soft"
                >
                  {month.label}
                </text>
              </g>
            ))}
          </ChartFrame>
          <p className="mt-2 min-h-[1lh] text-xs" />
          <ChartTable
            caption={words.cashFlow}
            head={[words.month, words.flow.in, words.flow.out]}
            rows={chart.months
              .map((month) => [month.month, month.in.amount, month.out.amount])
              .reverse()}
          />
        </>
      ) : (
        <NoChart state={state} />
      )}
    </>
  );
}
