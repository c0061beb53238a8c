import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createClient } from "redis";
import { freePort } from "../../local/ports.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { startRedis } from "../support/redis.ts";
import { throughput } from "./load.ts";
import { startProcess } from "./node-process.ts";

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What issue D promises of the cache and of live changes, a line as soon as it is known. */
export async function* benchLive(
  env: Record<"PLAID_BASE_URL" | "PLAID_CLIENT_ID" | "PLAID_SECRET", string> &
    Record<string, string>,
  setPlan: (email: string) => Promise<unknown>,
): AsyncGenerator<string> {
  const redis = await startRedis();
  const start = async (kind: "app" | "bare") => {
    const port = await freePort();
    const own = { REDIS_URL: redis.url, PORT: String(port), APP_URL: `http://localhost:${port}` };
    return startProcess(kind, { ...env, ...own });
  };
  const [app, fresh, bare] = [await start("app"), await start("app"), await start("bare")];
  try {
    const email = `${randomUUID()}@example.com`;
    const cookie = await signUp(app.url, email);
    await setPlan(email);
    let banks = 0;
    const addBank = async () => {
      const token = await publicToken(env, `Account ${++banks}`);
      await post(`${app.url}/plaid/exchange-token`, { public_token: token }, cookie);
    };
    await addBank();
    yield* cachedReads(app, bare, redis.url, cookie);
    yield await hangingRedis(app.url, redis, cookie);
    yield await secondTab(fresh.url, cookie, addBank);
    yield await idleStreams(fresh, cookie);
  } finally {
    await Promise.all([app.stop(), bare.stop(), fresh.stop()]);
    await redis.stop();
  }
}

type Process = Awaited<ReturnType<typeof startProcess>>;

async function* cachedReads(app: Process, bare: Process, redisUrl: string, cookie: string) {
  const read = `${app.url}/trpc/accounts.list`;
  const answer = await fetch(read, { headers: { cookie } });
  const client = await createClient({ url: redisUrl }).connect();
  await client.set("bench:accounts", await answer.text());
  client.destroy();
  // Short turns, so that whatever else the machine does meets all three alike.
  const sides = [
    { process: app, url: read.replace("localhost", "127.0.0.1") },
    { process: bare, url: `${bare.url}/known` },
    { process: bare, url: `${bare.url}/` },
  ].map((side) => ({ ...side, rates: [] as number[], cpu: [] as number[] }));
  for (const { url } of sides) await throughput(url, { cookie }, 32, 3_000);
  for (let turn = 0; turn < 16; turn++) {
    for (const side of sides) {
      const before = await side.process.cpu();
      const { answers, seconds } = await throughput(side.url, { cookie }, 32, 400);
      side.rates.push(answers / seconds);
      side.cpu.push(((await side.process.cpu()) - before) / answers);
    }
  }
  const [ours, ...others] = sides.map(({ rates, cpu }) => ({
    rate: median(rates),
    cpu: median(cpu),
  }));
  const names = ["with the same log-in and one Redis GET", "with one Redis GET for anybody"];
  for (const [at, theirs] of others.entries()) {
    if (!ours) continue;
    const ratio = (ours.rate / theirs.rate).toFixed(2);
    yield `cached accounts.list over tRPC, against bare Express ${names[at]}: ${ours.rate.toFixed(0)} / ${theirs.rate.toFixed(0)} a second = ${ratio}x (goal >= 0.7x); ${ours.cpu.toFixed(0)} / ${theirs.cpu.toFixed(0)} us of processor each`;
  }
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

/** From the answer of a connection on one node to the account in a tab that is open on another. */
async function secondTab(url: string, cookie: string, addBank: () => Promise<void>) {
  const browser = await launchBrowser();
  try {
    const { page } = await openPage(browser);
    const pairs = cookie.split("; ").map((pair) => pair.split("=") as [string, string]);
    await page
      .context()
      .addCookies(pairs.map(([name, value]) => ({ name, value, domain: "localhost", path: "/" })));
    const stream = page.waitForResponse(/live\.changes/);
    await page.goto(`${url}/dashboard`);
    await stream;
    const times: number[] = [];
    for (let round = 0; round < 12; round++) {
      const card = page.locator("[data-item-id]").nth(round + 1);
      await addBank();
      const answered = performance.now();
      await card.waitFor();
      times.push(performance.now() - answered);
    }
    return `a bank connected on one node shows in a tab on another after: median ${median(times).toFixed(0)} ms, slowest ${Math.max(...times).toFixed(0)} ms (goal < 1000 ms)`;
  } finally {
    await browser.close();
  }
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
  await openMany(1_000);
  const before = await app.memory();
  const started = performance.now();
  await openMany(streams);
  const seconds = (performance.now() - started) / 1000;
  const after = await app.memory();
  for (const socket of sockets) socket.destroy();
  const each = (key: "resident" | "heap") =>
    ((after[key] - before[key]) / streams / 1000).toFixed(1);
  return `${streams} idle streams on one node: ${each("resident")} kB resident each, ${each("heap")} kB of it in the heap (goal < 30 kB); opened in ${seconds.toFixed(1)} s`;
}

async function signUp(url: string, email: string): Promise<string> {
  const person = { name: "b", email, password: "correct horse" };
  await post(`${url}/api/auth/sign-up/email`, person);
  const response = await post(`${url}/api/auth/sign-in/email`, person);
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

/** Of an Item with one account of this name. https://plaid.com/docs/sandbox/user-custom/ */
async function publicToken(env: Parameters<typeof benchLive>[0], account: string): Promise<string> {
  const custom = {
    override_accounts: [{ type: "depository", subtype: "checking", meta: { name: account } }],
  };
  const response = await post(`${env.PLAID_BASE_URL}/sandbox/public_token/create`, {
    client_id: env.PLAID_CLIENT_ID,
    secret: env.PLAID_SECRET,
    institution_id: "ins_109508",
    initial_products: ["transactions"],
    options: { override_username: "user_custom", override_password: JSON.stringify(custom) },
  });
  return ((await response.json()) as { public_token: string }).public_token;
}
