import type { Operation, TRPCLink } from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { waitBefore } from "./call-link.ts";
import { clientFailure, type FiscilityError, serverFailure } from "./fiscility-error.ts";
import { type Hooks, tell } from "./hooks.ts";
import type { Send } from "./send.ts";
import { isOurs, toFiscilityError } from "./to-fiscility-error.ts";
import { isElsewhere, unexpectedResponse, unreachable } from "./unexpected-response.ts";

export interface StreamOptions {
  url: string;
  /** The timeout for a stream to open, after which it is retried. Milliseconds. */
  timeoutMs: number;
  /** The maximum retries of a stream that never opened. */
  retries: number;
  send: Send;
  onRetry: Hooks["onRetry"];
}

type Observer = Parameters<Parameters<typeof observable>[0]>[0];

/**
 * Subscriptions over Server-Sent Events with the key in a header, which the browsers' EventSource cannot
 * send. A stream that has been open is reopened from its last event as long as that can help. One that never
 * opened fails after `retries`, so that a wrong address is reported.
 */
export function streamLink(options: StreamOptions): TRPCLink<AnyRouter> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        const left = new AbortController();
        const leave = () => left.abort();
        op.signal?.addEventListener("abort", leave, { once: true });
        if (op.signal?.aborted) leave();
        follow(options, op, left.signal, observer as Observer)
          .then(
            () => observer.complete(),
            (error) => observer.error(error as never),
          )
          .finally(() => op.signal?.removeEventListener("abort", leave));
        return leave;
      });
}

/** Runs until the server has nothing more to send, the caller leaves, or the stream fails permanently. */
async function follow(
  options: StreamOptions,
  op: Operation,
  left: AbortSignal,
  observer: Observer,
): Promise<void> {
  let lastEventId: string | undefined;
  let everOpened = false;
  const state = (state: "connecting" | "pending" | "idle", error: FiscilityError | null = null) =>
    observer.next({ result: { type: "state", state, error } });
  state("connecting");
  for (let failures = 0; !left.aborted; ) {
    let error = clientFailure("unreachable", { url: options.url });
    try {
      const address = addressOf(options.url, op, lastEventId);
      const ended = await readStream(options, op.path, address, left, {
        opened() {
          everOpened = true;
          failures = 0;
          observer.next({ result: { type: "started" } });
          state("pending");
        },
        event(id, data) {
          lastEventId = id ?? lastEventId;
          observer.next({ result: id === undefined ? { data } : { id, data: { id, data } } });
        },
      });
      if (ended) break;
      failures = 1;
      state("connecting");
    } catch (thrown) {
      if (left.aborted) break;
      const failure = toFiscilityError(thrown, options.url);
      failures++;
      if (!failure.retryable || !(everOpened || failures <= options.retries)) throw failure;
      error = failure;
      state("connecting", failure);
    }
    const waitMs = waitBefore(error, failures);
    tell(options.onRetry, { call: op.path, attempt: failures + 1, waitMs, error });
    await pause(waitMs, left);
  }
  observer.next({ result: { type: "stopped" } });
  state("idle");
}

/**
 * Sends one request. Returns true when the server ended the stream for good, false when it broke off. Throws
 * when it did not open, or when the server sent an error.
 */
async function readStream(
  { url, timeoutMs, send }: StreamOptions,
  path: string,
  address: string,
  left: AbortSignal,
  on: { opened(): void; event(id: string | undefined, data: unknown): void },
): Promise<boolean> {
  const silent = new AbortController();
  const end = () => silent.abort();
  left.addEventListener("abort", end, { once: true });
  let timer = setTimeout(end, timeoutMs);
  let patience: number | undefined;
  const heard = () => {
    clearTimeout(timer);
    if (patience !== undefined) timer = setTimeout(end, patience);
  };
  let ended = false;
  let failure: FiscilityError | null = null;
  const parser = createParser({
    onEvent({ event, id, data }: EventSourceMessage) {
      if (event === "connected") {
        patience = (JSON.parse(data) as { reconnectAfterInactivityMs?: number })
          .reconnectAfterInactivityMs;
        on.opened();
      } else if (event === "return") ended = true;
      else if (event === "serialized-error") failure = said(JSON.parse(data), url);
      else if (event !== "ping") on.event(id, JSON.parse(data));
    },
  });
  try {
    const response = await send([path], address, {
      headers: { accept: "text/event-stream" },
      cache: "no-store",
      signal: silent.signal,
    }).catch((cause) => {
      throw unreachable(url, cause);
    });
    const type = response.headers.get("content-type") ?? "";
    if (isElsewhere(response, url)) throw unexpectedResponse(response, url);
    if (!response.ok || !response.body || !type.startsWith("text/event-stream")) {
      throw said(await response.json().catch(() => null), url, response);
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    while (!ended && !failure) {
      const { done, value } = await reader.read();
      if (done) return false;
      // Parses first, which may set the timeout: everything may have arrived at once, with nothing after it.
      parser.feed(decoder.decode(value, { stream: true }));
      heard();
    }
    if (failure) throw failure;
    return true;
  } catch (thrown) {
    // It broke off, or was silent for too long. Reopening it fixes both.
    if (patience !== undefined && !failure) return false;
    throw thrown;
  } finally {
    clearTimeout(timer);
    left.removeEventListener("abort", end);
    end();
  }
}

/** Returns the error that the server sent instead of a stream or within it. */
export function said(body: unknown, url: string, response?: Response): FiscilityError {
  type Said = { reason?: unknown; requestId?: unknown; request_id?: unknown };
  const { error, ...shape } = (body ?? {}) as { error?: Said & { data?: Said }; data?: Said };
  const reason = error?.data ?? error ?? shape.data;
  const hasOurReason = typeof reason?.reason === "string" && (!response || isOurs(error ?? shape));
  if (hasOurReason) {
    const requestId = reason.requestId ?? reason.request_id;
    return serverFailure({ ...reason, reason: reason.reason as string, requestId });
  }
  return response ? unexpectedResponse(response, url) : unreachable(url);
}

/** The URL in tRPC's format. The server continues after `lastEventId`. */
function addressOf(url: string, { path, input }: Operation, lastEventId: string | undefined) {
  const sent = lastEventId === undefined ? input : { ...(input as object), lastEventId };
  const query = sent === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(sent))}`;
  return `${url}/${path}${query}`;
}

const pause = (ms: number, left: AbortSignal) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      left.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    left.addEventListener("abort", done, { once: true });
  });
