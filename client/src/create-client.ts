import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  splitLink,
  type TRPCClient,
} from "@trpc/client";
import type { AppRouter } from "../../server/api/router.ts";
import { callLink } from "./call-link.ts";
import { clientFailure } from "./fiscility-error.ts";
import { streamLink } from "./stream-link.ts";
import { readAnswer } from "./to-fiscility-error.ts";

export interface ClientOptions {
  /** Where Fiscility is: `https://connect.example.com`. */
  baseUrl: string;
  /** `fsk_…`, made at `/settings/api-keys`. Without one, a page of the app itself uses its session. */
  apiKey?: string;
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
  if (apiKey !== undefined && !/^fsk_[0-9a-f]{16}_[0-9a-f]{72}$/.test(apiKey)) {
    const message = "The apiKey is not a Fiscility key: fsk_ and 89 characters more.";
    throw clientFailure("invalid_options", { option: "apiKey" }, { message });
  }
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

function readBaseUrl(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash) {
    return url.href.replace(/\/+$/, "");
  }
  const message = `The baseUrl is not the address of a server, like https://connect.example.com: ${baseUrl}`;
  throw clientFailure("invalid_options", { option: "baseUrl" }, { message });
}
