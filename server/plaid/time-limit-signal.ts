/** A timer that fires this much after its time, in milliseconds, fires in a process that was paused. */
const pausedFor = 100;
/** Milliseconds that a process that was paused gets to read what has arrived meanwhile. */
const catchUp = 500;

/**
 * A signal that aborts after `ms` milliseconds, like `AbortSignal.timeout`, but never before data that
 * has arrived is read. A process that was frozen wakes up with its timers due and Plaid's response in
 * its socket; the response may hold an access token that nobody else has.
 */
export function timeLimitSignal(ms: number): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException("The time limit is over", "TimeoutError"));
  const due = performance.now() + ms;
  const fire = () => {
    // The event loop reads its sockets before it runs immediates.
    if (performance.now() - due < pausedFor) setImmediate(abort);
    else setTimeout(abort, catchUp).unref();
  };
  setTimeout(fire, ms).unref();
  return controller.signal;
}
