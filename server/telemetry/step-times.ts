import { spans } from "./spans.ts";

/** Called synchronously after each step of a connection, disconnect or sync: the seam for fault tests. */
export type OnStep = (step: string) => void;

/** Measures each step of a connection or sync in whole milliseconds, for its log line. */
export class StepTimes {
  readonly ms: Record<string, number> = {};
  readonly #onStep: OnStep | undefined;
  #last = performance.now();

  constructor(onStep?: OnStep) {
    this.#onStep = onStep;
  }

  /** Records the time since the previous step ended, or since `from` (`performance.now()`). */
  done(step: string, from = this.#last): void {
    const now = performance.now();
    this.ms[step] = Math.round(now - from);
    spans.addFinished(step, from);
    this.#last = now;
    this.#onStep?.(step);
  }
}
