import { LRUCache } from "lru-cache";
import type { AccountsListOutput } from "../contracts/accounts.ts";
import { timeLimits } from "../time-limits.ts";
import { type AccountStore, maxVersions } from "./account-store.ts";

/** Users kept at most; beyond it the least recently used goes. */
const maxUsers = 10_000;

/** The twin of Redis for a single process. Values are kept as JSON, as Redis would. */
export function createInProcessAccountStore(): AccountStore {
  const users = new LRUCache<string, Map<number, string>>({
    max: maxUsers,
    ttl: timeLimits.cacheEntry,
  });
  return {
    async get(userId, dataVersion) {
      const json = users.get(userId)?.get(dataVersion);
      return json === undefined ? null : (JSON.parse(json) as AccountsListOutput);
    },
    async set(userId, dataVersion, value) {
      const versions = users.get(userId) ?? new Map<number, string>();
      if (versions.size >= maxVersions) versions.clear();
      versions.set(dataVersion, JSON.stringify(value));
      users.set(userId, versions);
    },
    async clear(userId) {
      users.delete(userId);
    },
  };
}
