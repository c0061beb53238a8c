import { expect, inject, test } from "vitest";
import { runChaos } from "../chaos/run-chaos.ts";
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
    const { books, responses, kills, restarts, pauses, redisOutages, staleReads, vanished, left } =
      run;
    expect(books).toMatchObject({
      orphans: 0,
      duplicates: 0,
      overdrafts: 0,
      partial: 0,
      unfinished: 0,
      lost: 0,
    });
    expect(staleReads).toBe(0);
    expect(vanished).toBe(0);
    expect(left).toBe(0);
    // It was no walk in the park.
    expect(kills).toBeGreaterThan(0);
    expect(pauses).toBeGreaterThan(0);
    expect(restarts).toBeGreaterThan(0);
    expect(redisOutages).toBeGreaterThan(0);
    expect(responses.connected).toBeGreaterThan(10);
    expect(Object.keys(responses).length).toBeGreaterThan(4);
  },
  // A machine with other things to do takes three times what a free one does.
  180_000,
);
