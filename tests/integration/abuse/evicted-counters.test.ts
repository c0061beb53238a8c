import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { redisFound, startRedis, type TestRedis } from "../../support/redis.ts";
import { until } from "../../support/until.ts";

let app: TestApp;
let cache: TestRedis;
let counters: TestRedis;
const found = inject("redis");
beforeAll(async () => {
  if (!found) return;
  [cache, counters] = await Promise.all([startRedis(), startRedis()]);
  app = await startTestApp({ REDIS_URL: cache.url, REDIS_COUNTERS_URL: counters.url });
  await redisFound(app);
  await until(() => app.logLines.filter((line) => line.includes("redis_there")).length === 2);
});
afterAll(async () => {
  await app?.close();
  await Promise.all([cache?.stop(), counters?.stop()]);
});

test.skipIf(!found)(
  "The log-in throttle allows no new guesses when the cache evicts everything",
  async () => {
    const { email } = await app.signUp();
    const guess = async () =>
      (await app.post("/api/auth/sign-in/email", { email, password: "not the password" })).status;
    const statuses: number[] = [];
    while (statuses.at(-1) !== 429 && statuses.length < 50) statuses.push(await guess());
    expect(statuses.at(-1)).toBe(429);
    expect(Number(await counters.command("dbsize"))).toBeGreaterThan(0);
    await cache.command("flushall");
    expect(await guess()).toBe(429);
  },
);

test.skipIf(!found)(
  "The cache's Redis stores the cache, and the counters' Redis the limits of log-ins, API keys and Plaid",
  async () => {
    await cache.command("flushall");
    const ada = await app.signUp("cfo");
    await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
    for (let read = 0; read < 2; read++)
      await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: ada.cookie } });
    const cached = (await cache.command("keys", "*")).split("\n").filter(Boolean);
    expect(cached.length).toBeGreaterThan(0);
    expect(cached.filter((key) => !key.includes(ada.id))).toEqual([]);
    const counted = await counters.command("keys", "*");
    expect(counted).toContain("fiscility:plaid");
  },
);
