import { scryptChannel } from "../../server/auth/scrypt.ts";

/** Counts the password hashes that this process has computed since. */
export interface HashCount {
  /** Hashes that were started. */
  begun: number;
  /** The maximum that ran at the same time. */
  atOnce: number;
  stop(): void;
}

/** Counts scrypt calls in this process, where the test's server runs too, until `stop`. */
export function countHashes(): HashCount {
  let underWay = 0;
  const subscribers = {
    start() {
      underWay += 1;
      count.begun += 1;
      count.atOnce = Math.max(count.atOnce, underWay);
    },
    end() {},
    asyncStart() {
      underWay -= 1;
    },
    asyncEnd() {},
    error() {},
  };
  scryptChannel.subscribe(subscribers);
  const count: HashCount = {
    begun: 0,
    atOnce: 0,
    stop: () => scryptChannel.unsubscribe(subscribers),
  };
  return count;
}
