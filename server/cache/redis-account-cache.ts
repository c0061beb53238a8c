import { createClient } from "redis";
import { accountsListOutput } from "../contracts/accounts.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";
import type { AccountCache } from "./account-cache.ts";

/**
 * One Redis hash a user, one field a data version: a user's entries share a slot of a cluster and
 * go with one UNLINK. Commands are not queued while Redis is away.
 */
export function createRedisAccountCache(url: string, log: Log): AccountCache {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: timeLimits.redisCommand },
    socket: {
      connectTimeout: timeLimits.redisConnect,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 6), 5_000),
    },
  });
  let reported = false;
  client.on("error", (error: Error) => {
    if (!reported) log.warn({ event: "redis_away", error: error.message }, "Redis is away");
    reported = true;
  });
  client.on("ready", () => {
    if (reported) log.info({ event: "redis_back" }, "Redis is back");
    reported = false;
  });
  // A Redis that is away at start is like one that goes away later: the client keeps trying.
  client.connect().catch(() => {});

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
