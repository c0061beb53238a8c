import { expect, inject, test } from "vitest";
import { runFailover } from "../chaos/run-failover.ts";
import { zerosOf } from "../chaos/zeros-of.ts";

// The processes of a server are found in Linux's /proc.
test.skipIf(process.platform !== "linux")(
  "The books agree after a short failover: the primary dies and its standby is promoted (I1, I2, I3, I4, I5)",
  async () => {
    const isPooled = inject("pgbouncer") !== null;
    const run = await runFailover({ connects: 50, nodes: 2, seed: 3, isPooled, frozen: 0 });
    expect(Object.entries(zerosOf(run)).filter(([, n]) => n !== 0)).toEqual([]);
    expect(run.responses.connected).toBeGreaterThan(10);
    expect(run.responses.internal).toBeUndefined();
    expect(run.syncs?.webhooks).toBeGreaterThan(50);
    expect(run.syncs?.transactions).toBeGreaterThan(1_000);
  },
  180_000,
);
