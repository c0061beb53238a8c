/**
 * Waits until a condition holds, in programs and in a test file's set-up. Tests use `expect.poll`, which
 * reports the last value. Polls less often the longer it waits. Rejects after 40 seconds.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const begun = Date.now();
  while (!(await condition())) {
    const waited = Date.now() - begun;
    if (waited > 40_000) throw new Error(`timed out: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(20 + waited / 10, 200)));
  }
}
