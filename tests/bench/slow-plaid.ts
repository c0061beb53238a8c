import { fork } from "node:child_process";
import { once } from "node:events";
import { type Figure, median, quantile, spread } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import type { World } from "./world.ts";

const clients = 200;
const latency = 2_000;
/** A key may read 600 times a minute, so this many keys alternate, one read every 25 ms. */
const readers = 6;

/**
 * 200 users connect at once while each call to Plaid takes 2 s, and retry as a busy server tells them to,
 * until each is connected. Another user reads all the time, which is compared with the same reads alone.
 */
export async function* benchSlowPlaid(world: World): AsyncGenerator<Figure> {
  const app = await startProcess("app", { ...world.env, PORT: "0" });
  try {
    const key = async () => world.key(await world.user());
    const reading = await Promise.all(Array.from({ length: readers }, key));
    const keys = await Promise.all(Array.from({ length: clients }, key));
    const tokens = await Promise.all(keys.map(() => world.publicToken()));
    await reads(app.url, reading, pause(2_000));
    const before = await reads(app.url, reading, pause(20_000));
    await world.control("settings", { latency_ms: latency });
    const started = performance.now();
    // A process of its own, so that these requests do not delay the clock of the reads.
    const crowd = fork(import.meta.filename, { execArgv: ["--import", "tsx"] });
    const died = once(crowd, "exit").then(() => {
      throw new Error("the process that connects has exited");
    });
    const answer = Promise.race([once(crowd, "message"), died]);
    crowd.send({ url: app.url, keys, tokens } satisfies Crowd);
    const beside = await reads(app.url, reading, answer);
    const seconds = (performance.now() - started) / 1000;
    const [refusals] = (await answer) as [Record<string, number>];
    const told = Object.entries(refusals).map(([reason, count]) => `${count} times ${reason}`);
    await world.control("settings", { latency_ms: 0 });
    const alone = [...before, ...(await reads(app.url, reading, pause(20_000)))];
    const p99 = (values: number[]) => quantile(values, 0.99);
    const said = (values: number[]) =>
      `${p99(values).toFixed(2)} ms; all: ${spread(values, "ms")}, ${values.length} reads`;
    yield {
      name: `p99 of \`accounts.list\` beside ${clients} connections while each call to Plaid takes 2 s, against alone`,
      goal: { atMost: 1.5 },
      value: p99(beside) / p99(alone),
      unit: "x",
      ours: said(beside),
      floor: said(alone),
      bound:
        "the reads share one process, and one processor, with what the connections do between their calls to Plaid.",
      note: `all ${clients} are sent at once. A refused one retries after Retry-After and up to half of it more, until all are connected: ${seconds.toFixed(0)} s, ${told.join(", ")}. Reads are sent one after the other, 25 ms apart, all that time; alone for 20 s before and 20 s after. Ratio of the medians: ${(median(beside) / median(alone)).toFixed(2)}x.`,
    };
  } finally {
    await app.stop();
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Milliseconds of each read, one after the other until `end`. */
async function reads(url: string, keys: string[], end: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let ended = false;
  const watch = end.finally(() => {
    ended = true;
  });
  for (let n = 0; !ended; n++) {
    const started = performance.now();
    await readAccounts(url, keys[n % keys.length] ?? "");
    times.push(performance.now() - started);
    await pause(25);
  }
  await watch;
  return times;
}

interface Crowd {
  url: string;
  keys: string[];
  tokens: string[];
}

/** Connects all at once and retries the refused ones when Retry-After says. Returns how often each reason came. */
async function connectAll({ url, keys, tokens }: Crowd): Promise<Record<string, number>> {
  const refusals: Record<string, number> = {};
  await Promise.all(
    keys.map(async (key, n) => {
      for (;;) {
        const refused = await exchange(url, key, tokens[n] ?? "");
        if (refused === null) return;
        refusals[refused.reason] = (refusals[refused.reason] ?? 0) + 1;
        await pause(refused.retryAfter * 1000 * (1 + Math.random() / 2));
      }
    }),
  );
  return refusals;
}

if (process.argv[1] === import.meta.filename) {
  process.once("message", async (crowd: Crowd) => {
    process.send?.(await connectAll(crowd));
    process.disconnect();
  });
}
