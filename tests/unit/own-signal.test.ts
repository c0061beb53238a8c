import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { z } from "zod";
import { withOwnSignal } from "../../server/jobs/own-signal.ts";
import { createCalls } from "../../server/plaid/calls.ts";
import { createLog } from "../../server/telemetry/log.ts";

const limits = { plaidCall: 20, plaidBackoff: 1, plaidWait: 10 };
const call = createCalls("client", async () => 0, createLog("silent"), limits);

/** What Node keeps for each `AbortSignal.any` of this signal, even after that is collected. */
function dependantsOf(signal: AbortSignal): number {
  const name = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kDependantSignals",
  );
  return name ? ((signal as unknown as Record<symbol, Set<unknown>>)[name]?.size ?? 0) : 0;
}

test("Jobs leave nothing on the signal of their process, however often they call Plaid", async () => {
  const { signal } = new AbortController();
  let inJob = 0;
  for (let n = 0; n < 20; n++) {
    await withOwnSignal(signal, async (own) => {
      await call("/x", z.unknown(), async () => ({ data: null }), { signal: own });
      inJob += dependantsOf(own);
    });
  }
  // The calls did use it.
  expect(inJob).toBe(20);
  expect(dependantsOf(signal)).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("A job's own signal aborts with its process, also when that was aborted before", async () => {
  const stop = new AbortController();
  const reason = new Error("stopping");
  await withOwnSignal(stop.signal, async (own) => {
    expect(own.aborted).toBe(false);
    stop.abort(reason);
    expect(own.reason).toBe(reason);
  });
  await withOwnSignal(stop.signal, async (own) => expect(own.reason).toBe(reason));
});
