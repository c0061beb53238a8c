import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RedisAdapter, RedisCommands } from "../cache/redis-adapter.ts";

/** The state of a key after a count. */
export interface Count {
  allowed: boolean;
  /** Points used in this window, including this count. */
  used: number;
  remaining: number;
  /** Milliseconds until the window ends, at least 1. */
  resetMs: number;
}

/**
 * Counts against `points` in each window of `duration` seconds: over all nodes with Redis, in the process
 * without. Never rejects: while Redis is unavailable each process counts on its own.
 */
export function createLimiter(
  redis: RedisAdapter | null,
  options: { points: number; duration: number; keyPrefix: string },
): (key: string, count?: number) => Promise<Count> {
  const memory = new RateLimiterMemory(options);
  const limiter = redis
    ? new RateLimiterRedis({
        ...options,
        storeClient: {
          eval: (...args: Parameters<RedisCommands["eval"]>) =>
            redis.run((commands) => commands.eval(...args)),
        },
        useRedisPackage: true,
        insuranceLimiter: memory,
      })
    : memory;
  return async (key, count = 1) => {
    // Above the limit, the limiter rejects with the count.
    const [state, allowed] = await limiter.consume(key, count).then(
      (result) => [result, true] as const,
      (over: unknown) => {
        if (over instanceof RateLimiterRes) return [over, false] as const;
        throw over;
      },
    );
    return {
      allowed,
      used: state.consumedPoints,
      remaining: Math.max(0, state.remainingPoints),
      resetMs: Math.max(1, state.msBeforeNext),
    };
  };
}
