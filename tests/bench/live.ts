import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { freePort } from "../../local/ports.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { startRedis } from "../support/redis.ts";
import { browserCookies } from "../support/test-users.ts";
import { amount, type Figure, median, ratio, timed } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { post, signUp } from "./users.ts";
import type { World } from "./world.ts";

/** Measures a Redis that hangs, other tabs, and open streams. */
export async function* benchLive(world: World): AsyncGenerator<Figure> {
  const redis = await startRedis();
  const start = async () => {
    const port = await freePort();
    const own = { REDIS_URL: redis.url, PORT: String(port), APP_URL: `http://localhost:${port}` };
    return startProcess("app", { ...world.env, ...own });
  };
  const [app, fresh] = [await start(), await start()];
  try {
    const email = `${randomUUID()}@example.com`;
    const cookie = await signUp(app.url, email);
    await world.pool.query("update users set plan = 'cfo' where email = $1", [email]);
    let banks = 0;
    const addBank = async () => {
      const public_token = await world.publicToken(`Account ${++banks}`);
      await post(`${app.url}/plaid/exchange-token`, { public_token }, cookie);
    };
    await addBank();
    yield* hangingRedis(app.url, redis, cookie);
    yield await secondTab(fresh.url, cookie, addBank);
    yield await idleStreams(fresh, cookie);
  } finally {
    await Promise.all([app.stop(), fresh.stop()]);
    await redis.stop();
  }
}

/** A read when Redis begins to hang, and those after it. */
async function* hangingRedis(
  app: string,
  redis: Awaited<ReturnType<typeof startRedis>>,
  cookie: string,
): AsyncGenerator<Figure> {
  const read = () =>
    timed(async () => (await fetch(`${app}/trpc/accounts.list`, { headers: { cookie } })).text());
  const reads = async (count: number) => {
    const times: number[] = [];
    for (let n = 0; n < count; n++) times.push(await read());
    return times;
  };
  const before = await reads(400);
  redis.hang();
  const [first = Number.NaN, ...later] = await reads(400);
  redis.go();
  yield amount(
    {
      name: "what a Redis that begins to hang adds to the first read",
      goal: { atMost: timeLimits.redisCommand + 50 },
      note: `its time-out is ${timeLimits.redisCommand} ms; 50 ms for the read itself.`,
    },
    [first - median(before)],
    "ms",
  );
  yield ratio(
    {
      name: "the 399 reads after that, from PostgreSQL, against reads with Redis",
      goal: null,
      note: `the slowest of them took ${Math.max(...later).toFixed(1)} ms: the breaker is open.`,
    },
    later,
    before,
    "ms",
  );
}

/** From the response of a connection on one node to the account in a tab that is open on another. */
async function secondTab(
  url: string,
  cookie: string,
  addBank: () => Promise<void>,
): Promise<Figure> {
  const browser = await launchBrowser();
  try {
    const { page } = await openPage(browser);
    await page.context().addCookies(browserCookies(cookie, url));
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
    return amount(
      {
        name: "from the response of a connection on one node to the account in a tab on another",
        goal: { atMost: 1_000 },
        note: `12 connections, in Chromium; the slowest took ${Math.max(...times).toFixed(0)} ms.`,
      },
      times,
      "ms",
    );
  } finally {
    await browser.close();
  }
}

const streams = 5_000;

/** The memory that one more open stream takes in the node's process, once it is idle. */
async function idleStreams(
  app: Awaited<ReturnType<typeof startProcess>>,
  cookie: string,
): Promise<Figure> {
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
  // Modules that the first streams load do not count.
  await openMany(1_000);
  const before = await app.memory();
  const started = performance.now();
  await openMany(streams);
  const seconds = (performance.now() - started) / 1000;
  const after = await app.memory();
  for (const socket of sockets) socket.destroy();
  const each = (key: "resident" | "heap") => (after[key] - before[key]) / streams / 1000;
  return amount(
    {
      name: `memory of each of ${streams.toLocaleString("en")} idle streams on one node`,
      goal: { atMost: 30 },
      note: `resident, after the first 1,000; ${each("heap").toFixed(1)} kB of it in the heap. Opened in ${seconds.toFixed(1)} s.`,
    },
    [each("resident")],
    "kB",
  );
}
