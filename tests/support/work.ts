import { Session } from "node:inspector/promises";

/** Counts the JavaScript that this process runs. */
export interface WorkCounter {
  /**
   * Returns how many functions and blocks (loop bodies, branches) ran during `task`, including libraries and
   * Node's own. The same task returns the same count within a few hundred, however slow the machine is.
   * Native code (`JSON.parse`, regular expressions, copying) counts as one call.
   */
  count(task: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts V8's precise coverage. Code that was loaded before is counted by function only, so start it before
 * the server is imported.
 * @see https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#method-startPreciseCoverage
 */
export async function startWorkCounter(): Promise<WorkCounter> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const take = async () => {
    const { result } = await session.post("Profiler.takePreciseCoverage");
    let total = 0;
    for (const { functions } of result)
      for (const { ranges } of functions) for (const { count } of ranges) total += count;
    return total;
  };
  return {
    async count(task) {
      await take();
      await task();
      return take();
    },
    async stop() {
      await session.post("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}
