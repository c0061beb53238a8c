import { once } from "node:events";
import { request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { createApiKey } from "../../../server/auth/api-keys.ts";
import { poolSize } from "../../../server/services.ts";
import { startTestApp, type TestApp, type TestUser } from "../../support/app.ts";
import { lockTable } from "../../support/database-faults.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { casesOf } from "../../support/matrix.ts";
import { redisFound, startRedis, type TestRedis } from "../../support/redis.ts";
import { addTransactions, deleteTransactions, lockWaiters } from "../../support/rows.ts";

const test = testWithApp();
let ada: TestUser;
let bob: TestUser;
// For each test, because calls are counted for each user and minute.
test.beforeEach(async ({ app }) => {
  [ada, bob] = [await app.signUp("cfo"), await app.signUp("cfo")];
  for (const user of [ada, bob]) {
    await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  }
});

const get = (app: TestApp, path: string, { cookie }: TestUser) =>
  fetch(`${app.url}${path}`, { headers: { cookie }, redirect: "manual" });
// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
const json = async (response: Response | Promise<Response>): Promise<any> =>
  (await response).json();
const batchOf = (names: string[], input: object = {}) => {
  const inputs = Object.fromEntries(names.map((_, at) => [at, input]));
  return `/trpc/${names.join(",")}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`;
};

/** Runs `work` while `table` is locked, with a function that counts the queries waiting for it. */
async function whileLocked(
  app: TestApp,
  table: string,
  work: (waiting: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const release = await lockTable(app, table);
  try {
    await work(async () => {
      return (await lockWaiters(app)).length;
    });
  } finally {
    await release();
  }
}

/** The highest value of `count`, from its first rise until it no longer changes. */
async function most(count: () => Promise<number>): Promise<number> {
  let highest = 0;
  let steady = 0;
  await expect
    .poll(async () => {
      const now = await count();
      steady = now > 0 && now <= highest ? steady + 1 : 0;
      highest = Math.max(highest, now);
      return steady;
    })
    .toBeGreaterThan(10);
  return highest;
}

test("The API counts a session's calls over tRPC, REST and pages alike, and batches by their calls", async ({
  app,
}) => {
  const eve = await app.signUp();
  const first = await get(app, "/api/v1/plan", eve);
  expect(first.headers.get("ratelimit-policy")).toBe('"session";q=1200;w=60');
  expect(first.headers.get("ratelimit")).toBe('"session";r=1199;t=60');
  const batch = batchOf(Array(99).fill("plan.get"));
  for (let sent = 0; sent < 12; sent++) expect((await get(app, batch, eve)).status).toBe(200);
  for (const path of ["/trpc/plan.get", "/dashboard", "/settings/export/accounts.csv"]) {
    expect([path, (await get(app, path, eve)).status]).toEqual([path, 200]);
  }
  const left = /r=(\d+)/.exec(
    (await get(app, "/api/v1/plan", eve)).headers.get("ratelimit") ?? "",
  )?.[1];
  expect(Number(left)).toBe(1200 - 1 - 12 * 99 - 4);
  const over = await get(app, batch, eve);
  expect(over.status).toBe(429);
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await json(over))[0].error.data.details).toMatchObject({
    ...{ limit: 1200, windowSeconds: 60 },
  });
  for (const path of [
    ...["/trpc/plan.get", "/trpc/live.changes", "/api/v1/plan", "/dashboard", "/transactions"],
    ...["/settings/security", "/settings/export/everything.json", "/api/v1/account/export"],
    "/settings/export/transactions.csv",
  ]) {
    const refused = await get(app, path, eve);
    expect([path, refused.status]).toEqual([path, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  // Another session has its own count, even one of the same user.
  expect((await get(app, "/api/v1/plan", bob)).status).toBe(200);
  const again = await app.post("/api/auth/sign-in/email", eve);
  const cookie = again.headers.getSetCookie().map((line) => line.split(";")[0]);
  expect((await get(app, "/api/v1/plan", { ...eve, cookie: cookie.join("; ") })).status).toBe(200);
});

const isRefused = (response: unknown) =>
  /"rate_limited".*"window_?[sS]econds":0/.test(JSON.stringify(response));

test("The API runs eight calls of a user at once, queues a batch's worth, and refuses the rest", async ({
  app,
}) => {
  const ways: [string, () => Promise<unknown>[]][] = [
    [
      "batches",
      () =>
        Array.from({ length: 4 }, () =>
          json(get(app, batchOf(Array(100).fill("activity.list")), ada)),
        ),
    ],
    [
      "single calls",
      () => Array.from({ length: 150 }, () => json(get(app, "/trpc/activity.list", ada))),
    ],
    ["REST", () => Array.from({ length: 150 }, () => json(get(app, "/api/v1/activity", ada)))],
  ];
  for (const [how, send] of ways) {
    let sent: Promise<unknown>[] = [];
    await whileLocked(app, "account_activity", async (waiting) => {
      sent = send();
      expect([how, await most(waiting)]).toEqual([how, 8]);
      expect((await get(app, "/api/v1/accounts", bob)).status).toBe(200);
      // Rejected at once, and not when the lock is released. A batch gets one response.
      if (how !== "batches") expect(isRefused(await Promise.race(sent))).toBe(true);
    });
    const responses = (await Promise.all(sent)).flat();
    const refused = responses.filter(isRefused).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(responses.length - 108);
  }
});

test("Four pages of a user run at once, and those whose readers left while they waited take no room", async ({
  app,
}) => {
  const open = (signal?: AbortSignal) =>
    fetch(`${app.url}/activity`, { headers: { cookie: ada.cookie }, signal: signal ?? null });
  let sent: Promise<string>[] = [];
  await whileLocked(app, "account_activity", async (waiting) => {
    sent = Array.from({ length: 4 }, async () => (await open()).text());
    await expect.poll(waiting).toBeGreaterThan(0);
    const left = new AbortController();
    const leaving = Array.from({ length: 8 }, () => open(left.signal).catch(() => {}));
    await setTimeout(500);
    left.abort();
    await Promise.all(leaving);
  });
  for (const page of await Promise.all(sent)) expect(page).toContain("</html>");
  const next = await open();
  expect([next.status, await next.text()]).toEqual([200, expect.stringContaining("</html>")]);
});

test("The API reads who calls on one connection for each caller, however many calls run at once", async ({
  app,
}) => {
  const { key } = await createApiKey(app.services.db, ada.id, {
    ...{ name: "Many", scopes: ["accounts:read"], expiresInDays: 1 },
  });
  for (const [table, headers] of [
    ["sessions", { cookie: ada.cookie }],
    ["api_keys", { authorization: `Bearer ${key}` }],
  ] as const) {
    let sent: Promise<Response>[] = [];
    await whileLocked(app, table, async (waiting) => {
      const paths = ["/trpc/accounts.list", "/api/v1/accounts"];
      sent = Array.from({ length: 30 }, (_, n) =>
        fetch(`${app.url}${paths[n % paths.length]}`, {
          headers,
          signal: AbortSignal.timeout(20_000),
        }),
      );
      expect([table, await most(waiting)]).toEqual([table, 1]);
    });
    for (const response of await Promise.all(sent)) {
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
  }
});

test("Heavy reads take half of the pool at most, and two connections of it for one user", async ({
  app,
}) => {
  const others = await Promise.all(Array.from({ length: 5 }, () => app.signUp()));
  const search = { search: "coffee" };
  const heavy = [
    batchOf(Array(20).fill("transactions.list"), search),
    ...["/api/v1/transactions?search=coffee", "/api/v1/transactions?min_amount=1"],
    ...["/trpc/insights.netWorth", "/api/v1/insights/cash-flow", "/transactions?search=coffee"],
    ...["/settings/export/transactions.csv", "/api/v1/account/export"],
  ];
  let responses: Promise<unknown>[] = [];
  await whileLocked(app, "transactions", async (waiting) => {
    const request = (user: TestUser) =>
      heavy.map((path) => get(app, path, user).then((response) => response.text()));
    responses = request(ada);
    expect(await most(waiting)).toBe(2);
    responses.push(...others.flatMap(request));
    expect(await most(waiting)).toBe(poolSize / 2);
    // Quick reads continue beside them.
    const quick = Array.from({ length: 20 }, () => get(app, "/trpc/accounts.list", bob));
    const statuses = (await Promise.all(quick)).map(({ status }) => status);
    expect(statuses).toEqual(Array(20).fill(200));
  });
  await Promise.all(responses);
});

const everything = [
  "/settings/export/everything.json",
  "/settings/export/transactions.csv",
  "/api/v1/account/export",
  "/trpc/account.exportData",
  "/trpc/account.exportData?batch=1",
];

/** Ada's history: rows of 1 kB, more than the sockets of both sides hold. In batches, because a statement has a timeout. */
const fill = async (app: TestApp, rows: number) => {
  await deleteTransactions(app, ada);
  await addTransactions(app, ada, rows, 1_000);
};

/** A response whose reader has stopped after the header. */
async function stopped(app: TestApp, path: string, user: TestUser, method = "GET") {
  const sent = request(`${app.url}${path}`, { method, headers: { cookie: user.cookie } });
  sent.on("error", () => {}).end();
  const [response] = await once(sent, "response");
  response.on("error", () => {}).pause();
  return { status: response.statusCode as number, response, leave: () => void sent.destroy() };
}

test.for(casesOf(everything, (path) => /csv$|exportData$/.test(path)))(
  "%s is complete, and the user's other exports wait for its end",
  async (path, { app }) => {
    await fill(app, 1_000);
    let exported: Promise<string> | undefined;
    await whileLocked(app, "transactions", async (waiting) => {
      exported = get(app, path, ada).then((response) => {
        // It waits for its reader, which it could not while it is compressed.
        expect(response.headers.get("content-encoding")).toBeNull();
        return response.text();
      });
      await expect.poll(waiting).toBe(1);
      const others = [...everything, "/settings/export/accounts.csv"].map(async (other) => {
        const refused = await get(app, other, ada);
        expect([other, refused.status]).toEqual([other, 429]);
        expect(await refused.text()).toMatch(/export_running|Another export of yours/);
      });
      await Promise.all(others);
      // Another user's export runs: its rows are not locked.
      expect((await get(app, "/settings/export/accounts.csv", bob)).status).toBe(200);
    });
    const text = (await exported) ?? "";
    if (path.endsWith(".csv")) expect(text.trim().split("\r\n")).toHaveLength(1_001);
    else {
      const body = JSON.parse(text);
      const data = [body].flat()[0].result?.data ?? body;
      expect(data.user.email).toBe(ada.email);
      expect(data.items).toHaveLength(1);
      const ids = new Set(data.transactions.map(({ id }: { id: string }) => id));
      expect([ids.size, data.transactions.length]).toEqual([1_000, 1_000]);
      const snake = path.startsWith("/api");
      expect(data.transactions[0]).toHaveProperty(snake ? "account_id" : "accountId");
    }
    // Now the next export runs.
    expect((await get(app, "/settings/export/accounts.csv", ada)).status).toBe(200);
  },
);

test.for(casesOf(everything, (path) => path === "/trpc/account.exportData"))(
  "%s reads no more than its reader takes, and nothing once the reader left",
  async (path, { app }) => {
    await fill(app, 24_000);
    const slow = await stopped(app, path, ada);
    // Deleted rows cannot have been read.
    await setTimeout(2_000);
    await deleteTransactions(app, ada);
    let bytes = 0;
    slow.response.on("data", (part: Buffer) => {
      bytes += part.length;
    });
    slow.response.resume();
    await once(slow.response, "end");
    expect(bytes).toBeLessThan(15_000_000);
    await fill(app, 24_000);
    const left = await stopped(app, path, ada);
    left.leave();
    await expect
      .poll(async () => (await get(app, "/settings/export/accounts.csv", ada)).status)
      .toBe(200);
  },
);

test("One export of 24 sent at once is written, and a HEAD returns at once", async ({ app }) => {
  await fill(app, 20_000);
  const responses = await Promise.all(
    Array.from({ length: 24 }, (_, n) =>
      stopped(app, everything[n % everything.length] ?? "", ada),
    ),
  );
  expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(23).fill(429)]);
  for (const { leave } of responses) leave();
  await expect
    .poll(async () => (await get(app, "/settings/export/accounts.csv", ada)).status)
    .toBe(200);
  for (let n = 0; n < 3; n++) {
    expect((await stopped(app, "/settings/export/everything.json", ada, "HEAD")).status).toBe(200);
  }
});

test("account.exportData is refused when tRPC would stream it from memory", async ({ app }) => {
  const response = await fetch(`${app.url}/trpc/account.exportData?batch=1`, {
    headers: { cookie: ada.cookie, "trpc-accept": "application/jsonl" },
  });
  expect([response.status, (await response.json()).error.reason]).toEqual([
    415,
    "unsupported_media_type",
  ]);
});

describe.skipIf(!inject("redis"))("Calls counted over two nodes", () => {
  let redis: TestRedis;
  let first: TestApp;
  let second: Awaited<ReturnType<TestApp["startNode"]>>;
  beforeAll(async () => {
    redis = await startRedis();
    first = await startTestApp({ REDIS_URL: redis.url });
    second = await first.startNode();
    await Promise.all([redisFound(first), redisFound(second)]);
  });
  afterAll(async () => {
    await second?.close();
    await first?.close();
    await redis?.stop();
  });

  const at = (node: { url: string }, path: string, { cookie }: TestUser) =>
    fetch(`${node.url}${path}`, { headers: { cookie } });
  /** How often Redis received each of these commands. */
  const redisCommands = async (...commands: string[]) => {
    const stats = await redis.command("info", "commandstats");
    const calls = (name: string) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1];
    return commands.reduce((sum, name) => sum + Number(calls(name) ?? 0), 0);
  };
  const batch = batchOf(Array(99).fill("plan.get"));

  test("request nothing from Redis for a cached read, and rarely the count", async () => {
    const eve = await first.signUp();
    await at(first, "/trpc/accounts.list", eve);
    const before = [await redisCommands("hget"), await redisCommands("eval", "evalsha")] as const;
    for (let n = 0; n < 300; n++) await at(first, "/trpc/accounts.list", eve);
    expect((await redisCommands("hget")) - before[0]).toBe(0);
    expect((await redisCommands("eval", "evalsha")) - before[1]).toBeLessThanOrEqual(300 / 60);
  });

  test("are counted by the other node too, and at once if the caller is new to it", async () => {
    const eve = await first.signUp();
    for (let sent = 0; sent < 12; sent++) expect((await at(first, batch, eve)).status).toBe(200);
    const response = await at(second, "/trpc/plan.get", eve);
    const left = /r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1];
    expect(Number(left)).toBeLessThan(99);
    expect((await at(second, batch, eve)).status).toBe(429);
  });

  test("are counted by each node on its own while Redis is away", async () => {
    const eve = await first.signUp();
    expect((await at(first, batch, eve)).status).toBe(200);
    await redis.stop();
    const statuses: number[] = [];
    for (let sent = 0; sent < 26; sent++) statuses.push((await at(first, batch, eve)).status);
    expect(statuses.slice(0, 11)).toEqual(Array(11).fill(200));
    expect(statuses.at(-1)).toBe(429);
    expect((await at(second, "/trpc/plan.get", eve)).status).toBe(200);
  });
});
