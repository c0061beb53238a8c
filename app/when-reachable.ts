/** Between two questions to a server that did not answer, and for each answer, in milliseconds. */
const pause = 3_000;
const answerTime = 10_000;

/**
 * Calls once the server answers, which is at once as a rule. A load that fails takes the page away: so
 * none is begun before. Returns how to call it off.
 */
export function whenReachable(call: () => void): () => void {
  let wanted = true;
  const ask = async () => {
    const signal = AbortSignal.timeout(answerTime);
    const answer = await fetch("/healthz", { cache: "no-store", signal }).catch(() => null);
    if (!wanted) return;
    if (answer?.ok) call();
    else setTimeout(ask, pause);
  };
  void ask();
  return () => {
    wanted = false;
  };
}
