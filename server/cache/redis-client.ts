import { createClient } from "redis";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * A connection to Redis that keeps trying: one that is away at start is like one that goes away
 * later. Commands are not queued meanwhile, they fail at once.
 */
export function connectRedis(url: string, log: Log) {
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
  client.connect().catch(() => {});
  return client;
}
