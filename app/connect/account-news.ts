const name = "fiscility.accounts";

/**
 * Notifies the tabs of this browser, including this one, that the user's accounts changed: with the new data
 * version, or null where it is unknown.
 */
export function announceAccounts(dataVersion: number | null): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(dataVersion);
  channel.close();
}

/** Calls `listener` when a tab announces a change. Returns a function that stops it. */
export function onAccountNews(listener: (dataVersion: number | null) => void): () => void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => listener(typeof data === "number" ? data : null);
  return () => channel.close();
}
