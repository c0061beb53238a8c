import { expect, test } from "vitest";
import { Gate } from "../../server/gate.ts";
import { maxSockets, openFilesLimit } from "../../server/sockets.ts";

const many = Number.POSITIVE_INFINITY;

/** A gate, and the running work of each user. */
function gateOf(all: number, each: number, waiting = many, turn = 10_000) {
  const gate = new Gate({
    inside: { all, each },
    waiting: { all: many, each: waiting },
    waitMs: turn,
    refusal: (own) => new Error(own ? "own" : "all"),
  });
  const inside: string[] = [];
  const leave = new Map<string, () => void>();
  const enter = (userId: string, name = userId) =>
    gate.run(userId, async () => {
      inside.push(name);
      await new Promise<void>((resolve) => leave.set(name, resolve));
      inside.splice(inside.indexOf(name), 1);
    });
  return { enter, inside, leave: (name: string) => leave.get(name)?.() };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("A gate lets others pass a user who is at the limit, and keeps the order of the queue", async () => {
  const { enter, inside, leave } = gateOf(3, 2);
  const done = [
    ...["a1", "a2", "a3"].map((name) => enter("a", name)),
    ...["b1", "b2"].map((name) => enter("b", name)),
  ];
  await settle();
  expect(inside).toEqual(["a1", "a2", "b1"]);
  leave("b1");
  await settle();
  expect(inside).toEqual(["a1", "a2", "b2"]);
  leave("a1");
  await settle();
  expect(inside).toEqual(["a2", "b2", "a3"]);
  for (const name of ["a2", "b2", "a3"]) leave(name);
  await Promise.all(done);
  expect(inside).toEqual([]);
});

test("A gate rejects a user who may not wait, at the user's limit and at the overall limit", async () => {
  const { enter, leave } = gateOf(2, 1, 1, 20);
  const first = enter("a");
  const late = enter("a", "late").catch((error: Error) => error.message);
  await expect(enter("a", "too many")).rejects.toThrow("own");
  expect(await late).toBe("own");
  const second = enter("b");
  await expect(enter("c")).rejects.toThrow("all");
  leave("a");
  leave("b");
  await Promise.all([first, second]);
  const third = enter("c");
  await settle();
  leave("c");
  await third;
});

test("The limit on sockets follows from open files, up to what memory allows", () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
  expect(maxSockets(1_024, 20_000)).toBe(819);
  expect(maxSockets(100, 20_000)).toBe(50);
  expect(maxSockets(1_048_576, 20_000)).toBe(20_000);
  expect(maxSockets(Number.POSITIVE_INFINITY, 20_000)).toBe(20_000);
});
