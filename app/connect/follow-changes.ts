import { toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts, onAccountNews } from "./account-news.ts";
import { announceFocus, untilFocused } from "./tab-focus.ts";

/** How long to wait before opening a stream again that the server or a proxy rejected, in milliseconds. */
const pauseBetween = 10_000;

/**
 * Follows the user's changes on the server and announces them to all tabs. Only one tab of a browser does so,
 * because a browser opens at most six connections to a server: the tab that holds the lock; when it closes,
 * another gets it. If the user has too many browsers open, the server ends the oldest stream; that browser
 * opens its stream again when the user looks at one of its tabs, because otherwise the browsers would keep
 * ending each other's streams. `since` is the data version that the page was loaded with. Without locks (on a
 * page without a secure context) there is no stream, and tabs refresh on focus.
 */
export function followChanges(userId: string, since: number): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  let latest = since;
  const stopHearing = onAccountNews((version) => {
    if (version !== null) latest = Math.max(latest, version);
  });

  /** Resolves when the stream is rejected, which does not include network errors, or when it is stopped. */
  async function followOnce(): Promise<unknown> {
    const trpc = await loadTrpc();
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const subscription = trpc.live.changes.subscribe(
        { lastEventId: String(latest) },
        {
          onData({ data }) {
            latest = data.dataVersion;
            announceAccounts(latest);
          },
          onError: resolve,
        },
      );
      const stop = () => {
        subscription.unsubscribe();
        resolve(null);
      };
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  async function lead(): Promise<void> {
    while (!signal.aborted) {
      const refused = await followOnce().catch((error: unknown) => error);
      const reason = refused && toFailure(refused).reason;
      if (reason === "unauthenticated") {
        // Logged out, here or elsewhere: every tab reloads its data, and is redirected to the log-in.
        announceAccounts(null);
        return;
      }
      if (reason === "stream_replaced") await untilFocused(signal);
      else if (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, pauseBetween * (0.5 + Math.random())));
      }
    }
  }

  const stopAnnouncing = announceFocus();
  const options = { signal };
  navigator.locks?.request(`fiscility.changes.${userId}`, options, lead).catch(() => {});
  return () => {
    stopHearing();
    stopAnnouncing();
    stopped.abort();
  };
}
