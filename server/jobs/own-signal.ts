import { setMaxListeners } from "node:events";

/**
 * Runs a job with a signal of its own, which aborts when `process` does. `AbortSignal.any`, which each call to Plaid
 * uses, leaves something on its signals for as long as they live, and `process` lives as long as the process.
 */
export async function withOwnSignal(
  process: AbortSignal | undefined,
  job: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const follow = () => own.abort(process?.reason);
  if (process) {
    // One for each job that runs.
    setMaxListeners(0, process);
    if (process.aborted) follow();
    process.addEventListener("abort", follow);
  }
  try {
    await job(own.signal);
  } finally {
    process?.removeEventListener("abort", follow);
  }
}
