import { toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts, onAccountNews } from "./account-news.ts";
import { announceLooks, untilLookedAt } from "./looks.ts";

/** Before a stream that the server or a proxy refused is opened again, in milliseconds. */
const pauseBetween = 10_000;

/**
 * Follows the person's changes from the server and announces them to all tabs. One tab of a browser
 * does it for all, as a browser has six connections for a server: the tab that holds the lock; when
 * it closes, the next one has it. Where the user follows in too many browsers at once, the server ends
 * the oldest stream: that browser opens its own again when one of its tabs is looked at, as they would
 * otherwise end each other's for ever. `since` is the data version that the page was loaded with.
 * Without locks (a page that is not served safely) there is no stream, and tabs refresh on focus.
 */
export function followChanges(userId: string, since: number): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  let latest = since;
  const stopHearing = onAccountNews((version) => {
    if (version !== null) latest = Math.max(latest, version);
  });

  /** Until the stream is refused, which a broken network is not, or nobody wants it any more. */
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
        // Logged out, here or elsewhere: every tab asks again, and is led to the log-in.
        announceAccounts(null);
        return;
      }
      if (reason === "stream_replaced") await untilLookedAt(signal);
      else if (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, pauseBetween * (0.5 + Math.random())));
      }
    }
  }

  const stopAnnouncing = announceLooks();
  const options = { signal };
  navigator.locks?.request(`fiscility.changes.${userId}`, options, lead).catch(() => {});
  return () => {
    stopHearing();
    stopAnnouncing();
    stopped.abort();
  };
}
