import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Log } from "../telemetry/log.ts";
import { connectRedis } from "./redis-client.ts";

/** Counts our calls to Plaid: across nodes with Redis, within the process without. */
export interface PlaidLimiter {
  /**
   * Counts one call against `key`, which may have `points` of them a minute. Returns milliseconds
   * until there is room again, 0 when there was. Never rejects.
   */
  take(key: string, points: number): Promise<number>;
  close(): void;
}

const windowSeconds = 60;

export function createPlaidLimiter(redisUrl: string | undefined, log: Log): PlaidLimiter {
  const redis = redisUrl ? connectRedis(redisUrl, log) : null;
  // A limiter has one number of points, so there is one for each number Plaid names.
  const limiters = new Map<number, RateLimiterMemory | RateLimiterRedis>();
  const limiterOf = (points: number) => {
    const options = { points, duration: windowSeconds, keyPrefix: "fiscility:plaid" };
    const known =
      limiters.get(points) ??
      (redis
        ? new RateLimiterRedis({
            ...options,
            storeClient: redis,
            useRedisPackage: true,
            rejectIfRedisNotReady: true,
            insuranceLimiter: new RateLimiterMemory(options),
          })
        : new RateLimiterMemory(options));
    limiters.set(points, known);
    return known;
  };
  return {
    take: (key, points) =>
      limiterOf(points)
        .consume(key)
        .then(
          () => 0,
          (over: unknown) => {
            if (over instanceof RateLimiterRes) return Math.max(1, over.msBeforeNext);
            throw over;
          },
        ),
    close: () => redis?.destroy(),
  };
}
