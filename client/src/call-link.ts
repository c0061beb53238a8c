import type { Operation, TRPCLink } from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import { observable, type Unsubscribable } from "@trpc/server/observable";
import { clientFailure, type FiscilityError } from "./fiscility-error.ts";
import { type Hooks, tell } from "./hooks.ts";
import { endedBy, toFiscilityError } from "./to-fiscility-error.ts";

export interface CallLinkOptions extends Pick<Hooks, "onRetry"> {
  url: string;
  /** The timeout of a whole call, including retries and waits. Milliseconds. */
  timeoutMs: number;
  /** The timeout of one attempt that may be retried. Milliseconds. */
  attemptTimeoutMs: number;
  /** The maximum number of retries. */
  retries: number;
}

/** Overrides of the client's options for one call: an operation's context. */
export type CallContext = Partial<Pick<CallLinkOptions, "timeoutMs" | "retries">>;

/**
 * Mutations that are idempotent: the public_token is the idempotency key of a connection, and an extra
 * link_token does no harm. After a broken connection only these and queries are retried, because the first
 * request may have arrived.
 */
const repeatable = new Set(["connectAccount", "plaid.createLinkToken"]);

/**
 * Wraps every query and mutation with timeouts, the caller's signal and retries, and maps every error to one
 * of the known reasons.
 */
export function callLink(options: CallLinkOptions): TRPCLink<AnyRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        const { url, attemptTimeoutMs, onRetry } = options;
        const { timeoutMs = options.timeoutMs, retries = options.retries } =
          op.context as CallContext;
        const isRepeatable = op.type === "query" || repeatable.has(op.path);
        let inner: Unsubscribable | undefined;
        let again: ReturnType<typeof setTimeout> | undefined;
        let attemptOver: ReturnType<typeof setTimeout> | undefined;
        let cut = new AbortController();
        const deadline = Date.now() + timeoutMs;

        function endAttempt() {
          clearTimeout(attemptOver);
          inner?.unsubscribe();
          cut.abort();
        }
        function release() {
          clearTimeout(overall);
          clearTimeout(again);
          op.signal?.removeEventListener("abort", abort);
          endAttempt();
        }
        function fail(error: FiscilityError) {
          release();
          observer.error(error as never);
        }
        const overall = after(timeoutMs, () =>
          fail(clientFailure("timed_out", { timeoutMs, limit: "call" })),
        );
        const abort = () => fail(endedBy(op.signal));

        function attempt(number: number) {
          cut = new AbortController();
          const { signal } = cut;
          const failed = (error: FiscilityError) => {
            // A request that was cut off by its timeout also fails; the timeout has been reported.
            if (signal.aborted) return;
            endAttempt();
            const waitMs = waitBefore(error, number);
            const late = Date.now() + waitMs >= deadline;
            if (number > retries || late || !mayRepeat(error, isRepeatable)) return fail(error);
            tell(onRetry, { call: op.path, attempt: number + 1, waitMs, error });
            again = setTimeout(() => attempt(number + 1), waitMs);
          };
          if (isRepeatable && attemptTimeoutMs < timeoutMs) {
            attemptOver = after(attemptTimeoutMs, () =>
              failed(clientFailure("timed_out", { timeoutMs: attemptTimeoutMs, limit: "attempt" })),
            );
          }
          inner = next({ ...op, signal } as Operation).subscribe({
            next: (value) => observer.next(value),
            complete() {
              release();
              observer.complete();
            },
            error: (thrown) => failed(toFiscilityError(thrown, url)),
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

/** A longer timer would fire at once. */
const longestTimer = 2 ** 31 - 1;
export const after = (ms: number, call: () => void) => setTimeout(call, Math.min(ms, longestTimer));

/** A call that the server reports as retryable had no effect. The effect of any other failure is unknown. */
function mayRepeat(error: FiscilityError, isRepeatable: boolean): boolean {
  const isClear = !["unreachable", "unexpected_response", "timed_out"].includes(error.reason);
  return error.retryable && (isClear || isRepeatable);
}

/** 200, 400, 800 ms …, up to doubled at random, so that many clients do not retry at the same moment. */
export function waitBefore(error: FiscilityError, attempt: number): number {
  if (error.reason === "rate_limited" || error.reason === "busy")
    return error.retryAfterSeconds * 1000;
  return Math.min(10_000, 200 * 2 ** (attempt - 1)) * (1 + Math.random());
}
