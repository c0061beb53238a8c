/**
 * Waits until something is so; rejects when it takes far longer than it should on a busy machine.
 * What takes long is asked for less often: asking costs those who work on it.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const begun = Date.now();
  while (!(await condition())) {
    const waited = Date.now() - begun;
    if (waited > 40_000) throw new Error(`not so in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(20 + waited / 10, 200)));
  }
}
