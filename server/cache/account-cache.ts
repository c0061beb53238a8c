import type { AccountsListOutput } from "../contracts/accounts.ts";

/**
 * The accounts of a user as of one data version. The version is part of the key, so an entry from
 * before a change is unreachable the moment the change commits (I5); `clear` is tidying up.
 * Reading and writing never fail a request: a cache that is away is a miss.
 */
export interface AccountCache {
  get(userId: string, dataVersion: number): Promise<AccountsListOutput | null>;
  set(userId: string, dataVersion: number, value: AccountsListOutput): Promise<void>;
  /** Drops every entry of this user and of nobody else. Rejects when that could not be done. */
  clear(userId: string): Promise<void>;
  close(): Promise<void>;
}
