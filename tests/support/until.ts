/**
 * Waits until a condition holds, in programs and in a test file's set-up. Tests use `expect.poll`, which
 * reports the last value. Polls less often the longer it waits. Rejects after `seconds`.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds = 40,
): Promise<void> {
  const begun = Date.now();
  while (!(await condition())) {
    const waited = Date.now() - begun;
    if (waited > seconds * 1000) throw new Error(`timed out: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(20 + waited / 10, 200)));
  }
}
