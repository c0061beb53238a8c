import { FiscilityError } from "../contracts/errors.ts";
import { Gate } from "../gate.ts";
import type { TimeLimits } from "../time-limits.ts";

/** Connections that may wait for their turn in this process; past it the answer is `busy` at once. */
const maxWaiting = 100;
/** Seconds: what those who wait take to get through when Plaid is as slow as it may be. */
const retryAfter = 10;

/**
 * Milliseconds between two that begin after a wait. Else those who came together stay in step, and what
 * the process has to do for all of them at once, between their calls to Plaid, holds up its reads.
 */
const apart = 25;

const busy = () => new FiscilityError("busy", { details: { retryAfterSeconds: retryAfter } });

/**
 * Who may connect, disconnect or end update mode in this process: as many as there are connections in
 * the pool for it, one a user. A user's second request waits here, in memory, rather than holding a
 * connection to wait for the row lock; on other nodes the row lock alone keeps the order.
 */
export class ConnectGate {
  readonly #gate: Gate;
  /** When the last one that had waited began, or will: `performance.now()`. */
  #latest = 0;

  /** `connectTurn`: milliseconds that a request waits at most. */
  constructor(size: number, { connectTurn }: Pick<TimeLimits, "connectTurn">) {
    this.#gate = new Gate({
      inside: { all: size, each: 1 },
      waiting: { all: maxWaiting, each: maxWaiting },
      turn: connectTurn,
      refusal: busy,
    });
  }

  /**
   * Runs `work` when it is its turn. Errors: `busy` when too many wait already, or when its turn has
   * not come in time; and work's own.
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
