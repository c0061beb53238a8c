import { expect, inject, test } from "vitest";
import { runChaos } from "../chaos/run-chaos.ts";
import { zerosOf } from "../chaos/zeros-of.ts";
import { isMatrix } from "../support/matrix.ts";

test.skipIf(!inject("redis"))(
  "I1 I2 I3 I4 I5 chaos, short: nodes killed and paused, PostgreSQL and Redis gone and back, Plaid at its worst, and the books agree",
  async () => {
    const run = await runChaos({
      connects: isMatrix ? 160 : 100,
      nodes: 2,
      seed: 7,
      longestPause: 3,
    });
    const { responses, syncs, kills, restarts, pauses, redisOutages } = run;
    expect(Object.entries(zerosOf(run)).filter(([, n]) => n !== 0)).toEqual([]);
    // It was no walk in the park.
    expect(kills).toBeGreaterThan(0);
    expect(pauses).toBeGreaterThan(0);
    expect(restarts).toBeGreaterThan(0);
    expect(redisOutages).toBeGreaterThan(0);
    expect(responses.connected).toBeGreaterThan(10);
    expect(syncs.webhooks).toBeGreaterThan(50);
    expect(syncs.transactions).toBeGreaterThan(1_000);
    expect(Object.keys(responses).length).toBeGreaterThan(4);
  },
  // A machine with other things to do takes three times what a free one does.
  180_000,
);
