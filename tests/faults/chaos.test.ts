import { expect, inject, test } from "vitest";
import { runChaos } from "../chaos/run-chaos.ts";
import { zerosOf } from "../chaos/zeros-of.ts";
import { isMatrix } from "../support/matrix.ts";

test.skipIf(!inject("redis"))(
  "The books agree after a short chaos run: nodes killed and paused, PostgreSQL and Redis down and back, Plaid failing (I1, I2, I3, I4, I5)",
  async () => {
    const run = await runChaos({
      connects: isMatrix ? 160 : 100,
      nodes: 2,
      seed: 7,
      longestPause: 3,
      takeJobs: false,
    });
    const { responses, kills, restarts, pauses, redisOutages } = run;
    expect(Object.entries(zerosOf(run)).filter(([, n]) => n !== 0)).toEqual([]);
    // The run did contain faults.
    expect(kills).toBeGreaterThan(0);
    expect(pauses).toBeGreaterThan(0);
    expect(restarts).toBeGreaterThan(0);
    expect(redisOutages).toBeGreaterThan(0);
    expect(responses.connected).toBeGreaterThan(10);
    expect(Object.keys(responses).length).toBeGreaterThan(4);
  },
  // A busy machine takes three times as long as an idle one.
  180_000,
);
