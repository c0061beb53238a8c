/** How long to wait in browsers that do not report when they are idle, in milliseconds. */
const fallbackDelay = 1_000;

/** Calls `call` once the browser is idle. Returns a function that cancels it. */
export function whenIdle(call: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(call, fallbackDelay);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(call);
  return () => cancelIdleCallback(handle);
}
