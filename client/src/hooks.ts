import type { FiscilityError } from "./fiscility-error.ts";

/** One HTTP request; queries of one tick share it. */
export interface RequestEvent {
  /** Of the requests of this client: the response event has the same. */
  id: number;
  /** The procedures that it calls: `["accounts.list", "plan.get"]`. */
  calls: readonly string[];
  method: "GET" | "POST";
  /** Without its query, which holds inputs. */
  url: string;
  /** What was sent as the header of this name; null when nothing was. */
  traceparent: string | null;
}

/** How a request ended. */
export interface ResponseEvent extends RequestEvent {
  /** The HTTP status; null when no response came. */
  status: number | null;
  /** From the request to the head of the response. Milliseconds. */
  durationMs: number;
  /** The id of the request in the server's log; null when it did not respond. */
  requestId: string | null;
  /** Calls that are left to the key, and seconds until there are more; null where the server does not say. */
  rateLimit: { remaining: number; resetSeconds: number } | null;
}

/** A call will be sent again. */
export interface RetryEvent {
  call: string;
  /** The attempt that comes next: 2 for the first retry. */
  attempt: number;
  /** How long the client waits before it; for `rate_limited` and `busy` as the server asks. Milliseconds. */
  waitMs: number;
  /** What the last attempt failed with. */
  error: FiscilityError;
}

/** What the client reports about its calls. A hook that throws is reported as uncaught; the call goes on. */
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
