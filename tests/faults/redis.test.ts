import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from "vitest";
import { freePort } from "../../local/ports.ts";
import { accountsResponse } from "../../server/accounts/list-accounts.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { entryName } from "../../server/cache/account-store.ts";
import { RedisAdapter } from "../../server/cache/redis-adapter.ts";
import { redisAddress } from "../../server/cache/redis-address.ts";
import { createLog } from "../../server/telemetry/log.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { startRedis, startRedisCluster, type TestRedis } from "../support/redis.ts";
import { dataVersionOf, raiseDataVersion } from "../support/rows.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const key = (user: TestUser) => `fiscility:accounts:{${user.id}}`;

/**
 * The names of this user's banks, over REST with a cookie or a key, at a new data version: the process has the
 * last one in its own memory.
 */
async function banks(app: TestApp, headers: Record<string, string>): Promise<string[]> {
  await raiseDataVersion(app);
  const response = await fetch(`${app.url}/api/v1/accounts`, { headers });
  expect(response.status).toBe(200);
  const { items } = (await response.json()) as { items: { institution: { name: string } }[] };
  return items.map(({ institution }) => institution.name).sort();
}

/** A user with one bank in the cache, and the headers of a session and of an API key. */
async function userWithBank(app: TestApp) {
  const user = await app.signUp("cfo");
  await connect(app, user, "ins_109508");
  const { key: apiKey } = await createApiKey(app.services.db, user.id, {
    name: "Test",
    scopes: ["accounts:read"],
    expiresInDays: 1,
  });
  const ways: Record<string, string>[] = [
    { cookie: user.cookie },
    { authorization: `Bearer ${apiKey}` },
  ];
  await banks(app, { cookie: user.cookie });
  return { user, ways };
}

async function connect(app: TestApp, user: TestUser, institution: string): Promise<void> {
  const publicToken = await app.publicToken(institution);
  const response = await app.post("/plaid/exchange-token", { public_token: publicToken }, user);
  expect([response.status, response.body.outcome]).toEqual([200, "connected"]);
}

/**
 * Checks that requests are served from PostgreSQL, by session and by key, and that I5 holds through a
 * connection.
 */
async function expectService(app: TestApp, user: TestUser, ways: Record<string, string>[]) {
  for (const way of ways) {
    expect(await banks(app, way)).toEqual(["First Platypus Bank"]);
  }
  await connect(app, user, "ins_109509");
  for (const way of [...ways, ...ways]) {
    expect(await banks(app, way)).toEqual(["First Gingham Credit Union", "First Platypus Bank"]);
  }
}

const events = (app: TestApp, event: string) =>
  app.logLines.filter((line) => line.includes(`"event":"${event}"`)).length;

describe.skipIf(!inject("redis"))("Requests fall back to PostgreSQL when Redis", () => {
  let redis: TestRedis;
  let proxy: Awaited<ReturnType<typeof startTcpProxy>>;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy(redis.port);
    app = await startTestApp({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  });
  afterEach(async () => {
    redis.go();
    proxy.go();
    await redis.command("config", "set", "maxmemory", "0");
  });
  afterAll(async () => {
    await app?.close();
    await proxy?.close();
    await redis?.stop();
  });

  /** Checks that the cache is in use again: a read is stored. */
  async function expectCached(user: TestUser, server = redis) {
    await expect
      .poll(async () => {
        await banks(app, { cookie: user.cookie });
        return server.command("exists", key(user));
      })
      .toBe("1");
  }

  test("is not there at start, and use it once it is", async () => {
    const late = await startTcpProxy(redis.port);
    await late.close();
    const own = await startTestApp({ REDIS_URL: `redis://127.0.0.1:${late.port}` });
    const { user, ways } = await userWithBank(own);
    await expectService(own, user, ways);
    expect(events(own, "redis_away")).toBe(1);
    const there = await startRedis(late.port);
    await expect
      .poll(async () => {
        await banks(own, { cookie: user.cookie });
        return there.command("exists", key(user));
      })
      .toBe("1");
    await own.close();
    await there.stop();
  });

  test("goes away, and use it again when it is back", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    await redis.stop();
    try {
      await expectService(app, user, ways);
    } finally {
      redis = await startRedis(redis.port);
    }
    expect(events(app, "cache_not_cleared")).toBeGreaterThan(0);
    await expectCached(user);
  });

  test("hangs: one command times out, the rest are refused at once until it returns", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    const before = events(app, "redis_away");
    const logged = app.logLines.length;
    redis.hang();
    await expectService(app, user, ways);
    expect(events(app, "redis_away")).toBe(before + 1);
    const waited = app.logLines
      .slice(logged)
      .filter((line) => line.includes("did not respond within"));
    expect(waited.filter((line) => !line.includes("redis_away"))).toHaveLength(1);
    redis.go();
    await expectCached(user);
  });

  test("is behind a network that accepts everything and delivers nothing", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    proxy.hang();
    await expectService(app, user, ways);
    proxy.cut();
    proxy.go();
    await expectCached(user);
  });

  test("is slower than the time limit", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    proxy.slow(400);
    await expectService(app, user, ways);
    proxy.go();
    await expectCached(user);
  });

  test("is full: nothing new is stored, hits are served, and invalidating works", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    await redis.command("config", "set", "maxmemory-policy", "noeviction");
    await redis.command("config", "set", "maxmemory", "1");
    const away = events(app, "redis_away");
    await expectService(app, user, ways);
    expect(await redis.command("exists", key(user))).toBe("0");
    expect(events(app, "redis_away")).toBe(away);
    await redis.command("config", "set", "maxmemory", "0");
    await expectCached(user);
  });

  test.each([
    ["a string", (at: string) => [["set", at, "mine"]]],
    ["no JSON", (at: string, entry: string) => [["hset", at, entry, "{"]]],
    ["JSON of another shape", (at: string, e: string) => [["hset", at, e, '{"items":[{"id":7}]}']]],
    ["half an entry", (at: string, e: string) => [["hset", at, e, '{"items":[{"id":"']]],
  ])("has garbage under our key, %s, which is dropped and never shown", async (_name, put) => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    await redis.command("del", key(user));
    // Of the version that is read next.
    const entry = entryName(accountsResponse, (await dataVersionOf(app, user)) + 1);
    for (const words of put(key(user), entry)) await redis.command(...words);
    for (const way of ways) expect(await banks(app, way)).toEqual(["First Platypus Bank"]);
    // Deleted, and stored again.
    expect(await redis.command("hget", key(user), entry)).toContain("First Platypus");
    await expectService(app, user, ways);
  });

  test("is replaced by a program that is not Redis", async () => {
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    proxy.inject("HTTP/1.1 400 Bad Request\r\n\r\n");
    await expectService(app, user, ways);
    await expectCached(user);
    // Also from the start: this app's own address, which speaks HTTP.
    const own = await startTestApp({ REDIS_URL: app.url.replace("http:", "redis:") });
    const other = await userWithBank(own);
    await expectService(own, other.user, other.ways);
    await own.close();
  });

  test("fails over to a replica while the old master lives on as a replica", async () => {
    const replica = await startRedis(undefined, ["--replicaof", "127.0.0.1", String(redis.port)]);
    onTestFinished(async () => {
      if (redis === replica) return;
      await redis.command("replicaof", "no", "one");
      proxy.leadTo(redis.port);
      proxy.cut();
      await replica.stop();
    });
    await expect
      .poll(() => replica.command("info", "replication"))
      .toContain("master_link_status:up");
    const { user, ways } = await userWithBank(app);
    await expectCached(user);
    await replica.command("replicaof", "no", "one");
    await redis.command("replicaof", "127.0.0.1", String(replica.port));
    // Old connections stay; new ones reach the new master.
    proxy.leadTo(replica.port);
    await expectService(app, user, ways);
    await expectCached(user, replica);
    expect(app.logLines.some((line) => line.includes("READONLY"))).toBe(true);
    await redis.stop();
    redis = replica;
  });
});

describe.skipIf(!inject("redis"))("A Redis cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  let app: TestApp;
  // For each test: one of them stops a node.
  beforeEach(async () => {
    cluster = await startRedisCluster();
    app = await startTestApp({ REDIS_URL: cluster.url });
  });
  afterEach(async () => {
    await app?.close();
    await cluster?.stop();
  });

  /** The node that serves this user's slot, and the others. */
  async function ownerOf(user: TestUser) {
    const [first] = cluster.nodes;
    const slot = (await first?.command("cluster", "keyslot", key(user))) ?? "";
    const mine = await Promise.all(
      cluster.nodes.map(async (node) => {
        const lines = (await node.command("cluster", "nodes")).split("\n");
        const words = lines.find((line) => line.includes("myself"))?.split(" ") ?? [];
        const inside = words.slice(8).some((range) => {
          const [from = "", to = from] = range.split("-");
          return Number(from) <= Number(slot) && Number(slot) <= Number(to);
        });
        return { node, id: words[0] ?? "", inside };
      }),
    );
    const owner = mine.find(({ inside }) => inside);
    const other = mine.find(({ inside }) => !inside);
    if (!owner || !other) throw new Error("the slot is nobody's");
    return { slot, owner, other };
  }

  async function expectCachedAt(user: TestUser, node: TestRedis) {
    await expect
      .poll(async () => {
        await banks(app, { cookie: user.cookie });
        return node.command("exists", key(user)).catch(() => "moved");
      })
      .toBe("1");
  }

  test("keeps a user's entries in one slot, and follows ASK and MOVED while it moves", async () => {
    const { user, ways } = await userWithBank(app);
    const { slot, owner, other } = await ownerOf(user);
    await expectCachedAt(user, owner.node);
    const away = events(app, "redis_away");
    await other.node.command("cluster", "setslot", slot, "importing", owner.id);
    await owner.node.command("cluster", "setslot", slot, "migrating", other.id);
    // No longer on the old node: it returns ASK, and new entries are stored on the new node.
    await owner.node.command("del", key(user));
    for (const way of ways) expect(await banks(app, way)).toEqual(["First Platypus Bank"]);
    for (const { node } of [owner, other]) {
      await node.command("cluster", "setslot", slot, "node", other.id);
    }
    expect(await other.node.command("exists", key(user))).toBe("1");
    // The app still calls the old node, which returns MOVED.
    await expectService(app, user, ways);
    await expectCachedAt(user, other.node);
    expect(events(app, "redis_away")).toBe(away);
  });

  test("may lose a master that hangs or dies, and uses it again when it is back", async () => {
    const { user, ways } = await userWithBank(app);
    const { owner } = await ownerOf(user);
    await expectCachedAt(user, owner.node);
    owner.node.hang();
    await expectService(app, user, ways);
    owner.node.go();
    await expectCachedAt(user, owner.node);
    const other = await userWithBank(app);
    await owner.node.stop();
    await expectService(app, other.user, other.ways);
  });
});

test.skipIf(!inject("redis"))(
  "RedisAdapter keeps no connection to a cluster whose slots arrive after it gave up",
  async () => {
    // A cluster of one node. It names the proxy as the master of all slots.
    const bus = ["--cluster-port", String(await freePort())];
    const announced = ["--cluster-announce-ip", "127.0.0.1"];
    const node = await startRedis(undefined, ["--cluster-enabled", "yes", ...bus, ...announced]);
    onTestFinished(() => node.stop());
    await node.command("cluster", "addslotsrange", "0", "16383");
    const proxy = await startTcpProxy(node.port);
    onTestFinished(() => proxy.close());
    await node.command("config", "set", "cluster-announce-port", String(proxy.port));
    await expect
      .poll(() => node.command("cluster", "slots"))
      .toMatch(new RegExp(`127\\.0\\.0\\.1\\s+${proxy.port}\\b`));

    proxy.hang();
    let hasGivenUp = false;
    const write = (line: string) => {
      if (!line.includes('"event":"redis_away"')) return;
      hasGivenUp = true;
      // Before it tries again.
      adapter.close();
    };
    const adapter = new RedisAdapter(
      redisAddress.parse(`redis+cluster://127.0.0.1:${proxy.port}`),
      createLog("info", { write }),
      { ...timeLimits, redisReady: 200 },
    );
    await expect.poll(() => hasGivenUp).toBe(true);
    expect(proxy.accepted()).toBe(1);
    proxy.go();
    // The late slots lead the client to the master.
    await expect.poll(proxy.accepted).toBe(2);
    // The last client is `redis-cli` itself.
    const clients = async () => (await node.command("client", "list")).split("\n").length;
    await expect.poll(clients).toBe(1);
  },
);
