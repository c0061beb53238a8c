import { toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import {
  announceAccounts,
  announceEnd,
  joinTabs,
  nameOfTabs,
  newestKnown,
} from "./account-news.ts";
import { announceFocus, untilFocused } from "./tab-focus.ts";

/** How long to wait before opening a stream again that the server or a proxy rejected, in milliseconds. */
const pauseBetween = 10_000;

/**
 * Follows the user's changes on the server and announces them to all tabs. Only one tab of a browser does so,
 * because a browser opens at most six connections to a server: the tab that holds the lock; when it closes, or
 * has no stream, another gets it. If the user has too many browsers open, the server ends the oldest stream; that
 * browser opens its stream again when the user looks at one of its tabs, because otherwise the browsers would keep
 * ending each other's streams. `since` is the data version that the page was loaded with. Without locks (on a
 * page without a secure context) there is no stream, and tabs refresh on focus.
 */
export function followChanges(userId: string, since: number): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  const leave = joinTabs(userId, since);

  /** Resolves when the stream is rejected, which does not include network errors, or when it is stopped. */
  async function followOnce(): Promise<unknown> {
    const trpc = await loadTrpc();
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const end = (error: unknown) => {
        signal.removeEventListener("abort", stop);
        resolve(error);
      };
      const subscription = trpc.live.changes.subscribe(
        { lastEventId: String(newestKnown()) },
        { onData: ({ data }) => announceAccounts(data.dataVersion), onError: end },
      );
      const stop = () => {
        subscription.unsubscribe();
        end(null);
      };
      signal.addEventListener("abort", stop);
    });
  }

  /** Returns when another tab may be able to open the stream that this one cannot. */
  async function lead(): Promise<void> {
    while (!signal.aborted) {
      const refused = await followOnce().catch((error: unknown) => error);
      const reason = refused && toFailure(refused).reason;
      // Logged out, here or elsewhere.
      if (reason === "unauthenticated") announceEnd();
      else if (reason !== "stream_replaced") return;
      await untilFocused(signal);
    }
  }

  async function follow(locks: LockManager): Promise<void> {
    while (!signal.aborted) {
      await locks.request(nameOfTabs(userId), { signal }, lead);
      await new Promise((resolve) => setTimeout(resolve, pauseBetween * (0.5 + Math.random())));
    }
  }

  const stopAnnouncing = announceFocus();
  if (navigator.locks) follow(navigator.locks).catch(() => {});
  return () => {
    leave();
    stopAnnouncing();
    stopped.abort();
  };
}
