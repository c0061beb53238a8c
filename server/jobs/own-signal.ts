import { setMaxListeners } from "node:events";

/**
 * Runs a job with a signal of its own, which aborts when `shared` does. `AbortSignal.any`, which each call to Plaid
 * uses, leaves something on its signals for as long as they live, and `shared` lives as long as the process.
 */
export async function withOwnSignal(
  shared: AbortSignal | undefined,
  job: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const follow = () => own.abort(shared?.reason);
  if (shared) {
    // One for each job that runs.
    setMaxListeners(0, shared);
    if (shared.aborted) follow();
    shared.addEventListener("abort", follow);
  }
  try {
    await job(own.signal);
  } finally {
    shared?.removeEventListener("abort", follow);
  }
}
