import { version } from "../package.json";
import { type Hooks, tell } from "./hooks.ts";

export interface SendOptions extends Hooks {
  apiKey: string | undefined;
  fetch: typeof fetch;
  traceparent: (() => string | null | undefined) | undefined;
}

/** Sends a request for the procedures `calls` with the client's own headers, and calls the hooks. */
export type Send = (
  calls: readonly string[],
  address: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

export function createSend(options: SendOptions): Send {
  // Browsers refuse a `fetch` that is called as a method of another object.
  const { apiKey, traceparent, fetch: send } = options;
  let sent = 0;
  return async (calls, address, init) => {
    const [where = ""] = String(address).split("?");
    const headers = new Headers(init?.headers);
    headers.set("x-client-version", `fiscility-client/${version}`);
    if (apiKey) headers.set("authorization", `Bearer ${apiKey}`);
    const trace = traceparent?.() ?? null;
    if (trace) headers.set("traceparent", trace);
    const request = {
      id: ++sent,
      calls,
      method: (init?.method ?? "GET") as "GET" | "POST",
      url: where,
      traceparent: trace,
    };
    const started = performance.now();
    const ended = (response: Response | null) =>
      tell(options.onResponse, {
        ...request,
        status: response?.status ?? null,
        durationMs: performance.now() - started,
        requestId: response?.headers.get("x-request-id") ?? null,
        rateLimit: rateLimitOf(response?.headers.get("ratelimit")),
      });
    tell(options.onRequest, request);
    try {
      const response = await send(address, { ...init, headers });
      ended(response);
      return response;
    } catch (error) {
      ended(null);
      throw error;
    }
  };
}

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
function rateLimitOf(header: string | null | undefined) {
  const [, remaining, resetSeconds] = /;r=(\d+);t=(\d+)/.exec(header ?? "") ?? [];
  return remaining && resetSeconds
    ? { remaining: Number(remaining), resetSeconds: Number(resetSeconds) }
    : null;
}
