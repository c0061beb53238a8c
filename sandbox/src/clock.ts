/** The sandbox's time: the machine's, plus what `/_control/clock` has moved it forward. */
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
