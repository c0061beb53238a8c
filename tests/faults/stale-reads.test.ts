import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { choices } from "../chaos/choices.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { isMatrix } from "../support/matrix.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { seed } from "../support/seed.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const operations = isMatrix ? 5_000 : 1_000;
const atOnce = 12;

/** A user with the model of what they must see: the connections with a response so far. */
interface Member extends TestUser {
  answered: Set<string>;
  connects: number;
}

// Without this the backoff would grow so long that Redis would hardly be used.
const limits = { redisRetry: 100 };

let redis: TestRedis;
let proxy: Awaited<ReturnType<typeof startTcpProxy>>;
let app: TestApp;
let second: Awaited<ReturnType<TestApp["startNode"]>>;
beforeAll(async () => {
  if (!inject("redis")) return;
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  app = await startTestApp({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` }, { limits });
  second = await app.startNode();
});
afterAll(async () => {
  await second?.close();
  await app?.close();
  await proxy?.close();
  await redis?.stop();
});

test.skipIf(!inject("redis"))(
  "accounts.list is never stale on two nodes while their Redis goes down and comes back (I5)",
  { timeout: 240_000 },
  async () => {
    const { random, pick } = choices(seed, "stale reads");
    const nodes = [app.url, second.url];
    const users: Member[] = [];
    for (let n = 0; n < 8; n++) {
      users.push({ ...(await app.signUp("cfo")), answered: new Set(), connects: 0 });
    }
    const stale: string[] = [];
    const done = { reads: 0, connects: 0, troubles: 0 };

    async function read(user: Member, node: string) {
      const before = new Set(user.answered);
      const response = await fetch(`${node}/trpc/accounts.list`, {
        headers: { cookie: user.cookie },
      });
      const body = (await response.json()) as {
        result: { data: { items: { id: string; accounts: { id: string }[] }[] } };
      };
      const items = body.result.data.items;
      const seen = new Set(items.map(({ id }) => id));
      for (const id of before) if (!seen.has(id)) stale.push(`${user.id} lacks ${id}`);
      if (items.some(({ accounts }) => accounts.length !== 1)) stale.push("half an Item");
      done.reads++;
    }

    async function connect(user: Member, node: string) {
      const number = ++user.connects;
      const custom = {
        override_accounts: [
          { type: "depository", subtype: "checking", meta: { name: `Account ${number}` } },
        ],
      };
      const publicToken = await app.publicToken(
        "ins_109508",
        "user_custom",
        JSON.stringify(custom),
      );
      const response = await fetch(`${node}/trpc/connectAccount`, {
        method: "POST",
        headers: { cookie: user.cookie, "content-type": "application/json" },
        body: JSON.stringify({ publicToken }),
      });
      expect(response.status).toBe(200);
      const body = (await response.json()) as { result: { data: { item: { id: string } } } };
      user.answered.add(body.result.data.item.id);
      done.connects++;
    }

    let hangs = false;
    /** Makes Redis hang or, if it hangs, come back; or closes its connections. */
    function trouble() {
      if (hangs) {
        proxy.go();
        hangs = false;
      } else if (random() < 0.7) {
        proxy.hang();
        hangs = true;
      } else proxy.cut();
      done.troubles++;
    }

    let left = operations;
    onTestFinished(() => {
      left = 0;
      proxy.go();
    });
    async function worker() {
      while (left-- > 0) {
        const [user, node, dice] = [pick(users), pick(nodes), random()];
        if (dice < 0.01) trouble();
        if (dice < 0.06 && user.connects < 90) await connect(user, node);
        else await read(user, node);
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker));
    proxy.go();

    expect(stale, `seed ${seed}`).toEqual([]);
    expect(done.reads + done.connects, `seed ${seed}`).toBe(operations);
    expect(done.connects).toBeGreaterThan(operations / 50);
    // Redis was in use, for what the other node had read; without it the test would prove nothing.
    const hits = await redis.command("info", "stats");
    expect(Number(/keyspace_hits:(\d+)/.exec(hits)?.[1])).toBeGreaterThan(operations / 50);
  },
);
