/** Waits until something is so; rejects when it takes far longer than it should on a busy machine. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const give = Date.now() + 40_000;
  while (!(await condition())) {
    if (Date.now() > give) throw new Error(`not so in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
