import { accountsListOutput } from "../contracts/accounts.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";
import type { AccountCache } from "./account-cache.ts";
import { connectRedis } from "./redis-client.ts";

/**
 * One Redis hash a user, one field a data version: a user's entries share a slot of a cluster and
 * go with one UNLINK.
 */
export function createRedisAccountCache(url: string, log: Log): AccountCache {
  const client = connectRedis(url, log);
  const key = (userId: string) => `fiscility:accounts:{${userId}}`;
  return {
    async get(userId, dataVersion) {
      try {
        const json = await client.hGet(key(userId), String(dataVersion));
        if (json === null || json === undefined) return null;
        const parsed = accountsListOutput.safeParse(JSON.parse(json));
        return parsed.success ? parsed.data : null;
      } catch (error) {
        log.debug({ event: "cache_miss", error: (error as Error).message }, "Cache not read");
        return null;
      }
    },
    async set(userId, dataVersion, value) {
      try {
        await client
          .multi()
          .hSet(key(userId), String(dataVersion), JSON.stringify(value))
          .pExpire(key(userId), timeLimits.cacheEntry)
          .exec();
      } catch (error) {
        log.debug({ event: "cache_unset", error: (error as Error).message }, "Cache not filled");
      }
    },
    async clear(userId) {
      await client.unlink(key(userId));
    },
    async close() {
      client.destroy();
    },
  };
}
