import type { RedisAdapter } from "../cache/redis-adapter.ts";
import { createLimiter } from "./limiter.ts";

/**
 * Counts one call to Plaid against `key`, which allows `points` calls a minute. Returns the milliseconds
 * until there is room again, 0 when there is.
 */
export type PlaidLimiter = (key: string, points: number) => Promise<number>;

export function createPlaidLimiter(redis: RedisAdapter | null): PlaidLimiter {
  // A limiter has a fixed number of points, so there is one for each limit of Plaid.
  const limiters = new Map<number, ReturnType<typeof createLimiter>>();
  return async (key, points) => {
    const limiter =
      limiters.get(points) ??
      createLimiter(redis, { points, duration: 60, keyPrefix: "fiscility:plaid" });
    limiters.set(points, limiter);
    const { allowed, resetMs } = await limiter(key);
    return allowed ? 0 : resetMs;
  };
}
