/**
 * How long to wait between two requests to a server that did not respond, and for each response, in
 * milliseconds.
 */
const pause = 3_000;
const responseTimeMs = 10_000;

/**
 * Calls `call` once the server responds, which is usually immediately. A failed load would replace the page,
 * so none is started before that. Returns a function that cancels it.
 */
export function whenReachable(call: () => void): () => void {
  let wanted = true;
  const ask = async () => {
    const signal = AbortSignal.timeout(responseTimeMs);
    const response = await fetch("/healthz", { cache: "no-store", signal }).catch(() => null);
    if (!wanted) return;
    if (response?.ok) call();
    else setTimeout(ask, pause);
  };
  void ask();
  return () => {
    wanted = false;
  };
}
