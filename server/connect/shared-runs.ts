import { createHash } from "node:crypto";
import type { ConnectAccountInput, ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { TimeLimits } from "../time-limits.ts";

/**
 * Requests of this process that send the same public_token at once: one runs, and the others get its Item. Each
 * would otherwise wait for the user's lock, one after the other, to read the same result from PostgreSQL.
 */
export class SharedRuns {
  readonly #underway = new Map<string, Promise<ConnectAccountOutput>>();
  readonly #limits: Pick<TimeLimits, "connectWait">;

  /** `connectWait`: milliseconds that a request waits for others at most. */
  constructor(limits: Pick<TimeLimits, "connectWait">) {
    this.#limits = limits;
  }

  /**
   * Runs `work`, or waits for the same request of the same user. Where that fails, the next of those that wait runs
   * its own, as the failure need not be final.
   *
   * @throws FiscilityError `busy` when the others take too long; and work's own
   */
  async run(
    userId: string,
    request: ConnectAccountInput,
    work: () => Promise<ConnectAccountOutput>,
  ): Promise<ConnectAccountOutput> {
    // No public_token stays in memory for longer than its own request.
    const key = createHash("sha256")
      .update(JSON.stringify([userId, request]))
      .digest("base64");
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const busy = new FiscilityError("busy", { details: { retryAfterSeconds: 5 } });
      timer = setTimeout(() => reject(busy), this.#limits.connectWait);
    });
    timeout.catch(() => {});
    try {
      for (let other = this.#underway.get(key); other; other = this.#underway.get(key)) {
        const output = await Promise.race([other.catch(() => null), timeout]);
        if (output) return { ...output, outcome: "already_connected" };
      }
    } finally {
      clearTimeout(timer);
    }
    const own = work().finally(() => this.#underway.delete(key));
    this.#underway.set(key, own);
    return own;
  }
}
