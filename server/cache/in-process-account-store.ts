import { LRUCache } from "lru-cache";
import { type AccountStore, type CachedResponse, entryName, maxEntries } from "./account-store.ts";

/** The maximum users. Beyond it the least recently used one is evicted. */
const maxUsers = 10_000;

/** Replaces Redis in a single process. Values are stored as JSON, as in Redis, for `ttl` milliseconds. */
export function createInProcessAccountStore(ttl: number): AccountStore {
  const users = new LRUCache<string, Map<string, string>>({
    max: maxUsers,
    ttl,
  });
  return {
    isAvailable: true,
    async get<T>(userId: string, response: CachedResponse<T>, dataVersion: number) {
      const json = users.get(userId)?.get(entryName(response, dataVersion));
      return json === undefined ? null : (JSON.parse(json) as T);
    },
    async set(userId, response, dataVersion, value) {
      const entries = users.get(userId) ?? new Map<string, string>();
      if (entries.size >= maxEntries) entries.clear();
      entries.set(entryName(response, dataVersion), JSON.stringify(value));
      users.set(userId, entries);
    },
    async clear(userId) {
      users.delete(userId);
    },
  };
}
