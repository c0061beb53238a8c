/** Called with the new data version, or null where it is unknown. */
type Listener = (dataVersion: number | null) => void;

const listeners = new Set<Listener>();

/** The user's tabs, while this one has joined them. */
let joined: { name: string; newest: number } | null = null;

/** The name of what the tabs of one user in this browser share. Another user may have logged in elsewhere. */
export const nameOfTabs = (userId: string) => `fiscility.accounts.${userId}`;

/**
 * Joins the user's tabs in this browser, in one channel for all pages: what arrives between two pages, or while
 * a page without a listener is shown, must not be lost. `since` is the data version that the tab was loaded
 * with; a tab that knows a later one responds. Returns a function that leaves them.
 */
export function joinTabs(userId: string, since: number): () => void {
  const tabs = { name: nameOfTabs(userId), newest: since };
  const channel = new BroadcastChannel(tabs.name);
  channel.onmessage = ({ data }) => {
    const dataVersion = typeof data === "number" ? data : null;
    if (dataVersion !== null) {
      if (dataVersion < tabs.newest) channel.postMessage(tabs.newest);
      if (dataVersion <= tabs.newest) return;
      tabs.newest = dataVersion;
    }
    for (const listener of listeners) listener(dataVersion);
  };
  channel.postMessage(since);
  joined = tabs;
  return () => {
    channel.close();
    if (joined === tabs) joined = null;
  };
}

/**
 * Notifies the user's tabs, including this one, that the user's accounts changed: with the new data version, or
 * null where it is unknown.
 */
export function announceAccounts(dataVersion: number | null): void {
  if (!joined) return;
  const channel = new BroadcastChannel(joined.name);
  channel.postMessage(dataVersion);
  channel.close();
}

/** Calls `listener` when a tab announces a change that this one did not know. Returns a function that stops it. */
export function onAccountNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Returns the newest data version that this tab knows. */
export const newestKnown = (): number => joined?.newest ?? 0;
