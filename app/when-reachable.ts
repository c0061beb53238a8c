/**
 * How long to wait between two requests to a server that did not respond, and for each response, in
 * milliseconds.
 */
const pause = 3_000;
const responseTimeMs = 10_000;

/**
 * Calls `call` once a server whose release `fits` responds, which is usually immediately. A failed load would
 * replace the page, so none is started before that. Returns a function that cancels it.
 */
export function whenReachable(
  call: () => void,
  fits: (release: unknown) => boolean = () => true,
): () => void {
  let wanted = true;
  const ask = async () => {
    const signal = AbortSignal.timeout(responseTimeMs);
    const health = await fetch("/healthz", { cache: "no-store", signal })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (!wanted) return;
    if (health && fits(health.release)) call();
    else setTimeout(ask, pause);
  };
  void ask();
  return () => {
    wanted = false;
  };
}
