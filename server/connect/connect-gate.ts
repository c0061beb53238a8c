import { FiscilityError } from "../contracts/errors.ts";

/** Connections that may wait for their turn in this process; past it the answer is `busy` at once. */
const maxWaiting = 100;
/** Seconds: what those who wait take to get through when Plaid is as slow as it may be. */
const retryAfter = 10;

/**
 * Who may be inside `connectAccount` in this process: as many as there are connections in its pool,
 * one a user. A user's second request waits here, in memory, rather than holding a connection to
 * wait for the row lock; on other nodes the row lock alone keeps the order.
 */
export class ConnectGate {
  readonly #size: number;
  readonly #inside = new Set<string>();
  readonly #waiting: { userId: string; enter: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Runs `work` when it is its turn. Errors: `busy` when too many wait already, and work's own. */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    if (this.#mayEnter(userId)) {
      this.#inside.add(userId);
    } else {
      if (this.#waiting.length >= maxWaiting) {
        throw new FiscilityError("busy", { details: { retryAfterSeconds: retryAfter } });
      }
      await new Promise<void>((enter) => this.#waiting.push({ userId, enter }));
    }
    try {
      return await work();
    } finally {
      this.#inside.delete(userId);
      this.#admitNext();
    }
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
