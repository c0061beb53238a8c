import { expect, test } from "vitest";
import { createReadiness } from "../../server/http/readiness.ts";

/** Readiness with the test's own clock, and the number of its queries. */
function readinessOf(respond: () => Promise<string[]>) {
  const stopping = new AbortController();
  let now = 0;
  let asked = 0;
  let prepared = true;
  const count = () => {
    asked += 1;
    return respond();
  };
  const readiness = createReadiness(
    count,
    { stopping: stopping.signal, isPrepared: () => prepared },
    () => now,
  );
  return {
    readiness,
    stop: () => stopping.abort(),
    pass: (ms: number) => {
      now += ms;
    },
    asked: () => asked,
    prepare: (is: boolean) => {
      prepared = is;
    },
  };
}

test("Readiness sends PostgreSQL one query for all calls within a second", async () => {
  const { readiness, pass, asked } = readinessOf(async () => []);
  const together = await Promise.all(Array.from({ length: 1_000 }, () => readiness()));
  expect(new Set(together)).toEqual(new Set(["ok"]));
  for (let call = 0; call < 1_000; call++) await readiness();
  pass(999);
  await readiness();
  expect(asked()).toBe(1);
  pass(1);
  await readiness();
  expect(asked()).toBe(2);
});

test("Readiness reports within a second that the database went away or came back", async () => {
  let respond = async (): Promise<string[]> => [];
  const { readiness, pass } = readinessOf(() => respond());
  expect(await readiness()).toBe("ok");
  respond = () => Promise.reject(new Error("away"));
  expect(await readiness()).toBe("ok");
  pass(1_000);
  expect(await readiness()).toBe("database unreachable");
  respond = async () => ["022"];
  pass(1_000);
  expect(await readiness()).toBe("migrating");
});

test("Readiness reports at once that the process stops, also to calls that wait for PostgreSQL", async () => {
  const waiting: ((pending: string[]) => void)[] = [];
  const { readiness, stop, asked } = readinessOf(() => new Promise((done) => waiting.push(done)));
  const before = readiness();
  stop();
  expect(await readiness()).toBe("stopping");
  for (const done of waiting) done([]);
  expect(await before).toBe("stopping");
  expect(asked()).toBe(1);
});

test("Readiness is not ok until local mode has made its demo user", async () => {
  const { readiness, prepare } = readinessOf(async () => []);
  prepare(false);
  expect(await readiness()).toBe("starting");
  prepare(true);
  expect(await readiness()).toBe("ok");
});
