import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  splitLink,
  type TRPCClient,
} from "@trpc/client";
import type { AppRouter } from "../../server/api/router.ts";
import { callLink } from "./call-link.ts";
import { readBaseUrl, requireApiKey } from "./read-options.ts";
import { streamLink } from "./stream-link.ts";
import { readAnswer } from "./to-fiscility-error.ts";

export interface ClientOptions {
  /** Where the app opens, without a path of its own: `https://connect.example.com`. */
  baseUrl: string;
  /**
   * `fsk_…`, made at `/settings/api-keys`. A page of the app itself leaves it out, and uses its session;
   * `undefined` is refused, as it is a variable that is not set.
   */
  apiKey?: string | undefined;
  /**
   * A call ends within this, its retries included; a stream is answered within it, or tried again.
   * Milliseconds; 60,000 unless given.
   */
  timeoutMs?: number;
  /** Times a call that may be repeated is sent again at most; 2 unless given. */
  retries?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

/** Every procedure that an API key can call. Keys themselves are managed by people, in the app. */
export type FiscilityClient = Omit<TRPCClient<AppRouter>, "apiKeys" | "session">;

/**
 * A client of Fiscility Connect: `await client.accounts.list.query()`. Queries made in the same tick
 * travel as one request. Every failure is a `FiscilityError`. Throws `invalid_options` at once for
 * an address or a key that cannot be one.
 */
export function createClient(options: ClientOptions): FiscilityClient {
  const { apiKey, timeoutMs = 60_000, retries = 2 } = options;
  const send = options.fetch ?? fetch;
  const url = `${readBaseUrl(options.baseUrl)}/trpc`;
  // Given as undefined is a variable that is not set; a page of the app leaves it out.
  if ("apiKey" in options) requireApiKey(apiKey);
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  const http = {
    url,
    headers,
    async fetch(address: string | URL | Request, init?: object) {
      const response = await send(address, init);
      const [paths = ""] = String(address).slice(url.length).split("?");
      const calls = paths.split(",").length;
      return { ok: response.ok, json: () => readAnswer(response, url, calls) };
    },
  };
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: streamLink({ url, timeoutMs, retries, fetch: send, headers }),
        false: [
          callLink({ url, timeoutMs, retries }),
          splitLink({
            condition: ({ type }) => type === "query",
            // The server takes 100 calls in one request, and proxies about 8 kB of address.
            true: httpBatchLink({ ...http, maxItems: 50, maxURLLength: 4000 }),
            // On its own: a connection takes seconds, and must not hold back what is asked beside it.
            false: httpLink(http),
          }),
        ],
      }),
    ],
  });
}
