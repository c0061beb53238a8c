import type { FiscilityError } from "./fiscility-error.ts";

/** One HTTP request. Queries of one tick share it. */
export interface RequestEvent {
  /** Counts the requests of this client. The response event has the same id. */
  id: number;
  /** The procedures that it calls: `["accounts.list", "plan.get"]`. */
  calls: readonly string[];
  method: "GET" | "POST";
  /** Without its query, which contains inputs. */
  url: string;
  /** The header of this name that was sent; null when there was none. */
  traceparent: string | null;
}

/** How a request ended. */
export interface ResponseEvent extends RequestEvent {
  /** The HTTP status; null when there was no response. */
  status: number | null;
  /** From the request to the head of the response. Milliseconds. */
  durationMs: number;
  /** The id of the request in the server's log; null when it did not respond. */
  requestId: string | null;
  /**
   * Remaining calls of the key, and seconds until the limit resets; null when the server does not return
   * them.
   */
  rateLimit: { remaining: number; resetSeconds: number } | null;
}

/** A call will be retried. */
export interface RetryEvent {
  call: string;
  /** The number of the next attempt: 2 for the first retry. */
  attempt: number;
  /** How long the client waits before it; for `rate_limited` and `busy` the server decides. Milliseconds. */
  waitMs: number;
  /** The error of the last attempt. */
  error: FiscilityError;
}

/**
 * What the client reports about its calls. A hook that throws is reported as an uncaught error; the call
 * continues.
 */
export interface Hooks {
  onRequest?: ((event: RequestEvent) => void) | undefined;
  onResponse?: ((event: ResponseEvent) => void) | undefined;
  onRetry?: ((event: RetryEvent) => void) | undefined;
}

export function tell<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  try {
    hook?.(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
