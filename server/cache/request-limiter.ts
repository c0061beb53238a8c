import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RedisCommands, RedisDoor } from "./redis-door.ts";

/** Calls an API key may make in each window. */
export const callLimit = { calls: 600, windowSeconds: 60 } as const;

/** How an API key stands after a request: calls left in this window, and seconds until the next. */
export interface Allowance {
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Counts the calls of each API key: across nodes with Redis, within the process without. */
export interface RequestLimiter {
  /** Counts `calls` against a key. Never rejects: while Redis is away each process counts for itself. */
  consume(apiKeyId: string, calls: number): Promise<Allowance>;
}

export function createRequestLimiter(redis: RedisDoor | null): RequestLimiter {
  const options = { points: callLimit.calls, duration: callLimit.windowSeconds };
  const memory = new RateLimiterMemory(options);
  const limiter = redis
    ? new RateLimiterRedis({
        ...options,
        storeClient: {
          eval: (...args: Parameters<RedisCommands["eval"]>) =>
            redis.ask((commands) => commands.eval(...args)),
        },
        useRedisPackage: true,
        keyPrefix: "fiscility:calls",
        insuranceLimiter: memory,
      })
    : memory;
  return {
    async consume(apiKeyId, calls) {
      // The limiter rejects with the count itself when it is over.
      const [count, allowed] = await limiter.consume(apiKeyId, calls).then(
        (within) => [within, true] as const,
        (over: unknown) => {
          if (over instanceof RateLimiterRes) return [over, false] as const;
          throw over;
        },
      );
      return {
        allowed,
        remaining: Math.max(0, count.remainingPoints),
        resetSeconds: Math.max(1, Math.ceil(count.msBeforeNext / 1000)),
      };
    },
  };
}
