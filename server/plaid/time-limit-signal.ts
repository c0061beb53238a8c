/** When a timer fires this many milliseconds late, the process was paused. */
const pausedFor = 100;
/** Milliseconds that a process gets after a pause to read the responses that have arrived. */
const catchUp = 500;

/**
 * Returns a signal that aborts after `ms` milliseconds, like `AbortSignal.timeout`, but never before data
 * that has arrived is read. A process that was frozen wakes up with its timers due and Plaid's response in
 * its socket. That response may contain an access token that is stored nowhere else.
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
