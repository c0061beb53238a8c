import type { AccountsListOutput } from "../contracts/accounts.ts";
import type { AccountStore } from "./account-store.ts";

/**
 * The accounts of a user as of one data version. The version is part of the key, so an entry from
 * before a change is unreachable the moment the change commits (I5); `clear` is tidying up.
 */
export class AccountCache {
  readonly #store: AccountStore;
  readonly #underway = new Map<string, Promise<AccountsListOutput>>();

  constructor(store: AccountStore) {
    this.#store = store;
  }

  /**
   * The entry, or what `load` reads. Everybody in this process who asks for the same version
   * meanwhile gets the same answer: many readers are one read (no stampede). `load` must have
   * started after the version was read, which holds for all who ask for that version.
   */
  read(
    userId: string,
    dataVersion: number,
    load: () => Promise<AccountsListOutput>,
  ): Promise<AccountsListOutput> {
    const key = `${userId} ${dataVersion}`;
    const joined = this.#underway.get(key);
    if (joined) return joined;
    const reading = this.#readOnce(userId, dataVersion, load).finally(() =>
      this.#underway.delete(key),
    );
    this.#underway.set(key, reading);
    return reading;
  }

  /** Drops every entry of this user and of nobody else. Rejects when that could not be done. */
  clear(userId: string): Promise<void> {
    return this.#store.clear(userId);
  }

  async #readOnce(
    userId: string,
    dataVersion: number,
    load: () => Promise<AccountsListOutput>,
  ): Promise<AccountsListOutput> {
    const kept = await this.#store.get(userId, dataVersion);
    if (kept) return kept;
    const fresh = await load();
    await this.#store.set(userId, dataVersion, fresh);
    return fresh;
  }
}
