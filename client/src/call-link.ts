import type { Operation, TRPCLink } from "@trpc/client";
import { observable, type Unsubscribable } from "@trpc/server/observable";
import type { AppRouter } from "../../server/api/router.ts";
import { clientFailure, type FiscilityError } from "./fiscility-error.ts";
import { toFiscilityError } from "./to-fiscility-error.ts";

export interface CallOptions {
  url: string;
  /** A call ends within this, its retries and waits included. Milliseconds. */
  timeoutMs: number;
  /** Times a call is sent again at most. */
  retries: number;
}

/**
 * Mutations that do once what they are asked twice: the public_token is the idempotency key of a
 * connection, and a link_token too many does nothing. After a broken connection only these and
 * queries are sent again, as nobody knows whether the first one arrived.
 */
const repeatable = new Set(["connectAccount", "plaid.createLinkToken"]);

/**
 * Around every query and mutation: a time-out, the caller's signal, retries, and every error one of
 * the known reasons.
 */
export function callLink({ url, timeoutMs, retries }: CallOptions): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let inner: Unsubscribable | undefined;
        let again: ReturnType<typeof setTimeout> | undefined;
        const deadline = Date.now() + timeoutMs;

        function release() {
          clearTimeout(overall);
          clearTimeout(again);
          op.signal?.removeEventListener("abort", abort);
          inner?.unsubscribe();
        }
        function fail(error: FiscilityError) {
          release();
          observer.error(error as never);
        }
        const overall = setTimeout(
          () => fail(clientFailure("timed_out", { timeoutMs })),
          // A longer one would end at once.
          Math.min(timeoutMs, 2 ** 31 - 1),
        );
        const abort = () => fail(endedBy(op.signal, timeoutMs));

        function attempt(number: number) {
          inner = next(op).subscribe({
            next: (value) => observer.next(value),
            complete() {
              release();
              observer.complete();
            },
            error(thrown) {
              if (op.signal?.aborted) return abort();
              const error = toFiscilityError(thrown, url);
              const wait = waitBefore(error, number);
              const late = Date.now() + wait >= deadline;
              if (number > retries || late || !mayRepeat(op, error)) return fail(error);
              again = setTimeout(() => attempt(number + 1), wait);
            },
          });
        }

        if (op.signal?.aborted) abort();
        else {
          op.signal?.addEventListener("abort", abort, { once: true });
          attempt(1);
        }
        return release;
      });
}

/** A signal made by `AbortSignal.timeout` is a time-out, of the length that only the caller knows. */
function endedBy(signal: AbortSignal | null | undefined, timeoutMs: number): FiscilityError {
  const cause: unknown = signal?.reason;
  const late = cause instanceof DOMException && cause.name === "TimeoutError";
  return late
    ? clientFailure("timed_out", { timeoutMs }, { cause })
    : clientFailure("aborted", {}, { cause });
}

/** What the server itself calls retryable was not done; of a broken connection nobody knows. */
function mayRepeat({ type, path }: Operation, error: FiscilityError): boolean {
  if (!error.retryable) return false;
  const unclear = error.reason === "unreachable" || error.reason === "unexpected_answer";
  return !unclear || type === "query" || repeatable.has(path);
}

/** 200, 400, 800 ms … and as much again by chance, so that many clients do not come back at once. */
export function waitBefore(error: FiscilityError, attempt: number): number {
  if (error.reason === "rate_limited" || error.reason === "busy")
    return error.retryAfterSeconds * 1000;
  return Math.min(10_000, 200 * 2 ** (attempt - 1)) * (1 + Math.random());
}
