/** The goal of a figure. */
export type Goal = { atMost: number } | { atLeast: number };

/** One number, as it was measured. */
export interface Figure {
  /** What is measured, against which floor. */
  name: string;
  /** Null for a figure that has none. */
  goal: Goal | null;
  value: number;
  /** `x` for a ratio. */
  unit: "x" | "ms" | "s" | "kB" | "MB" | "a second" | "%" | "";
  /** Our measurement with its spread, and that of the floor. */
  ours?: string;
  floor?: string;
  /** What keeps the number from its goal: shown when it is missed. */
  bound?: string;
  /** What a reader must know: how many rounds, and what ran at the same time. */
  note?: string;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const isMet = ({ goal, value }: Figure): boolean =>
  goal === null || ("atMost" in goal ? value <= goal.atMost : value >= goal.atLeast);

/** Formats a number with three significant digits. */
export const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);

/** The median, and the half of all values around it. */
export function spread(values: readonly number[], unit: string): string {
  const [low, high] = [quantile(values, 0.25), quantile(values, 0.75)];
  return `${digits(median(values))} ${unit} (${digits(low)} to ${digits(high)})`;
}

type About = Pick<Figure, "name" | "goal"> & Pick<Partial<Figure>, "bound" | "note">;

/** The ratio of two medians, measured alternately. */
export function ratio(
  about: About,
  ours: readonly number[],
  floor: readonly number[],
  unit: string,
): Figure {
  return {
    ...about,
    value: median(ours) / median(floor),
    unit: "x",
    ours: spread(ours, unit),
    floor: spread(floor, unit),
  };
}

/** A median that stands for itself. */
export function amount(about: About, values: readonly number[], unit: Figure["unit"]): Figure {
  const spreads = values.length > 1 ? { ours: spread(values, unit) } : {};
  return { ...about, value: median(values), unit, ...spreads };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
