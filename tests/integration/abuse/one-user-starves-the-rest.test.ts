import { once } from "node:events";
import { request } from "node:http";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createApiKey } from "../../../server/auth/api-keys.ts";
import { poolSize } from "../../../server/services.ts";
import { type Person, startTestApp, type TestApp } from "../../support/app.ts";
import { casesOf } from "../../support/matrix.ts";
import { redisFound, startRedis, type TestRedis } from "../../support/redis.ts";

let app: TestApp;
let ada: Person;
let bob: Person;
/** Locks tables, so that what reads them stands still and can be counted. */
let locker: pg.Client;
beforeAll(async () => {
  app = await startTestApp();
  [ada, bob] = [await app.signUp("cfo"), await app.signUp("cfo")];
  for (const person of [ada, bob]) {
    await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, person);
  }
  locker = new pg.Client({ connectionString: app.databaseUrl });
  locker.on("error", () => {});
  await locker.connect();
});
afterAll(async () => {
  await locker?.end();
  await app?.close();
});

const get = (path: string, { cookie }: Person) =>
  fetch(`${app.url}${path}`, { headers: { cookie }, redirect: "manual" });
// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
const json = async (answer: Response | Promise<Response>): Promise<any> => (await answer).json();
const batchOf = (names: string[], input: object = {}) => {
  const inputs = Object.fromEntries(names.map((_, at) => [at, input]));
  return `/trpc/${names.join(",")}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`;
};

/** While `table` is locked, runs `work` with a way to count the queries that wait for it. */
async function whileLocked(
  table: string,
  work: (waiting: () => Promise<number>) => Promise<void>,
): Promise<void> {
  await locker.query(`begin; lock table ${table} in access exclusive mode`);
  try {
    await work(async () => {
      const [row] = await app.query(
        `select count(*)::int n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return row.n;
    });
  } finally {
    await locker.query("rollback");
  }
}

/** The most that `count` comes to, from its first rise until it stays the same. */
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

test("calls of a session are counted, over tRPC, REST and pages alike, batches by what is in them", async () => {
  const eve = await app.signUp();
  const first = await get("/api/v1/plan", eve);
  expect(first.headers.get("ratelimit-policy")).toBe('"session";q=1200;w=60');
  expect(first.headers.get("ratelimit")).toBe('"session";r=1199;t=60');
  const batch = batchOf(Array(99).fill("plan.get"));
  for (let sent = 0; sent < 12; sent++) expect((await get(batch, eve)).status).toBe(200);
  for (const path of ["/trpc/plan.get", "/dashboard", "/settings/export/accounts.csv"]) {
    expect([path, (await get(path, eve)).status]).toEqual([path, 200]);
  }
  const left = /r=(\d+)/.exec((await get("/api/v1/plan", eve)).headers.get("ratelimit") ?? "")?.[1];
  expect(Number(left)).toBe(1200 - 1 - 12 * 99 - 4);
  const over = await get(batch, eve);
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
    const refused = await get(path, eve);
    expect([path, refused.status]).toEqual([path, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  // Whoever has another session, of the same user too, is not concerned.
  expect((await get("/api/v1/plan", bob)).status).toBe(200);
  const again = await app.post("/api/auth/sign-in/email", eve);
  const cookie = again.headers.getSetCookie().map((line) => line.split(";")[0]);
  expect((await get("/api/v1/plan", { ...eve, cookie: cookie.join("; ") })).status).toBe(200);
});

const isRefused = (answer: unknown) =>
  /"rate_limited".*"window_?[sS]econds":0/.test(JSON.stringify(answer));

test("eight calls of a user run at once, however they are sent; as many as a batch has wait, the rest are refused", async () => {
  const ways: [string, () => Promise<unknown>[]][] = [
    [
      "batches",
      () => Array.from({ length: 4 }, () => json(get(batchOf(Array(100).fill("plan.get")), ada))),
    ],
    ["single calls", () => Array.from({ length: 150 }, () => json(get("/trpc/plan.get", ada)))],
    ["REST", () => Array.from({ length: 150 }, () => json(get("/api/v1/plan", ada)))],
  ];
  for (const [how, send] of ways) {
    let sent: Promise<unknown>[] = [];
    await whileLocked("plans", async (waiting) => {
      sent = send();
      expect([how, await most(waiting)]).toEqual([how, 8]);
      expect((await get("/api/v1/accounts", bob)).status).toBe(200);
      // Refused at once, and not when the lock is gone. A batch is answered whole.
      if (how !== "batches") expect(isRefused(await Promise.race(sent))).toBe(true);
    });
    const answers = (await Promise.all(sent)).flat();
    const refused = answers.filter(isRefused).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(answers.length - 108);
  }
});

test("who asks is read on one connection for each caller, however many calls are made at once", async () => {
  const { key } = await createApiKey(app.services.db, ada.id, {
    ...{ name: "Many", scopes: ["accounts:read"], expiresInDays: 1 },
  });
  for (const [table, headers] of [
    ["sessions", { cookie: ada.cookie }],
    ["api_keys", { authorization: `Bearer ${key}` }],
  ] as const) {
    let sent: Promise<Response>[] = [];
    await whileLocked(table, async (waiting) => {
      const paths = ["/trpc/accounts.list", "/api/v1/accounts"];
      sent = Array.from({ length: 30 }, (_, n) =>
        fetch(`${app.url}${paths[n % paths.length]}`, {
          headers,
          signal: AbortSignal.timeout(20_000),
        }),
      );
      expect([table, await most(waiting)]).toEqual([table, 1]);
    });
    for (const answer of await Promise.all(sent)) {
      expect(answer.status).toBe(200);
      await answer.body?.cancel();
    }
  }
});

test("heavy reads have half of the pool at most, and of one user two, whatever else is asked of it", async () => {
  const others = await Promise.all(Array.from({ length: 5 }, () => app.signUp()));
  const search = { search: "coffee" };
  const heavy = [
    batchOf(Array(20).fill("transactions.list"), search),
    ...["/api/v1/transactions?search=coffee", "/api/v1/transactions?min_amount=1"],
    ...["/trpc/insights.netWorth", "/api/v1/insights/cash-flow", "/transactions?search=coffee"],
    ...["/settings/export/transactions.csv", "/api/v1/account/export"],
  ];
  let answers: Promise<unknown>[] = [];
  await whileLocked("transactions", async (waiting) => {
    const ask = (person: Person) =>
      heavy.map((path) => get(path, person).then((answer) => answer.text()));
    answers = ask(ada);
    expect(await most(waiting)).toBe(2);
    answers.push(...others.flatMap(ask));
    expect(await most(waiting)).toBe(poolSize / 2);
    // Quick reads go on beside them.
    const quick = Array.from({ length: 20 }, () => get("/trpc/accounts.list", bob));
    const statuses = (await Promise.all(quick)).map(({ status }) => status);
    expect(statuses).toEqual(Array(20).fill(200));
  });
  await Promise.all(answers);
});

const everything = [
  "/settings/export/everything.json",
  "/settings/export/transactions.csv",
  "/api/v1/account/export",
  "/trpc/account.exportData",
  "/trpc/account.exportData?batch=1",
];

/** Ada's history: rows of 1 kB, more than the sockets of both sides hold. Some at a time, as a statement has its time. */
const fill = async (rows: number) => {
  await app.query("delete from transactions where user_id = $1", [ada.id]);
  for (let from = 1; from <= rows; from += 10_000) {
    await app.query(
      `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
       select user_id, md5('e' || n), id, '2026-06-30'::date - (n % 200), 1, 'USD', repeat('x', 1000), false
         from (select user_id, id from accounts where user_id = $1 limit 1) a,
           generate_series($2::int, least($2::int + 9999, $3::int)) n`,
      [ada.id, from, rows],
    );
  }
};

/** An answer whose reader has stopped after its header. */
async function stopped(path: string, person: Person, method = "GET") {
  const sent = request(`${app.url}${path}`, { method, headers: { cookie: person.cookie } });
  sent.on("error", () => {}).end();
  const [response] = await once(sent, "response");
  response.on("error", () => {}).pause();
  return { status: response.statusCode as number, response, leave: () => void sent.destroy() };
}

test.each(everything)(
  "%s is whole, and no other export of theirs begins before it ends",
  async (path) => {
    await fill(1_000);
    let exported: Promise<string> | undefined;
    await whileLocked("transactions", async (waiting) => {
      exported = get(path, ada).then((answer) => answer.text());
      await expect.poll(waiting).toBe(1);
      const others = [...everything, "/settings/export/accounts.csv"].map(async (other) => {
        const refused = await get(other, ada);
        expect([other, refused.status]).toEqual([other, 429]);
        expect(await refused.text()).toMatch(/export_running|Another export of yours/);
      });
      await Promise.all(others);
      // Another user's does: theirs reads what is not locked.
      expect((await get("/settings/export/accounts.csv", bob)).status).toBe(200);
    });
    const text = (await exported) ?? "";
    if (path.endsWith(".csv")) expect(text.trim().split("\r\n")).toHaveLength(1_001);
    else {
      const body = JSON.parse(text);
      const data = [body].flat()[0].result?.data ?? body;
      expect(data.person.email).toBe(ada.email);
      expect(data.items).toHaveLength(1);
      const ids = new Set(data.transactions.map(({ id }: { id: string }) => id));
      expect([ids.size, data.transactions.length]).toEqual([1_000, 1_000]);
      const snake = path.startsWith("/api");
      expect(data.transactions[0]).toHaveProperty(snake ? "account_id" : "accountId");
    }
    // And now the next one does.
    expect((await get("/settings/export/accounts.csv", ada)).status).toBe(200);
  },
);

test.each(casesOf(everything, (path) => path === "/trpc/account.exportData"))(
  "%s reads no more than its reader takes, and nothing once they have gone",
  async (path) => {
    await fill(40_000);
    const slow = await stopped(path, ada);
    // What is not there any more cannot have been read.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await app.query("delete from transactions where user_id = $1", [ada.id]);
    let bytes = 0;
    slow.response.on("data", (part: Buffer) => {
      bytes += part.length;
    });
    slow.response.resume();
    await once(slow.response, "end");
    expect(bytes).toBeLessThan(25_000_000);
    await fill(40_000);
    const left = await stopped(path, ada);
    left.leave();
    await expect
      .poll(async () => (await get("/settings/export/accounts.csv", ada)).status)
      .toBe(200);
  },
);

test("of 24 exports at once one is written; HEAD, which is answered without a body, ends at once", async () => {
  await fill(20_000);
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, n) => stopped(everything[n % everything.length] ?? "", ada)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(23).fill(429)]);
  for (const { leave } of answers) leave();
  await expect.poll(async () => (await get("/settings/export/accounts.csv", ada)).status).toBe(200);
  for (let n = 0; n < 3; n++) {
    expect((await stopped("/settings/export/everything.json", ada, "HEAD")).status).toBe(200);
  }
});

test("an export asked for as a stream of tRPC's own is refused rather than written in memory", async () => {
  const answer = await fetch(`${app.url}/trpc/account.exportData?batch=1`, {
    headers: { cookie: ada.cookie, "trpc-accept": "application/jsonl" },
  });
  expect([answer.status, (await answer.json()).error.reason]).toEqual([
    415,
    "unsupported_media_type",
  ]);
});

describe.skipIf(!inject("redis"))("calls counted over two nodes", () => {
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

  const at = (node: { url: string }, path: string, { cookie }: Person) =>
    fetch(`${node.url}${path}`, { headers: { cookie } });
  /** How often Redis was asked each of these. */
  const asked = async (...commands: string[]) => {
    const stats = await redis.command("info", "commandstats");
    const calls = (name: string) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1];
    return commands.reduce((sum, name) => sum + Number(calls(name) ?? 0), 0);
  };
  const batch = batchOf(Array(99).fill("plan.get"));

  test("a cached read asks Redis for the entry, and hardly ever for the count", async () => {
    const eve = await first.signUp();
    await at(first, "/trpc/accounts.list", eve);
    const before = [await asked("hget"), await asked("eval", "evalsha")] as const;
    for (let n = 0; n < 300; n++) await at(first, "/trpc/accounts.list", eve);
    expect((await asked("hget")) - before[0]).toBe(300);
    expect((await asked("eval", "evalsha")) - before[1]).toBeLessThanOrEqual(300 / 60);
  });

  test("what one node has counted the other knows, at once where it has not heard of the caller", async () => {
    const eve = await first.signUp();
    for (let sent = 0; sent < 12; sent++) expect((await at(first, batch, eve)).status).toBe(200);
    const answer = await at(second, "/trpc/plan.get", eve);
    const left = /r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1];
    expect(Number(left)).toBeLessThan(99);
    expect((await at(second, batch, eve)).status).toBe(429);
  });

  test("while Redis is away each node counts for itself", async () => {
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
