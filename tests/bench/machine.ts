import { scryptSync } from "node:crypto";

/** How fast and how busy the machine is. On shared hosts both change within minutes. */
export interface MachineSpeed {
  /** Milliseconds that one password hash of the product takes, the median of five. */
  hashMs: number;
  /** The share of two seconds in which a busy loop did not run, from 0 to 1. */
  lost: number;
}

export function machineSpeed(): MachineSpeed {
  const hashes = Array.from({ length: 5 }, () => {
    const started = performance.now();
    scryptSync("password", "salt", 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 27 });
    return performance.now() - started;
  }).sort((a, b) => a - b);
  const until = performance.now() + 2_000;
  let [last, lost] = [performance.now(), 0];
  while (last < until) {
    const now = performance.now();
    // One pass of this loop takes microseconds.
    if (now - last > 1) lost += now - last;
    last = now;
  }
  return { hashMs: hashes[2] as number, lost: lost / 2_000 };
}
