import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import type { AppRouter } from "../server/api/router.ts";

/**
 * Longer than the server's own limit of a connection, in milliseconds, so that its response arrives first.
 */
const callTimeout = 60_000;

/**
 * The typed client of the page. It sends one call per request: in a batch, a slow connection would delay the
 * other calls.
 */
export const trpc = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === "subscription",
      true: httpSubscriptionLink({ url: "/trpc" }),
      false: httpLink({
        url: "/trpc",
        fetch: (url, options) =>
          fetch(url, { ...(options as RequestInit), signal: AbortSignal.timeout(callTimeout) }),
      }),
    }),
  ],
});
