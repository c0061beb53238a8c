import { expect, inject, test } from "vitest";
import { runChaos } from "../chaos/run-chaos.ts";
import { isMatrix } from "../support/matrix.ts";

test.skipIf(!inject("redis"))(
  "The books agree after a short chaos run: nodes killed and paused, PostgreSQL and Redis down and back, Plaid failing (I1, I2, I3, I4, I5)",
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
