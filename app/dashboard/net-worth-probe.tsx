import { type PointerEvent, useRef, useState } from "react";
import type { NetWorthRange } from "../../server/contracts/insights.ts";
import { text } from "../text.ts";
import type { NetWorthChart } from "./draw-charts.server.ts";
import type { Reading } from "./read-worths.ts";

interface NetWorthProbeProps {
  chart: NetWorthChart;
  range: NetWorthRange;
  currency: string;
  reading: Reading | null;
  onRead: (reading: Reading | null) => void;
}

/**
 * Shows the chart's value on one day: under the mouse, under a finger, or by the arrow keys. It is a slider
 * over the chart, whose values are loaded when the user first approaches it.
 */
export function NetWorthProbe({ chart, range, currency, reading, onRead }: NetWorthProbeProps) {
  const last = chart.days - 1;
  const [at, setAt] = useState(last);
  const wanted = useRef<number | null>(null);
  const readings = useRef<Promise<Reading[]> | null>(null);

  function load(): Promise<Reading[]> {
    readings.current ??= import("./read-worths.ts")
      .then(({ readWorths }) => readWorths(chart, range, currency))
      .catch(() => {
        // The next move retries.
        readings.current = null;
        return [];
      });
    return readings.current;
  }
  function show(day: number | null) {
    wanted.current = day;
    setAt(day ?? last);
    if (day === null) return onRead(null);
    void load().then((all) => {
      if (wanted.current === day) onRead(all[day] ?? null);
    });
  }
  function follow({ currentTarget, clientX }: PointerEvent<HTMLElement>) {
    const { left, width } = currentTarget.getBoundingClientRect();
    show(Math.max(0, Math.min(last, Math.round(((clientX - left) / width) * last))));
  }

  return (
    <div className="absolute inset-0 rounded-sm has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent noscript:hidden">
      {reading ? (
        <svg
          aria-hidden="true"
          className="pointer-events-none absolute inset-0 size-full overflow-visible"
        >
          <line
            x1={`${reading.x}%`}
            x2={`${reading.x}%`}
            y2="100%"
            className="stroke-field-line"
            strokeDasharray="3 3"
          />
          <circle
            cx={`${reading.x}%`}
            cy={`${reading.y}%`}
            r="4.5"
            className="fill-accent stroke-surface stroke-2"
          />
        </svg>
      ) : null}
      <input
        type="range"
        min={0}
        max={last}
        value={at}
        aria-label={text.dashboard.netWorthOn}
        aria-valuetext={reading ? `${reading.day}: ${reading.amount}` : chart.change}
        onChange={(event) => show(Number(event.target.value))}
        onPointerMove={follow}
        onPointerLeave={() => show(null)}
        onFocus={() => void load()}
        onBlur={() => show(null)}
        className="absolute inset-0 size-full cursor-crosshair touch-pan-y opacity-0"
      />
    </div>
  );
}
