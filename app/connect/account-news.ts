const name = "fiscility.accounts";

/** Tells this browser's other tabs that the person's accounts have changed. */
export function announceAccounts(): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(null);
  channel.close();
}

/** Calls back when another tab announces a change. Returns how to stop listening. */
export function onAccountNews(listener: () => void): () => void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = listener;
  return () => channel.close();
}
