import { expect, inject, test } from "vitest";
import { runFailover } from "../chaos/run-failover.ts";
import { right } from "../support/books.ts";

// The processes of a server are found in Linux's /proc.
test.skipIf(process.platform !== "linux")(
  "The books agree after a short failover: the primary dies and its standby is promoted (I1, I2, I3, I4, I5)",
  async () => {
    const isPooled = inject("pgbouncer") !== null;
    const run = await runFailover({ connects: 50, nodes: 2, seed: 3, isPooled, frozen: 0 });
    const { books, responses, staleReads, vanished, left } = run;
    expect(books).toEqual({ ...right, connected: books.connected });
    expect([staleReads, vanished, left]).toEqual([0, 0, 0]);
    expect(responses.connected).toBeGreaterThan(10);
    expect(responses.internal).toBeUndefined();
  },
  180_000,
);
