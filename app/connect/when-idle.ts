/** Where a browser cannot tell when it is idle, this is late enough. Milliseconds. */
const lateEnough = 1_000;

/** Calls once the browser has nothing better to do. Returns how to call it off. */
export function whenIdle(call: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(call, lateEnough);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(call);
  return () => cancelIdleCallback(handle);
}
