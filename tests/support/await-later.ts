/**
 * Returns a promise that the test awaits after other steps. If one of those fails first, nobody awaits it any more,
 * and its rejection would fail the whole run.
 */
export function awaitLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
