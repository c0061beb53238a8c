import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createClient } from "redis";
import { freePort } from "../../local/ports.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startRedis } from "../support/redis.ts";
import { throughput } from "./load.ts";
import { startProcess } from "./node-process.ts";

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What issue D promises of the cache and of live changes. Lines as they are ready. */
export async function* benchLive(
  env: Record<string, string>,
  publicToken: () => Promise<string>,
): AsyncGenerator<string> {
  const redis = await startRedis();
  const port = await freePort();
  const own = {
    ...env,
    REDIS_URL: redis.url,
    PORT: String(port),
    APP_URL: `http://localhost:${port}`,
  };
  const [app, bare] = await Promise.all([startProcess("app", own), startProcess("bare", own)]);
  try {
    const cookie = await signUp(app.url);
    await post(`${app.url}/plaid/exchange-token`, { public_token: await publicToken() }, cookie);
    yield* cachedReads(app.url, bare.url, redis.url, cookie);
    yield await hangingRedis(app.url, redis, cookie);
    yield await idleStreams(app, cookie);
  } finally {
    await Promise.all([app.stop(), bare.stop()]);
    await redis.stop();
  }
}

async function* cachedReads(app: string, bare: string, redisUrl: string, cookie: string) {
  const read = `${app}/trpc/accounts.list`;
  const answer = await fetch(read, { headers: { cookie } });
  const client = await createClient({ url: redisUrl }).connect();
  await client.set("bench:accounts", await answer.text());
  client.destroy();
  const rates: number[][] = [];
  for (let round = 0; round < 9; round++) {
    const urls = [read.replace("localhost", "127.0.0.1"), `${bare}/known`, `${bare}/`];
    const row: number[] = [];
    for (const url of urls) row.push(await throughput(url, { cookie }, 32, 1_500));
    if (round > 3) rates.push(row);
  }
  const rate = (at: number) => median(rates.map((row) => row[at] ?? Number.NaN));
  const against = (at: number) =>
    `${rate(0).toFixed(0)} / ${rate(at).toFixed(0)} a second = ${(rate(0) / rate(at)).toFixed(2)}x`;
  yield `cached accounts.list over tRPC, against bare Express with the same log-in and one Redis GET: ${against(1)} (goal >= 0.7x)`;
  yield `  the same against one Redis GET for anybody, without a log-in: ${against(2)}`;
}

/** The slowest of the first reads while Redis hangs, and the median of those after it. */
async function hangingRedis(
  app: string,
  redis: Awaited<ReturnType<typeof startRedis>>,
  cookie: string,
): Promise<string> {
  const read = async () => {
    const started = performance.now();
    await (await fetch(`${app}/trpc/accounts.list`, { headers: { cookie } })).text();
    return performance.now() - started;
  };
  const reads = async (count: number) => {
    const times: number[] = [];
    for (let n = 0; n < count; n++) times.push(await read());
    return times;
  };
  const before = median(await reads(200));
  redis.hang();
  const [first = Number.NaN, ...later] = await reads(400);
  redis.go();
  return `a read when Redis begins to hang: ${first.toFixed(0)} ms (its time-out is ${timeLimits.redisCommand} ms); the next 399: median ${median(later).toFixed(1)} ms, slowest ${Math.max(...later).toFixed(1)} ms; with Redis ${before.toFixed(1)} ms`;
}

const streams = 5_000;

/** What one more open stream costs the node's process, once all is quiet. */
async function idleStreams(
  app: Awaited<ReturnType<typeof startProcess>>,
  cookie: string,
): Promise<string> {
  const { port, host } = new URL(app.url);
  const request = `GET /trpc/live.changes HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookie}\r\n\r\n`;
  const sockets: Socket[] = [];
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
      sockets.push(socket);
      socket.on("error", reject);
      socket.setEncoding("latin1").on("data", (text: string) => {
        if (text.includes("dataVersion")) resolve();
      });
    });
  const openMany = async (count: number) => {
    for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, open));
  };
  // What the first streams load and warm up is not counted.
  await openMany(200);
  const before = await app.memory();
  const started = performance.now();
  await openMany(streams);
  const seconds = (performance.now() - started) / 1000;
  const after = await app.memory();
  for (const socket of sockets) socket.destroy();
  const each = (key: "rss" | "heap") => ((after[key] - before[key]) / streams / 1000).toFixed(1);
  return `${streams} idle streams on one node: ${each("rss")} kB resident each, ${each("heap")} kB of it in the heap (goal < 30 kB); opened in ${seconds.toFixed(1)} s`;
}

async function signUp(url: string): Promise<string> {
  const person = { name: "b", email: `${randomUUID()}@example.com`, password: "correct horse" };
  const response = await post(`${url}/api/auth/sign-up/email`, person);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

async function post(url: string, body: object, cookie = ""): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: new URL(url).origin },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
