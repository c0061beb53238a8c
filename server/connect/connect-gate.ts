import { FiscilityError } from "../contracts/errors.ts";
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
  readonly #size: number;
  readonly #inside = new Set<string>();
  readonly #waiting: { userId: string; enter: () => void }[] = [];
  /** When the last one that had waited began, or will: `performance.now()`. */
  #latest = 0;

  readonly #turnMs: number;

  /** `connectTurn`: milliseconds that a request waits at most. */
  constructor(size: number, { connectTurn }: Pick<TimeLimits, "connectTurn">) {
    this.#size = size;
    this.#turnMs = connectTurn;
  }

  /**
   * Runs `work` when it is its turn. Errors: `busy` when too many wait already, or when its turn has
   * not come in time; and work's own.
   */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    if (this.#mayEnter(userId)) {
      this.#inside.add(userId);
    } else {
      if (this.#waiting.length >= maxWaiting) throw busy();
      await this.#turn(userId);
      await this.#keepApart();
    }
    try {
      return await work();
    } finally {
      this.#inside.delete(userId);
      this.#admitNext();
    }
  }

  async #keepApart(): Promise<void> {
    const now = performance.now();
    this.#latest = Math.max(now, this.#latest + apart);
    const wait = this.#latest - now;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }

  #turn(userId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(busy());
      };
      const timer = setTimeout(leave, this.#turnMs);
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const one = { userId, enter };
      this.#waiting.push(one);
    });
  }

  #mayEnter(userId: string): boolean {
    return this.#inside.size < this.#size && !this.#inside.has(userId);
  }

  #admitNext(): void {
    const index = this.#waiting.findIndex(({ userId }) => this.#mayEnter(userId));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (!next) return;
    this.#inside.add(next.userId);
    next.enter();
  }
}
