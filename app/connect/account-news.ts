/**
 * Called with the data version after a change, or null where it is unknown. `isNew`: it is higher than any that this
 * tab knew, which it is not after a restore of the database.
 */
type Listener = (dataVersion: number | null, isNew: boolean) => void;

/** What tabs send instead of a data version once the session has ended. */
const ended = "ended";

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
    if (data === ended) return void window.__remixRouter.revalidate();
    const dataVersion = typeof data === "number" ? data : null;
    const { newest } = tabs;
    if (dataVersion !== null && dataVersion < newest) channel.postMessage(newest);
    tabs.newest = Math.max(newest, dataVersion ?? 0);
    for (const listener of listeners) listener(dataVersion, (dataVersion ?? 0) > newest);
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
  send(dataVersion);
}

/**
 * Notifies the user's tabs, including this one, that the session has ended: each reloads its page's data, and is
 * redirected to the log-in.
 */
export function announceEnd(): void {
  send(ended);
}

function send(message: number | null | typeof ended): void {
  if (!joined) return;
  const channel = new BroadcastChannel(joined.name);
  channel.postMessage(message);
  channel.close();
}

/** Calls `listener` when a tab announces a change. Returns a function that stops it. */
export function onAccountNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Returns the newest data version that this tab knows. */
export const newestKnown = (): number => joined?.newest ?? 0;
