/** A seeded sandbox's first day, so that a seed gives the same dates on any day of the machine. */
const SEEDED_START = "2026-06-15";

/**
 * How far a new sandbox's time is from the machine's, milliseconds. `startDate` is a day or `today`;
 * null takes today without a seed, and the same day always with one. A day begins at noon UTC, so
 * that no run of less than twelve hours crosses midnight.
 */
export function startOffsetMs(startDate: string | null, seed: number | null): number {
  const start = startDate ?? (seed === null ? "today" : SEEDED_START);
  return start === "today" ? 0 : Date.parse(`${start}T12:00:00Z`) - Date.now();
}

/**
 * The sandbox's time: the machine's, plus the offset of its start and what `/_control/clock` added.
 */
export class Clock {
  offsetMs: number;

  constructor(offsetMs = 0) {
    this.offsetMs = offsetMs;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** ISO 8601 in UTC, `ms` from now. */
  iso(ms = 0): string {
    return new Date(this.now() + ms).toISOString();
  }

  /** Today's date in UTC, `YYYY-MM-DD`. */
  today(): string {
    return this.iso().slice(0, 10);
  }
}
