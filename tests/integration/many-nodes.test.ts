import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { RedisAdapter } from "../../server/cache/redis-adapter.ts";
import { redisAddress } from "../../server/cache/redis-address.ts";
import { createPlaidLimiter, type PlaidLimiter } from "../../server/rate-limits/plaid-limiter.ts";
import { createLog } from "../../server/telemetry/log.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { startBalancer } from "../support/balancer.ts";
import { built } from "../support/built.ts";
import { matrixTest } from "../support/matrix.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";
import { redisFound, startRedis, startRedisCluster, type TestRedis } from "../support/redis.ts";
import { jobsIn, setPlan, syncsOf, usersIn } from "../support/rows.ts";
import { openStream } from "../support/sse.ts";

describe.skipIf(!inject("redis"))("Three nodes behind a load balancer and two workers", () => {
  let redis: TestRedis;
  let balancer: Awaited<ReturnType<typeof startBalancer>>;
  let app: TestApp;
  let nodes: NodeProcess[] = [];
  let workers: ChildProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    balancer = await startBalancer();
    app = await startTestApp(
      { REDIS_URL: redis.url, APP_URL: balancer.url, WORKER: "apart" },
      { pooled: true },
    );
    nodes = await Promise.all(Array.from({ length: 3 }, () => startNode(app.env)));
    balancer.leadTo(nodes.map(({ url }) => url));
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(nodes.map((node) => node.kill()));
    await app?.close();
    await balancer?.close();
    await redis?.stop();
  });

  /** Sends one request to the next node. */
  async function request(path: string, body?: object, headers: Record<string, string> = {}) {
    const isForm = body instanceof URLSearchParams;
    const response = await fetch(`${balancer.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        origin: balancer.url,
        ...(!isForm && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, node: response.headers.get("x-node"), text, response };
  }
  const cookieOf = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");

  /** Signs up on one node and logs in on the next. */
  async function logIn(): Promise<string> {
    const user = {
      name: "Ada",
      email: `${Math.random()}@example.com`,
      password: "correct horse battery",
    };
    const signedUp = await request("/api/auth/sign-up/email", user);
    expect([signedUp.status, signedUp.text]).toEqual([200, expect.anything()]);
    await setPlan(app, "cfo", (await usersIn(app)).at(-1));
    const loggedIn = await request("/api/auth/sign-in/email", user);
    expect([loggedIn.status, loggedIn.node]).toEqual([
      200,
      expect.not.stringMatching(`${signedUp.node}$`),
    ]);
    return cookieOf(loggedIn.response);
  }

  test("serve sign-up, log-in, the return from a bank, connection and list, each on the next node", async () => {
    const cookie = await logIn();
    const made = await request("/plaid/create-link-token", {}, { cookie });
    const { link_token: linkToken } = JSON.parse(made.text);
    const form = new URLSearchParams({ oauth_state_id: "1" });
    const back = await request("/connect/oauth.data", form, { cookie });
    expect(back.node).not.toBe(made.node);
    expect(back.text).toContain(linkToken);

    const connected = await request(
      "/plaid/exchange-token",
      { public_token: await app.publicToken() },
      { cookie },
    );
    const { item } = JSON.parse(connected.text);
    const requested = new Set<string | null>();
    // Twice around: from PostgreSQL, then from the shared cache.
    for (let n = 0; n < 6; n += 1) {
      const list = await request("/api/v1/accounts", undefined, { cookie });
      expect(JSON.parse(list.text).items.map(({ id }: { id: string }) => id)).toEqual([item.id]);
      requested.add(list.node);
    }
    expect(requested.size).toBe(3);
  });

  test("resume a stream on the next node, from its last event, when its node dies", async () => {
    const cookie = await logIn();
    const follow = (more = {}) =>
      openStream(`${balancer.url}/trpc/live.changes`, { cookie, ...more });
    const before = await follow();
    await expect.poll(() => before.messages()).toHaveLength(1);
    const [{ dataVersion }] = before.messages();
    const node = nodes.find(({ url }) => url === before.headers.get("x-node"));
    await node?.kill();
    await before.ended.catch(() => {});
    balancer.leadTo(nodes.filter(({ running }) => running).map(({ url }) => url));

    await request("/plaid/exchange-token", { public_token: await app.publicToken() }, { cookie });
    const after = await follow({ "last-event-id": String(dataVersion) });
    await expect.poll(() => after.messages()).toHaveLength(1);
    expect(after.messages()[0].dataVersion).toBeGreaterThan(dataVersion);
    after.close();
  });

  test("count the calls of an API key together", async () => {
    const owner = await app.signUp();
    const { key } = await createApiKey(app.services.db, owner.id, {
      name: "Test",
      scopes: ["accounts:read"],
      expiresInDays: 1,
    });
    const left: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { response } = await request("/api/v1/accounts", undefined, {
        authorization: `Bearer ${key}`,
      });
      left.push(Number(/r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1]));
    }
    expect(left).toEqual([599, 598, 597, 596]);
  });

  matrixTest("share the jobs, and run each once", async () => {
    await app.query(`create table job_runs (id bigint, worker text)`);
    await app.query(`create function count_run() returns trigger language plpgsql as
      $$ begin insert into job_runs values (new.id, new.locked_by); return null; end $$`);
    await app.query(`create trigger count_run after update on graphile_worker._private_jobs
      for each row when (old.locked_at is null and new.locked_at is not null)
      execute function count_run()`);
    const cookie = await logIn();
    const banks = ["ins_109508", "ins_109509", "ins_109510", "ins_109511", "ins_109512"];
    for (const bank of banks) {
      const body = { public_token: await app.publicToken(bank) };
      expect((await request("/plaid/exchange-token", body, { cookie })).status).toBe(200);
    }
    expect((await jobsIn(app)).length).toBeGreaterThanOrEqual(banks.length);
    await app.fault({ path: "/transactions/sync", times: 100, do: { delay: 300 } });
    workers = [1, 2].map(() =>
      spawn(process.execPath, built("worker-main"), {
        env: { ...app.env, NODE_ENV: "test", PATH: process.env.PATH, LOG_LEVEL: "silent" },
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
    // They log that they take jobs.
    await Promise.all(workers.map((worker) => once(worker.stderr as Readable, "data")));
    const unfinished = async () => (await syncsOf(app)).filter(({ status }) => status !== "done");
    await expect.poll(unfinished).toEqual([]);
    const due = async () => (await jobsIn(app)).filter(({ run_at }) => run_at <= new Date());
    await expect.poll(due).toEqual([]);
    const runs = await app.query("select id, count(*)::int as n from job_runs group by 1");
    expect(runs.length).toBeGreaterThanOrEqual(banks.length);
    expect(runs.filter(({ n }) => n > 1)).toEqual([]);
    // Each process marks its workers as alive.
    const alive = await app.query(
      "select count(distinct pid)::int as n from pg_locks where locktype = 'advisory' and granted",
    );
    expect(alive[0].n).toBeGreaterThanOrEqual(2);
    const ended = workers.map((worker) => once(worker, "exit"));
    for (const worker of workers) worker.kill("SIGTERM");
    expect((await Promise.all(ended)).map(([code]) => code)).toEqual([0, 0]);
  });
});

describe.skipIf(!inject("redis"))("Two nodes on a Redis cluster share one count", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  let app: TestApp;
  let second: Awaited<ReturnType<TestApp["startNode"]>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    app = await startTestApp({ REDIS_URL: cluster.url });
    second = await app.startNode();
    await Promise.all([redisFound(app), redisFound(second)]);
  });
  afterAll(async () => {
    await second?.close();
    await app?.close();
    await cluster?.stop();
  });
  /** Alternates between the nodes. With this many keys, every master has some. */
  const nodeOf = (turn: number) => (turn % 2 ? second.url : app.url);
  const many = 12;

  test("of the calls of each API key", async () => {
    const owner = await app.signUp();
    for (let n = 0; n < many; n += 1) {
      const scopes = ["accounts:read" as const];
      const options = { name: `Key ${n}`, scopes, expiresInDays: 1 };
      const { key } = await createApiKey(app.services.db, owner.id, options);
      const left: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const headers = { authorization: `Bearer ${key}` };
        const response = await fetch(`${nodeOf(turn)}/api/v1/accounts`, { headers });
        left.push(Number(/r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1]));
      }
      expect(left).toEqual([599, 598, 597, 596]);
    }
  });

  test("of the wrong passwords for an account", async () => {
    const { email } = await app.signUp();
    const statuses: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const response = await fetch(`${nodeOf(turn)}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email, password: `guess ${turn}` }),
      });
      statuses.push(response.status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  });

  test("of the calls to Plaid for each Item", async () => {
    const silent = createLog("silent");
    const adapters = [1, 2].map(
      () => new RedisAdapter(redisAddress.parse(cluster.url), silent, timeLimits),
    );
    await expect.poll(() => adapters.map((adapter) => adapter.isConnected)).toEqual([true, true]);
    const [one, other] = adapters.map(createPlaidLimiter) as [PlaidLimiter, PlaidLimiter];
    for (let n = 0; n < many; n += 1) {
      const waits = [await one(`item ${n}`, 2), await other(`item ${n}`, 2)];
      waits.push(await one(`item ${n}`, 2), await other(`item ${n}`, 2));
      expect(waits.map((ms) => ms > 0)).toEqual([false, false, true, true]);
    }
    for (const adapter of adapters) adapter.close();
  });
});
