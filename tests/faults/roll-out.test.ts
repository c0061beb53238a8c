import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { pendingMigrations } from "../../db/migrate.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { withEmptyDatabase } from "../support/database.ts";
import { startMain } from "../support/main-process.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { addTestUser, type TestUser } from "../support/test-users.ts";
import { versionBefore } from "../support/version-before.ts";

/** Its local Plaid and its environment are used; its own server gets no requests. */
let app: TestApp;
let redis: TestRedis | undefined;
beforeAll(async () => {
  if (inject("redis")) redis = await startRedis();
  app = await startTestApp(redis && { REDIS_URL: redis.url });
});
afterAll(async () => {
  await app?.close();
  await redis?.stop();
});

/** Adds a user on plan CFO. */
const addTo = (database: pg.Client) =>
  addTestUser(
    database,
    { SESSION_SECRET: app.env.SESSION_SECRET as string, production: false },
    { name: "Ada", email: `${randomUUID()}@example.com`, plan: "cfo" },
  );

/** Returns the response of a call that must succeed. */
async function request({ cookie }: TestUser, url: string, body?: object) {
  const response = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: { cookie, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** Connects a bank on one node, waits for its sync on another, and disconnects it there. */
async function connectAndDisconnect(user: TestUser, one: string, another: string): Promise<void> {
  const itemsAt = async (url: string) => (await request(user, `${url}/api/v1/accounts`)).items;
  const { item } = await request(user, `${one}/plaid/exchange-token`, {
    public_token: await app.publicToken(),
  });
  for (const url of [another, one]) expect(await itemsAt(url)).toMatchObject([{ id: item.id }]);
  await expect.poll(async () => (await itemsAt(another))[0].sync.status).toBe("done");
  const { transactions } = await request(user, `${another}/api/v1/transactions`);
  expect(transactions).not.toEqual([]);
  await request(user, `${another}/api/v1/disconnections`, {
    item_id: item.id,
    confirmation: `disconnect ${item.institution.name}`,
  });
  for (const url of [one, another]) expect(await itemsAt(url)).toEqual([]);
}

test("No call to the previous version fails while today's version migrates its tables and then runs beside it", async (ctx) => {
  const before = versionBefore();
  if (!before) {
    const why = "Git's history here does not reach back to before the newest migration";
    process.stderr.write(`\n!!! ${why}: NO older version was run beside today's.\n\n`);
    return ctx.skip(why);
  }
  ctx.onTestFinished(before.remove);
  await withEmptyDatabase(async (url, db) => {
    // The previous version can decrypt no other format: docs/operations.md.
    const envelopes = { TOKEN_ENVELOPES: "v1" };
    const env = { ...app.env, ...envelopes, DATABASE_URL: url, DATABASE_DIRECT_URL: url };
    const start = async (folder?: string) => {
      const node = await startMain(env, folder);
      ctx.onTestFinished(node.kill);
      return node;
    };
    const old = await start(before.folder);
    ctx.onTestFailed(() => void process.stderr.write(old.said()));
    const database = new pg.Client({ connectionString: url });
    // It is deleted with the database.
    database.on("error", () => {});
    await database.connect();
    const users = [await addTo(database), await addTo(database)];

    let nodes = [old];
    /** How many rounds each user has finished. */
    const ended = users.map(() => 0);
    const rounds = () => ended.reduce((sum, each) => sum + each);
    let over = false;
    ctx.onTestFinished(() => {
      over = true;
    });
    const load = Promise.all(
      users.map(async (user, n) => {
        for (let turn = 0; !over; turn++) {
          const [one, another] = [turn, turn + 1].map((at) => nodes[at % nodes.length]?.url);
          await connectAndDisconnect(user, one as string, another as string);
          ended[n] = turn + 1;
          await pause(100);
        }
      }),
    );
    // Awaited once today's version is running.
    load.catch(() => {});
    expect(await pendingMigrations(db)).not.toEqual([]);
    const today = await start();
    expect(await pendingMigrations(db)).toEqual([]);
    const alone = rounds();
    expect(alone).toBeGreaterThan(0);
    nodes = [old, today];
    await Promise.race([expect.poll(rounds).toBeGreaterThanOrEqual(alone + 8), load]);
    // Both users continue on today's version only, as behind a load balancer.
    nodes = [today];
    const led = [...ended];
    const isLed = () => ended.every((each, n) => each > (led[n] as number));
    await Promise.race([expect.poll(isLed).toBe(true), load]);
    // Accepts no more, finishes open requests, and exits.
    old.child.kill("SIGTERM");
    expect(await old.ended).toEqual([0, null]);
    over = true;
    await load;

    expect(old.said() + today.said()).not.toMatch(/"level":[56]0/);
    const failed = "select last_error from graphile_worker.jobs where last_error is not null";
    expect((await database.query(failed)).rows).toEqual([]);
  });
});
