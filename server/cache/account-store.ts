import type { z } from "zod";

/** The maximum entries of one user. Another one replaces them all. */
export const maxEntries = 24;

/** A kind of cached response: its name and its schema. */
export interface CachedResponse<T> {
  name: string;
  schema: z.ZodType<T>;
}

/**
 * Stores cached responses about a user's accounts for all processes, one entry for each response and data
 * version. Reads and writes never fail: an unavailable store is empty.
 */
export interface AccountStore {
  /** Whether the store is available now. */
  readonly isAvailable: boolean;
  get<T>(userId: string, response: CachedResponse<T>, dataVersion: number): Promise<T | null>;
  set<T>(userId: string, response: CachedResponse<T>, dataVersion: number, value: T): Promise<void>;
  /** Deletes every entry of this user only. Rejects when that failed. */
  clear(userId: string): Promise<void>;
}

/** The name of an entry among those of its user. */
export const entryName = ({ name }: { name: string }, dataVersion: number) =>
  `${name} ${dataVersion}`;
