import type { Log } from "../telemetry/log.ts";
import type { AccountStore, CachedResponse } from "./account-store.ts";

/**
 * Caches responses about a user's accounts at one data version. The version is part of the key, so an entry
 * from before a change cannot be read once the change commits (I5). `clear` only frees memory.
 */
export class AccountCache {
  readonly #store: AccountStore;
  readonly #log: Log;
  readonly #underway = new Map<string, Promise<unknown>>();

  constructor(store: AccountStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * Returns the entry, or else the result of `load`; both are validated against the schema of `response`.
   * Concurrent calls in this process with the same key share one load, which prevents a stampede. `load` must
   * start after the version was read, and that holds for every caller with that version.
   */
  read<T>(
    userId: string,
    response: CachedResponse<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const key = `${userId} ${response.name} ${dataVersion}`;
    const joined = this.#underway.get(key) as Promise<T> | undefined;
    if (joined) {
      this.#reportResult("joined");
      return joined;
    }
    const reading = this.#readOnce(userId, response, dataVersion, load).finally(() =>
      this.#underway.delete(key),
    );
    this.#underway.set(key, reading);
    return reading;
  }

  /** Deletes every entry of this user only. Rejects when that failed. */
  clear(userId: string): Promise<void> {
    return this.#store.clear(userId);
  }

  async #readOnce<T>(
    userId: string,
    response: CachedResponse<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const kept = await this.#store.get(userId, response, dataVersion);
    this.#reportResult(kept ? "hit" : this.#store.isAvailable ? "miss" : "away");
    if (kept) return kept;
    const fresh = response.schema.parse(await load());
    await this.#store.set(userId, response, dataVersion, fresh);
    return fresh;
  }

  #reportResult(result: "hit" | "miss" | "away" | "joined"): void {
    this.#log.debug({ event: "cache_read", result }, "Cache read");
  }
}
