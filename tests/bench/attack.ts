import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../local/ports.ts";
import { startRedis } from "../support/redis.ts";
import { type Attack, startAttack } from "./attacker.ts";
import { amount, digits, type Figure, quantile } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { addUser, fill } from "./users.ts";
import type { World } from "./world.ts";

/** Other users, and the milliseconds between two reads of one of them: below the limit on a session. */
const others = 12;
const every = 120;
/**
 * Reads alone and reads under attack alternate, each for so many milliseconds. The lower quartile counts, on both
 * sides: a shared host takes the processor away for 20 to 60 ms at a time, and that alone sets the 99th percentile
 * of four seconds.
 */
const turnMs = 4_000;
const turns = 9;

const kinds: Attack["kind"][] = [
  ...(["unknown keys", "query parameters", "log-ins", "streams"] as const),
  ...(["half-sent bodies", "exports", "searches"] as const),
];
const history = 100_000;
const exported = 1_000_000;

/** Measures the reads of other users during an attack, and the memory of an export. */
export async function* benchAttack(world: World): AsyncGenerator<Figure> {
  const redis = await startRedis();
  const start = async () => {
    const port = await freePort();
    const own = { REDIS_URL: redis.url, PORT: String(port), APP_URL: `http://localhost:${port}` };
    return startProcess("app", { ...world.env, ...own, WORKER: "apart" }, { limited: true });
  };
  try {
    for (const kind of kinds) {
      // Each attack has its own node, so that it does not slow the next one.
      const app = await start();
      try {
        yield* underAttack(world, app.url, kind);
      } finally {
        await app.stop();
      }
    }
    const app = await start();
    try {
      yield await exportMemory(world, app);
    } finally {
      await app.stop();
    }
  } finally {
    await redis.stop();
  }
}

interface Reads {
  ms: number[];
  failed: number;
}

/** Each of these users calls `accounts.list` at a fixed pace, however late the responses are. */
async function readFor(url: string, cookies: string[], ms: number): Promise<Reads> {
  const into: Reads = { ms: [], failed: 0 };
  const until = performance.now() + ms;
  const read = async (cookie: string) => {
    const started = performance.now();
    const status = await fetch(`${url}/trpc/accounts.list`, { headers: { cookie } }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      // A request without a response failed, too.
      () => 599,
    );
    into.ms.push(performance.now() - started);
    if (status >= 500) into.failed++;
    else if (status !== 200) throw new Error(`accounts.list of another user: ${status}`);
  };
  await Promise.all(
    cookies.map(async (cookie, n) => {
      await pause((n * every) / cookies.length);
      const reads: Promise<void>[] = [];
      while (performance.now() < until) {
        reads.push(read(cookie));
        await pause(every);
      }
      await Promise.all(reads);
    }),
  );
  return into;
}

async function* underAttack(
  world: World,
  url: string,
  kind: Attack["kind"],
): AsyncGenerator<Figure> {
  const cookies: string[] = [];
  for (let n = 0; n < others; n++) cookies.push((await addUser(world, url)).cookie);
  const attacker = await addUser(world, url);
  if (kind === "exports" || kind === "searches") await fill(world, attacker.id, history);
  const [alone, attacked]: [Reads[], Reads[]] = [[], []];
  await readFor(url, cookies, 2_000);
  const told: string[] = [];
  for (let turn = 0; turn < turns; turn++) {
    alone.push(await readFor(url, cookies, turnMs));
    const attack = await startAttack({ kind, url, ...attacker });
    attacked.push(await readFor(url, cookies, turnMs));
    told.push(await attack.stop());
    // Wait until the last requests of the attack have ended.
    await pause(2_000);
  }
  const of = (reads: Reads[], q: number) =>
    quantile(
      reads.map(({ ms }) => quantile(ms, q)),
      0.25,
    );
  const p99 = (reads: Reads[]) => of(reads, 0.99);
  const side = (reads: Reads[]) => `${digits(p99(reads))} ms (median ${digits(of(reads, 0.5))})`;
  yield {
    name: `under attack, ${kind}: p99 of other users' \`accounts.list\`, against the same without the attack`,
    goal: { atMost: 2 },
    value: p99(attacked) / p99(alone),
    unit: "x",
    ours: side(attacked),
    floor: side(alone),
    bound:
      "PostgreSQL, Redis, the node, the attacker and the measuring processes share two cores. The attacker's process has the lowest priority, because an attacker on another machine would take none of the node's time.",
    note: `${others} users, ${turns} turns of ${turnMs / 1000} s; each figure is the lower quartile of theirs. The attacker's responses: ${told.join("; ")}.`,
  };
  yield amount(
    {
      name: "the same: reads of others that got a 5xx or no response",
      goal: { atMost: 0 },
    },
    [attacked.reduce((sum, { failed }) => sum + failed, 0)],
    "",
  );
}

/** The largest growth of resident memory while a long history is exported. */
async function exportMemory(
  world: World,
  app: Awaited<ReturnType<typeof startProcess>>,
): Promise<Figure> {
  const [small, large] = [await addUser(world, app.url), await addUser(world, app.url)];
  await fill(world, small.id, 50_000);
  await fill(world, large.id, exported);
  const files = ["settings/export/everything.json", "settings/export/transactions.csv"];
  const all = [...files, "api/v1/account/export", "trpc/account.exportData"];
  const read = async (file: string, cookie: string) => {
    const answer = await fetch(`${app.url}/${file}`, { headers: { cookie } });
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    let bytes = 0;
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>)
      bytes += part.length;
    return bytes;
  };
  // Modules that the first rows load do not count.
  for (const file of all) await read(file, small.cookie);
  const grown: number[] = [];
  const notes: string[] = [];
  for (const file of all) {
    const before = (await app.memory()).resident;
    let [most, isReading] = [before, true];
    const started = performance.now();
    const reading = read(file, large.cookie).finally(() => {
      isReading = false;
    });
    while (isReading) {
      most = Math.max(most, await app.resident());
      await pause(100);
    }
    const bytes = await reading;
    const seconds = (performance.now() - started) / 1000;
    grown.push((most - before) / 1e6);
    notes.push(
      `${file}: ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(0)} s, ${digits((most - before) / 1e6)} MB more`,
    );
  }
  return {
    name: `${exported.toLocaleString("en")} transactions exported: growth of the resident memory`,
    goal: { atMost: 50 },
    value: Math.max(...grown),
    unit: "MB",
    note: `the largest of four kinds of export, each compared with the memory before it: ${notes.join("; ")}.`,
  };
}
