import type { AccountsListOutput } from "../contracts/accounts.ts";

/** Entries of one user at most; the next one takes the place of all. */
export const maxVersions = 4;

/**
 * Where the cache keeps the accounts of a user, an entry a data version: in Redis, or in the
 * process. Reading and writing never fail: a store that is away has nothing.
 */
export interface AccountStore {
  get(userId: string, dataVersion: number): Promise<AccountsListOutput | null>;
  set(userId: string, dataVersion: number, value: AccountsListOutput): Promise<void>;
  /** Drops every entry of this user and of nobody else. Rejects when that could not be done. */
  clear(userId: string): Promise<void>;
}
