const name = "fiscility.accounts";

/**
 * Tells this browser's tabs, this one included, that the person's accounts have changed: to which
 * data version, or null where that is not known.
 */
export function announceAccounts(dataVersion: number | null): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(dataVersion);
  channel.close();
}

/** Calls back when a tab announces a change. Returns how to stop listening. */
export function onAccountNews(listener: (dataVersion: number | null) => void): () => void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => listener(typeof data === "number" ? data : null);
  return () => channel.close();
}
