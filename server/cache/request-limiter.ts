import { createLimiter } from "./limiter.ts";
import type { RedisDoor } from "./redis-door.ts";

/** Calls an API key may make in each window. */
export const callLimit = { calls: 600, windowSeconds: 60 } as const;

/** How an API key stands after a request: calls left in this window, and seconds until the next. */
export interface Allowance {
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Counts the calls of each API key. */
export interface RequestLimiter {
  /** Counts `calls` against a key. Never rejects. */
  consume(apiKeyId: string, calls: number): Promise<Allowance>;
}

export function createRequestLimiter(redis: RedisDoor | null): RequestLimiter {
  const count = createLimiter(redis, {
    points: callLimit.calls,
    duration: callLimit.windowSeconds,
    keyPrefix: "fiscility:calls",
  });
  return {
    async consume(apiKeyId, calls) {
      const { allowed, remaining, resetMs } = await count(apiKeyId, calls);
      return { allowed, remaining, resetSeconds: Math.ceil(resetMs / 1000) };
    },
  };
}
