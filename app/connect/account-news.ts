const name = "fiscility.accounts";

type Listener = (dataVersion: number | null) => void;

/** One channel for all listeners of this tab: one that each page opened would lose what arrives between two pages. */
let channel: BroadcastChannel | undefined;
const listeners = new Set<Listener>();
let newest = 0;

/**
 * Notifies the tabs of this browser, including this one, that the user's accounts changed: with the new data
 * version, or null where it is unknown.
 */
export function announceAccounts(dataVersion: number | null): void {
  const own = new BroadcastChannel(name);
  own.postMessage(dataVersion);
  own.close();
}

/** Calls `listener` when a tab announces a change. Returns a function that stops it. */
export function onAccountNews(listener: Listener): () => void {
  listeners.add(listener);
  channel ??= new BroadcastChannel(name);
  channel.onmessage = ({ data }) => {
    const dataVersion = typeof data === "number" ? data : null;
    newest = Math.max(newest, dataVersion ?? 0);
    for (const each of listeners) each(dataVersion);
  };
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    channel?.close();
    channel = undefined;
    newest = 0;
  };
}

/** Returns the newest data version announced while this tab listened, which its layout does on every page. */
export const newestAnnounced = (): number => newest;
