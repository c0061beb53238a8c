import type { Log } from "../telemetry/log.ts";
import type { AccountStore, CachedAnswer } from "./account-store.ts";

/**
 * Answers about the accounts of a user as of one data version. The version is part of the key, so an
 * entry from before a change is unreachable the moment the change commits (I5); `clear` is tidying up.
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
   * The entry, or what `load` reads; either way it is what `answer` says it has to be, and what does not
   * fit is an error where `load` brought it. Everybody in this process who asks for the same answer and
   * version meanwhile gets the same: many readers are one read (no stampede). `load` must have
   * started after the version was read, which holds for all who ask for that version.
   */
  read<T>(
    userId: string,
    answer: CachedAnswer<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const key = `${userId} ${answer.name} ${dataVersion}`;
    const joined = this.#underway.get(key) as Promise<T> | undefined;
    if (joined) {
      this.#told("joined");
      return joined;
    }
    const reading = this.#readOnce(userId, answer, dataVersion, load).finally(() =>
      this.#underway.delete(key),
    );
    this.#underway.set(key, reading);
    return reading;
  }

  /** Drops every entry of this user and of nobody else. Rejects when that could not be done. */
  clear(userId: string): Promise<void> {
    return this.#store.clear(userId);
  }

  async #readOnce<T>(
    userId: string,
    answer: CachedAnswer<T>,
    dataVersion: number,
    load: () => Promise<T>,
  ): Promise<T> {
    const kept = await this.#store.get(userId, answer, dataVersion);
    this.#told(kept ? "hit" : this.#store.isThere ? "miss" : "away");
    if (kept) return kept;
    const fresh = answer.schema.parse(await load());
    await this.#store.set(userId, answer, dataVersion, fresh);
    return fresh;
  }

  #told(result: "hit" | "miss" | "away" | "joined"): void {
    this.#log.debug({ event: "cache_read", result }, "Cache read");
  }
}
