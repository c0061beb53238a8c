import { spans } from "./telemetry/spans.ts";

/** How long each step of a connection or a sync took, in whole milliseconds, for its log line. */
export class StepTimes {
  readonly ms: Record<string, number> = {};
  #last = performance.now();

  /** The time since the step before ended. */
  done(step: string): void {
    const now = performance.now();
    this.ms[step] = Math.round(now - this.#last);
    spans.past(step, this.#last);
    this.#last = now;
  }
}
