import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { text } from "../text.ts";
import type { Tick } from "./draw-charts.server.ts";

interface ChartFrameProps {
  /** A description of the picture, in a sentence. */
  label: string;
  ticks: Tick[];
  children: ReactNode;
  /** Buttons over the picture. */
  over?: ReactNode;
}

/**
 * The box of a chart with its grid lines, and their labels beside it. Everything is in percent of the box, so
 * that it fits every width without a script, and the text keeps its size.
 */
export function ChartFrame({ label, ticks, children, over }: ChartFrameProps) {
  const longest = Math.max(...ticks.map(({ label }) => label.length));
  return (
    <div className="flex h-40 gap-2 text-[0.6875rem]">
      <div className="relative min-w-0 flex-1">
        <svg role="img" aria-label={label} className="block size-full overflow-visible">
          {ticks.map(({ y }) => (
            <line key={y} x1="0" x2="100%" y1={`${y}%`} y2={`${y}%`} className="stroke-line" />
          ))}
          {children}
        </svg>
        {over}
      </div>
      <svg
        aria-hidden="true"
        width={`${longest}ch`}
        className="block h-full min-w-10 shrink-0 overflow-visible tabular-nums"
      >
        {ticks.map(({ y, label }) => (
          <text key={y} x="100%" y={`${y}%`} dy="0.32em" textAnchor="end" className="fill-ink-soft">
            {label}
          </text>
        ))}
      </svg>
    </div>
  );
}

/** Shown in place of a chart and its table, in their height, with the reason why they are not shown. */
export function NoChart({ state }: { state: string | null }) {
  return (
    <div
      className={`grid h-59 place-items-center rounded-lg pointer-fine:h-56 bg-sunken px-6 text-center text-sm text-ink-soft ${state === null ? "animate-breathe" : ""}`}
    >
      {state}
    </div>
  );
}

interface ChartTableProps {
  caption: string;
  head: string[];
  /** The first cell of a row is its header. */
  rows: string[][];
}

/** The chart's data as a table. */
export function ChartTable({ caption, head, rows }: ChartTableProps) {
  return (
    <details className="group mt-2 text-sm">
      <summary className="-ml-2 inline-flex h-11 cursor-pointer list-none items-center gap-1.5 rounded-md px-2 text-ink-soft hover:text-ink pointer-fine:h-8 [&::-webkit-details-marker]:hidden">
        {text.dashboard.asTable}
        <span className="sr-only">: {caption}</span>
        <ChevronDown
          className="size-3.5 transition-transform group-open:rotate-180"
          aria-hidden="true"
        />
      </summary>
      <table className="mt-1 w-full tabular-nums">
        <caption className="sr-only">{caption}</caption>
        <thead className="text-ink-soft">
          <tr>
            {head.map((name, at) => (
              <th
                key={name}
                scope="col"
                className={`py-1 font-medium ${at === 0 ? "text-left" : "text-right"}`}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells]) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="py-1.5 text-left font-normal">
                {name}
              </th>
              {cells.map((cell, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column stays where it is
                <td key={at} className="py-1.5 pl-3 text-right">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
