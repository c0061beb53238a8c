import type { z } from "zod";

/** Entries of one user at most; the next one takes the place of all. */
export const maxEntries = 12;

/** One of the answers that are kept of a user: its name, and what it has to be. */
export interface CachedAnswer<T> {
  name: string;
  schema: z.ZodType<T>;
}

/**
 * Where the cache keeps the answers about a user's accounts, an entry an answer and data version: in
 * Redis, or in the process. Reading and writing never fail: a store that is away has nothing.
 */
export interface AccountStore {
  /** Whether it can be asked just now. */
  readonly isThere: boolean;
  get<T>(userId: string, answer: CachedAnswer<T>, dataVersion: number): Promise<T | null>;
  set<T>(userId: string, answer: CachedAnswer<T>, dataVersion: number, value: T): Promise<void>;
  /** Drops every entry of this user and of nobody else. Rejects when that could not be done. */
  clear(userId: string): Promise<void>;
}

/** What an entry is called among those of its user. */
export const entryName = (answer: CachedAnswer<unknown>, dataVersion: number) =>
  `${answer.name} ${dataVersion}`;
