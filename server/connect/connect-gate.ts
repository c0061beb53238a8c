import { FiscilityError } from "../contracts/errors.ts";
import { Gate } from "../gate.ts";
import type { TimeLimits } from "../time-limits.ts";

/** How many requests may wait in this process; further ones fail with `busy` immediately. */
const maxWaiting = 100;
/** In seconds: how long it takes to run everything that waits when Plaid is as slow as its limits allow. */
const retryAfter = 10;

/**
 * Milliseconds between the starts of two requests that have waited. Without this pause, requests that arrived
 * together stay in step, and the work that the process does between their calls to Plaid delays its reads.
 */
const apart = 20;

const busy = () => new FiscilityError("busy", { details: { retryAfterSeconds: retryAfter } });

/**
 * Limits how many requests of this process connect, disconnect or end update mode at a time: as many as the
 * pool has connections for it, one per user. A user's second request waits here, in memory, so that it does
 * not occupy a connection while waiting for the row lock. Between nodes, only the row lock keeps the order.
 */
export class ConnectGate {
  readonly #gate: Gate;
  /** When the last request that had waited started, or will start: `performance.now()`. */
  #latest = 0;

  /** `connectWait`: how long a request waits at most, in milliseconds. */
  constructor(size: number, { connectWait }: Pick<TimeLimits, "connectWait">) {
    this.#gate = new Gate({
      inside: { all: size, each: 1 },
      waiting: { all: maxWaiting, each: maxWaiting },
      waitMs: connectWait,
      refusal: busy,
    });
  }

  /**
   * Runs `work` as soon as it is allowed to. Fails with `busy` when too many requests wait already or the
   * wait takes too long, and with the errors of `work`.
   */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const { leave, waited } = await this.#gate.enter(userId);
    try {
      if (waited) await this.#keepApart();
      return await work();
    } finally {
      leave();
    }
  }

  async #keepApart(): Promise<void> {
    const now = performance.now();
    this.#latest = Math.max(now, this.#latest + apart);
    const wait = this.#latest - now;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
