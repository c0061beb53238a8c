import { LRUCache } from "lru-cache";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import type { Quotas } from "../time-limits.ts";
import { createLimiter } from "./limiter.ts";

/** Who calls: an API key or a session, by its id. */
export interface Calling {
  by: "key" | "session";
  id: string;
}

/** How a caller stands after a request: calls left in this window, and seconds until the next. */
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
  /** Counts `calls` against the caller, who sent `credential`. Never rejects. */
  consume(caller: Calling, calls: number, credential: string): Promise<Allowance>;
  /**
   * How the caller with this credential stands, if they are over their limit here; else null. Refusing
   * them again takes no look into the database.
   */
  overLimit(credential: string): Allowance | null;
}

/** Callers over their limit that a process knows. */
const maxOverLimit = 10_000;

/** What this process knows of a session's window. */
interface Window {
  /** Counted here. */
  own: number;
  /** Of those, how many the common count has. */
  reported: number;
  /** Counted elsewhere, as of the last report; null before the first. */
  others: number | null;
  /** `performance.now()` at its end. */
  endsAt: number;
  /** The report under way. */
  report: Promise<void> | null;
}

/** A process reports after this part of the limit, so that each can be over by no more than that. */
const reportShare = 0.05;
/** Sessions whose windows a process knows; beyond it the least recent is asked for again. */
const maxWindows = 50_000;

/**
 * Counts the calls of a key in Redis, each as it comes: programs that call several nodes are told what
 * is left. Those of a session are counted in the process, which reports them: at the first call of a
 * window, which waits for what other nodes have counted, and then behind the calls' backs, so that a
 * page's read makes no other round trip than it did. While Redis is away, and without one, each process
 * counts for itself.
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
      // The common count has begun a new window, or Redis is away and another count stands in for it.
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

  async function count({ by, id }: Calling, calls: number): Promise<Allowance> {
    if (by === "key") {
      const { used, resetMs } = await countOfKey(id, calls);
      return allowance(quotas.keyCalls, used, resetMs);
    }
    const window = windowOf(id);
    window.own += calls;
    // Its place among the calls here: those that come while it waits are after it.
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
      // Not a batch that is too large for what is left: a smaller one may fit.
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
