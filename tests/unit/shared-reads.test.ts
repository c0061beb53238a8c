import { expect, test } from "vitest";
import { SharedReads } from "../../server/auth/shared-reads.ts";

test("Calls during a read share the next read, which begins after them", async () => {
  const reads = new SharedReads<number>();
  const begun: ((value: number | Error) => void)[] = [];
  const load = () =>
    new Promise<number>((resolve, reject) =>
      begun.push((value) => (value instanceof Error ? reject(value) : resolve(value))),
    );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const first = reads.read("a", load);
  const second = [reads.read("a", load), reads.read("a", load), reads.read("a", load)];
  const other = reads.read("b", load);
  expect(begun).toHaveLength(2);
  begun[0]?.(1);
  begun[1]?.(10);
  expect([await first, await other]).toEqual([1, 10]);
  await settle();
  expect(begun).toHaveLength(3);
  const third = [reads.read("a", load), reads.read("a", load)];
  begun[2]?.(2);
  expect(await Promise.all(second)).toEqual([2, 2, 2]);
  await settle();
  // A failed read fails for the calls that share it, and for no later call.
  begun[3]?.(new Error("away"));
  await Promise.all(third.map((one) => expect(one).rejects.toThrow("away")));
  await settle();
  const fourth = reads.read("a", load);
  begun[4]?.(4);
  expect(await fourth).toBe(4);
  expect(begun).toHaveLength(5);
});
