import { expect, test, vi } from "vitest";
import { ConnectGate } from "../../server/connect/connect-gate.ts";
import { timeLimits } from "../../server/time-limits.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

test("The connect gate admits one connection for each user, and no more than the pool holds", async () => {
  const gate = new ConnectGate(3, timeLimits);
  const inside: string[] = [];
  let most = 0;
  const users = Array.from({ length: 30 }, (_, i) => `u${i % 10}`);
  await Promise.all(
    users.map((user) =>
      gate.run(user, async () => {
        expect(inside).not.toContain(user);
        inside.push(user);
        most = Math.max(most, inside.length);
        await turn();
        inside.splice(inside.indexOf(user), 1);
      }),
    ),
  );
  expect(most).toBe(3);
});

test("The connect gate returns busy at once when its queue is full, and admits the next after a failure", async () => {
  const gate = new ConnectGate(1, timeLimits);
  const runs = Array.from({ length: 150 }, () =>
    gate.run("u", async () => {
      await turn();
      throw new Error("work failed");
    }),
  );
  const reasons = (await Promise.allSettled(runs)).map((r) => (r as PromiseRejectedResult).reason);
  expect(reasons.filter((error) => error.reason === "busy")).toHaveLength(49);
  expect(reasons.filter((error) => error.message === "work failed")).toHaveLength(101);
});

test("The connect gate returns busy when a wait takes too long, and keeps the order of the others", async () => {
  vi.useFakeTimers();
  try {
    const gate = new ConnectGate(1, timeLimits);
    let end = () => {};
    const first = gate.run("a", () => new Promise<void>((resolve) => (end = resolve)));
    const second = gate.run("b", async () => "second").catch((error) => error.reason);
    await vi.advanceTimersByTimeAsync(timeLimits.connectWait - 1);
    const third = gate.run("c", async () => "third");
    await vi.advanceTimersByTimeAsync(1);
    end();
    expect(await Promise.all([first, second, third])).toEqual([undefined, "busy", "third"]);
  } finally {
    vi.useRealTimers();
  }
});

test("The connect gate starts waiting connections one after the other, even when all before them end at once", async () => {
  vi.useFakeTimers();
  try {
    const gate = new ConnectGate(4, timeLimits);
    let end = () => {};
    const before = new Promise<void>((resolve) => (end = resolve));
    const begun: number[] = [];
    const runs = Array.from({ length: 8 }, (_, n) =>
      gate.run(`u${n}`, async () => {
        if (n < 4) return before;
        begun.push(performance.now());
      }),
    );
    end();
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(runs);
    const gaps = begun.slice(1).map((at, n) => at - (begun[n] ?? 0));
    expect(gaps).toHaveLength(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20);
  } finally {
    vi.useRealTimers();
  }
});
