import { createHook } from "node:async_hooks";

/** The password hashes that this process has computed since. */
export interface HashCount {
  /** Hashes begun. */
  begun: number;
  /** The most that were under way at once. */
  atOnce: number;
  stop(): void;
}

/** Counts scrypt in this process, where the test's server runs too, until `stop`. */
export function countHashes(): HashCount {
  const underWay = new Set<number>();
  const hook = createHook({
    init(id, type) {
      if (type !== "SCRYPTREQUEST") return;
      underWay.add(id);
      count.begun += 1;
      count.atOnce = Math.max(count.atOnce, underWay.size);
    },
    before(id) {
      underWay.delete(id);
    },
  }).enable();
  const count: HashCount = { begun: 0, atOnce: 0, stop: () => void hook.disable() };
  return count;
}
