import { LRUCache } from "lru-cache";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import type { Quotas } from "../time-limits.ts";
import { createLimiter } from "./limiter.ts";

/** The caller: an API key or a session, by its id. */
export interface ApiCaller {
  by: "key" | "session";
  id: string;
}

/** The state of a caller after a request. */
export interface Allowance {
  /** Calls in each window of `windowSeconds`. */
  limit: number;
  windowSeconds: number;
  allowed: boolean;
  remaining: number;
  resetSeconds: number;
}

/** Counts the calls of each API key and of each session. */
export interface RequestLimiter {
  /** Counts `calls` of the caller, who sent `credential`. Never rejects. */
  consume(caller: ApiCaller, calls: number, credential: string): Promise<Allowance>;
  /**
   * Returns the state of the caller with this credential if this process knows that they are over their
   * limit; else null. So they can be refused without a query.
   */
  overLimit(credential: string): Allowance | null;
}

/** Callers over their limit that a process remembers. */
const maxOverLimit = 10_000;

/** This process's count of a session in its window. */
interface Window {
  /** Calls counted here. */
  own: number;
  /** How many of them are in the shared count. */
  reported: number;
  /** Calls counted on other nodes, as of the last report; null before the first. */
  others: number | null;
  /** The end of the window, by `performance.now()`. */
  endsAt: number;
  /** The running report. */
  report: Promise<void> | null;
}

/**
 * The share of the limit after which a process reports. Each process can exceed the limit by at most this.
 */
const reportShare = 0.05;
/** Sessions whose windows a process remembers. Beyond it the least recently used is fetched again. */
const maxWindows = 50_000;

/**
 * Counts the calls of a key in Redis, one by one, because programs that call several nodes need the exact
 * rest. The calls of a session are counted in the process and reported: at the first call of a window, which
 * waits for the count of other nodes, and later in the background, so that a page's read needs no extra round
 * trip. Without Redis, and while it is unavailable, each process counts on its own.
 */
export function createRequestLimiter(redis: RedisAdapter | null, quotas: Quotas): RequestLimiter {
  const duration = quotas.callWindow;
  const counter = (points: number, keyPrefix: string) =>
    createLimiter(redis, { points, duration, keyPrefix });
  const countOfKey = counter(quotas.keyCalls, "fiscility:calls");
  const countOfSession = counter(quotas.sessionCalls, "fiscility:session-calls");
  const windows = new LRUCache<string, Window>({ max: maxWindows });
  const over = new LRUCache<string, Allowance>({ max: maxOverLimit });
  const allowance = (limit: number, used: number, resetMs: number): Allowance => ({
    limit,
    windowSeconds: duration,
    allowed: used <= limit,
    remaining: Math.max(0, limit - used),
    resetSeconds: Math.max(1, Math.ceil(resetMs / 1000)),
  });

  async function report(id: string, window: Window): Promise<void> {
    const calls = window.own - window.reported;
    window.reported += calls;
    const { used, resetMs } = await countOfSession(id, calls);
    if (used < window.reported) {
      // The shared count has begun a new window, or Redis is unavailable and a local count replaces it.
      window.own -= window.reported - used;
      window.reported = used;
    }
    window.others = used - window.reported;
    window.endsAt = performance.now() + resetMs;
    window.report = null;
  }

  function windowOf(id: string): Window {
    const known = windows.get(id);
    if (known && performance.now() < known.endsAt) return known;
    const fresh = { own: 0, reported: 0, others: null, endsAt: Infinity, report: null };
    windows.set(id, fresh);
    return fresh;
  }

  async function count({ by, id }: ApiCaller, calls: number): Promise<Allowance> {
    if (by === "key") {
      const { used, resetMs } = await countOfKey(id, calls);
      return allowance(quotas.keyCalls, used, resetMs);
    }
    const window = windowOf(id);
    window.own += calls;
    // Its position among the calls here. Calls that arrive while it waits come after it.
    const place = window.own;
    const due = window.own - window.reported >= quotas.sessionCalls * reportShare;
    if (window.others === null || due) window.report ??= report(id, window);
    if (window.others === null) await window.report;
    const used = (window.others ?? 0) + place;
    return allowance(quotas.sessionCalls, used, window.endsAt - performance.now());
  }

  return {
    async consume(caller, calls, credential) {
      const counted = await count(caller, calls);
      // Not for a batch that exceeds the rest: a smaller one may fit.
      if (counted.remaining === 0 && !counted.allowed && calls <= quotas.callsOfStream)
        over.set(credential, counted, { ttl: counted.resetSeconds * 1000 });
      return counted;
    },
    overLimit(credential) {
      const known = over.get(credential);
      const resetSeconds = Math.ceil(over.getRemainingTTL(credential) / 1000);
      return known ? { ...known, resetSeconds: Math.max(1, resetSeconds) } : null;
    },
  };
}
