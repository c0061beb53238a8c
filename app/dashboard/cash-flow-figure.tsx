import { text } from "../text.ts";
import { ChartFrame, ChartTable, NoChart } from "./chart-frame.tsx";
import type { CashFlowChart } from "./draw-charts.server.ts";

const words = text.dashboard;
const ways = ["in", "out"] as const;
const looks = {
  in: ["bg-accent", "fill-accent"],
  out: ["bg-field-line", "fill-field-line"],
} as const;

/** The width of a month's button, by the number of months beyond six. */
const columns = ["w-1/6", "w-1/7", "w-1/8", "w-1/9", "w-1/10", "w-1/11", "w-1/12"];

interface CashFlowFigureProps {
  chart: CashFlowChart | null | undefined;
  /** Shown in place of the chart; null while it is loading. */
  state: string | null;
  /** The open month, YYYY-MM. */
  month: string | null;
  onMonth: (month: string | null) => void;
}

/** Money in and out, as two bars per month. */
export function CashFlowFigure({ chart, state, month: open, onMonth }: CashFlowFigureProps) {
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
          <ChartFrame
            label={words.cashFlowChart}
            ticks={chart.ticks}
            over={
              <div className="absolute inset-x-0 top-0 -bottom-6 flex noscript:hidden">
                <span className="grow" />
                {chart.months.map(({ id, month, in: came, out: went }) => (
                  <button
                    key={id}
                    type="button"
                    aria-pressed={id === open}
                    aria-label={words.flowInMonth(month, came.amount, went.amount)}
                    title={words.flowInMonth(month, came.amount, went.amount)}
                    onClick={() => onMonth(id === open ? null : id)}
                    className={`${columns[Math.max(0, chart.months.length - 6)]} cursor-pointer rounded-md hover:bg-ink/5 aria-pressed:bg-ink/8`}
                  />
                ))}
              </div>
            }
          >
            {chart.months.map((month) => (
              <g key={month.id}>
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
