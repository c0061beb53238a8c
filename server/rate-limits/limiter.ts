import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RedisAdapter, RedisCommands } from "../cache/redis-adapter.ts";

/** How a key stands after a count. */
export interface Count {
  allowed: boolean;
  /** Counted in this window so far, this count included. */
  used: number;
  remaining: number;
  /** Until the window ends. Milliseconds, at least 1. */
  resetMs: number;
}

/**
 * Counts against `points` in each window of `duration` seconds: across nodes with Redis, within the
 * process without. Never rejects: while Redis is away each process counts for itself.
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
            redis.ask((commands) => commands.eval(...args)),
        },
        useRedisPackage: true,
        insuranceLimiter: memory,
      })
    : memory;
  return async (key, count = 1) => {
    // The limiter rejects with the count itself when it is over.
    const [state, allowed] = await limiter.consume(key, count).then(
      (within) => [within, true] as const,
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
