import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import type { AppRouter } from "../server/api/router.ts";

/** Longer than the server's own limit on a connection, in milliseconds: its answer should win. */
const callTimeout = 60_000;

/**
 * The typed client of the page. One call a request: a connection being made must not hold back what
 * is asked beside it, as a batch would.
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
