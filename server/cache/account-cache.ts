import { LRUCache } from "lru-cache";
import type { Log } from "../telemetry/log.ts";
import { type AccountStore, type CachedResponse, entryName, maxEntries } from "./account-store.ts";

/** The maximum users in this process's memory. Beyond it the least recently used one is evicted. */
const maxUsers = 500;

/**
 * Caches responses about a user's accounts at one data version, in this process and, if there is a `store`,
 * there for all processes. The version is part of the key, so an entry from before a change cannot be read
 * once the change commits (I5), in any process. `clear` only frees memory.
 */
export class AccountCache {
  readonly #store: AccountStore | null;
  readonly #log: Log;
  readonly #users: LRUCache<string, Map<string, Promise<unknown>>>;

  /** Entries live for `ttl` milliseconds in this process. */
  constructor(store: AccountStore | null, ttl: number, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#users = new LRUCache({ max: maxUsers, ttl, ttlAutopurge: true });
  }

  /**
   * Returns the entry, or else the result of `load`; both are validated against the schema of `response`, and
   * frozen. Calls in this process with the same key share one load, which prevents a stampede. `load` must
   * start after the version was read, and that holds for every caller with that version.
   */
  read<T>(
    userId: string,
    response: CachedResponse<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    return this.readHere(userId, response.name, dataVersion, () =>
      this.#readStore(userId, response, dataVersion, load),
    );
  }

  /** Like `read`, for what only this release can use: it has no schema, and is not stored for other processes. */
  readHere<T>(
    userId: string,
    name: string,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const key = entryName({ name }, dataVersion);
    const entries = this.#users.get(userId) ?? new Map<string, Promise<unknown>>();
    const kept = entries.get(key) as Promise<T> | undefined;
    if (kept) {
      this.#reportResult("hit");
      return kept;
    }
    const reading = load().then(deepFreeze);
    if (entries.size >= maxEntries) entries.clear();
    entries.set(key, reading);
    this.#users.set(userId, entries);
    reading.catch(() => entries.delete(key));
    return reading;
  }

  /** Deletes every entry of this user only. Rejects when the store did not. */
  async clear(userId: string): Promise<void> {
    this.#users.delete(userId);
    await this.#store?.clear(userId);
  }

  async #readStore<T>(
    userId: string,
    response: CachedResponse<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const kept = await this.#store?.get(userId, response, dataVersion);
    this.#reportResult(kept ? "hit" : this.#store?.isAvailable === false ? "away" : "miss");
    if (kept) return kept;
    const fresh = response.schema.parse(await load());
    await this.#store?.set(userId, response, dataVersion, fresh);
    return fresh;
  }

  #reportResult(result: "hit" | "miss" | "away"): void {
    this.#log.debug({ event: "cache_read", result }, "Cache read");
  }
}

/** All readers share the value. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
