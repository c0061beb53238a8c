import { expect, test, vi } from "vitest";
import { SharedRuns } from "../../server/connect/shared-runs.ts";
import type { ConnectAccountOutput } from "../../server/contracts/connect.ts";
import { timeLimits } from "../../server/time-limits.ts";

const connected = { outcome: "connected", accounts: [] } as unknown as ConnectAccountOutput;
const request = { publicToken: "public-sandbox-1" };

test("SharedRuns runs the same request of one user once, and gives the others its Item", async () => {
  const runs = new SharedRuns(timeLimits);
  const work = vi.fn(async () => connected);
  const all = await Promise.all([1, 2, 3].map(() => runs.run("u", request, work)));
  expect(work).toHaveBeenCalledTimes(1);
  expect(all.map(({ outcome }) => outcome)).toEqual([
    "connected",
    "already_connected",
    "already_connected",
  ]);
  await runs.run("u", request, work);
  expect(work).toHaveBeenCalledTimes(2);
});

test("SharedRuns shares nothing between users, tokens or choices", async () => {
  const runs = new SharedRuns(timeLimits);
  const work = vi.fn(async () => connected);
  await Promise.all([
    runs.run("u", request, work),
    runs.run("v", request, work),
    runs.run("u", { publicToken: "public-sandbox-2" }, work),
    runs.run("u", { ...request, connectAnyway: true }, work),
  ]);
  expect(work).toHaveBeenCalledTimes(4);
});

test("SharedRuns lets the next request run when one fails, one after the other", async () => {
  const runs = new SharedRuns(timeLimits);
  let [running, begun] = [0, 0];
  const work = async () => {
    expect(++running).toBe(1);
    begun += 1;
    const fails = begun < 3;
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    if (fails) throw new Error("work failed");
    return connected;
  };
  const all = await Promise.allSettled([1, 2, 3, 4, 5].map(() => runs.run("u", request, work)));
  expect(begun).toBe(3);
  expect(
    all.map((one) => (one.status === "fulfilled" ? one.value.outcome : one.reason.message)),
  ).toEqual(["work failed", "work failed", "connected", "already_connected", "already_connected"]);
});

test("SharedRuns returns busy when the others take too long", async () => {
  vi.useFakeTimers();
  try {
    const runs = new SharedRuns(timeLimits);
    let end = (_output: ConnectAccountOutput) => {};
    const first = runs.run("u", request, () => new Promise((resolve) => (end = resolve)));
    const second = runs.run("u", request, async () => connected).catch((error) => error.reason);
    await vi.advanceTimersByTimeAsync(timeLimits.connectWait);
    expect(await second).toBe("busy");
    end(connected);
    expect(await first).toBe(connected);
  } finally {
    vi.useRealTimers();
  }
});
