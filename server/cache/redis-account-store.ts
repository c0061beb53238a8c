import type { Log } from "../telemetry/log.ts";
import { type AccountStore, type CachedResponse, entryName, maxEntries } from "./account-store.ts";
import type { RedisAdapter } from "./redis-adapter.ts";

/**
 * A script instead of MULTI, because a cluster's ASK redirection covers only one command. When there are too
 * many entries, old ones are deleted.
 */
const keep = `
  if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[4]) then redis.call("DEL", KEYS[1]) end
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
  redis.call("PEXPIRE", KEYS[1], ARGV[3])`;

/**
 * Each user has one Redis hash, with a field for each response and data version, so a user's entries share a
 * slot of a cluster and are deleted by one UNLINK. The hash expires after `ttl` milliseconds.
 */
export function createRedisAccountStore(redis: RedisAdapter, ttl: number, log: Log): AccountStore {
  const key = (userId: string) => `fiscility:accounts:{${userId}}`;

  /** The value is another program's or another release's. It would fail every read until it expires. */
  async function discard(userId: string, error: string) {
    log.warn({ event: "cache_garbage", userId, error }, "Invalid cache entry deleted");
    await redis.run((commands) => commands.unlink(key(userId)));
  }

  return {
    get isAvailable() {
      return redis.isConnected;
    },
    async get<T>(userId: string, response: CachedResponse<T>, dataVersion: number) {
      try {
        const json = await redis.run((commands) =>
          commands.hGet(key(userId), entryName(response, dataVersion)),
        );
        if (json === null || json === undefined) return null;
        const found = parse(json, response);
        if (!found) await discard(userId, "it does not fit the contract");
        return found;
      } catch (error) {
        const { message } = error as Error;
        if (message.startsWith("WRONGTYPE")) await discard(userId, message).catch(() => {});
        log.debug({ event: "cache_miss", error: message }, "Cache not read");
        return null;
      }
    },
    async set(userId, response, dataVersion, value) {
      try {
        await redis.run((commands) =>
          commands.eval(keep, {
            keys: [key(userId)],
            arguments: [
              entryName(response, dataVersion),
              JSON.stringify(value),
              String(ttl),
              String(maxEntries),
            ],
          }),
        );
      } catch (error) {
        log.debug({ event: "cache_unset", error: (error as Error).message }, "Cache not filled");
      }
    },
    async clear(userId) {
      await redis.run((commands) => commands.unlink(key(userId)));
    },
  };
}

function parse<T>(json: string, { schema }: CachedResponse<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
