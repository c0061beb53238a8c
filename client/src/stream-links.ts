import { httpSubscriptionLink, retryLink, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { EventSource } from "eventsource";
import type { AppRouter } from "../../server/api/router.ts";
import { waitBefore } from "./call-link.ts";
import { clientFailure, type FiscilityError, serverFailure } from "./fiscility-error.ts";
import { toFiscilityError, unexpectedAnswer } from "./to-fiscility-error.ts";

/** What an EventSource cannot tell: whether it ever opened, and why it did not. */
interface StreamState {
  opened: boolean;
  failure: FiscilityError | null;
}

/**
 * Subscriptions over Server-Sent Events, with the key in a header. One that was open once is opened
 * again for as long as that can help, from the last event it saw; one that never opened gives up
 * after `retries`, so that a wrong address is told.
 */
export function streamLinks(options: {
  url: string;
  retries: number;
  fetch: typeof fetch;
  headers: Record<string, string>;
}): TRPCLink<AppRouter>[] {
  const { url, retries, headers } = options;
  const stateOf = (op: { context: Record<string, unknown> }) => op.context.stream as StreamState;

  const explain: TRPCLink<AppRouter> =
    () =>
    ({ op, next }) =>
      observable((observer) => {
        const state: StreamState = { opened: false, failure: null };
        return next({ ...op, context: { ...op.context, stream: state } }).subscribe({
          next: (value) => observer.next(value),
          complete: () => observer.complete(),
          error: (thrown) =>
            observer.error((state.failure ?? toFiscilityError(thrown, url)) as never),
        });
      });

  const reopen = retryLink<AppRouter>({
    retry: ({ op, error, attempts }) => {
      const state = stateOf(op);
      const failure = state.failure ?? toFiscilityError(error, url);
      return failure.retryable && (state.opened || attempts <= retries);
    },
    retryDelayMs: (attempt) => waitBefore(clientFailure("unreachable", { url }), attempt),
  });

  const open = httpSubscriptionLink<AppRouter, typeof EventSource>({
    url,
    EventSource,
    eventSourceOptions: ({ op }) => {
      const state = stateOf(op);
      return {
        async fetch(address, init) {
          const sent = { ...init, headers: { ...init.headers, ...headers } };
          const response = await options.fetch(address, sent as RequestInit).catch((cause) => {
            if (init.signal?.aborted) throw cause;
            state.failure = clientFailure("unreachable", { url }, { cause });
            // Not 200: the EventSource gives up, and `reopen` decides.
            return new Response(null, { status: 503 });
          });
          const type = response.headers.get("content-type") ?? "";
          if (response.ok && type.startsWith("text/event-stream")) {
            state.opened = true;
            state.failure = null;
          } else {
            state.failure ??= await refusal(response, url);
          }
          return response as never;
        },
      };
    },
  });
  return [explain, reopen, open];
}

/** Why the server did not open the stream. */
async function refusal(response: Response, url: string): Promise<FiscilityError> {
  const body: unknown = await response.json().catch(() => null);
  const { error } = (body ?? {}) as { error?: { data?: { reason?: unknown }; reason?: unknown } };
  const said = error?.data ?? error;
  return typeof said?.reason === "string"
    ? serverFailure({ ...said, reason: said.reason })
    : unexpectedAnswer(response, url);
}
