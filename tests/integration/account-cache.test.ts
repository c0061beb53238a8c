import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { AccountCache } from "../../server/cache/account-cache.ts";
import { createInProcessAccountCache } from "../../server/cache/in-process-account-cache.ts";
import { createRedisAccountCache } from "../../server/cache/redis-account-cache.ts";
import type { AccountsListOutput } from "../../server/contracts/accounts.ts";
import { startRedis } from "../support/redis.ts";

const silent = pino({ level: "silent" });
const list = (name: string): AccountsListOutput => ({
  items: [
    {
      id: randomUUID(),
      institution: { id: null, name },
      status: "good",
      createdAt: new Date().toISOString(),
      accounts: [],
    },
  ],
});

let redis: Awaited<ReturnType<typeof startRedis>>;
beforeAll(async () => {
  if (inject("redis")) redis = await startRedis();
});
afterAll(() => redis?.stop());

/** The client connects in the background: its first answer is the sign. */
async function connected(cache: AccountCache): Promise<AccountCache> {
  for (let tries = 0; tries < 100; tries++) {
    if (
      await cache.clear("nobody").then(
        () => true,
        () => false,
      )
    )
      return cache;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the cache did not connect");
}

describe.each([
  ["the in-process twin", false, async () => createInProcessAccountCache()],
  ["the real Redis", true, () => connected(createRedisAccountCache(redis.url, silent))],
] as const)("N2 the cache of accounts: %s", (_name, needsRedis, make) => {
  const it = test.skipIf(needsRedis && !inject("redis"));

  it("gives back what was put in, under that data version alone", async () => {
    const cache = await make();
    const [user, value] = [randomUUID(), list("One")];
    await cache.set(user, 3, value);
    expect(await cache.get(user, 3)).toEqual(value);
    expect(await cache.get(user, 4)).toBeNull();
    await cache.close();
  });

  it("I5 a slow reader that fills an old version is not seen under the new one", async () => {
    const cache = await make();
    const user = randomUUID();
    await cache.set(user, 2, list("New"));
    await cache.set(user, 1, list("Old"));
    expect((await cache.get(user, 2))?.items[0]?.institution.name).toBe("New");
    await cache.close();
  });

  it("R4 clearing drops every version of this user and nothing of another", async () => {
    const cache = await make();
    const [user, other, kept] = [randomUUID(), randomUUID(), list("Other")];
    await cache.set(user, 1, list("One"));
    await cache.set(user, 2, list("Two"));
    await cache.set(other, 1, kept);
    await cache.clear(user);
    expect([await cache.get(user, 1), await cache.get(user, 2)]).toEqual([null, null]);
    expect(await cache.get(other, 1)).toEqual(kept);
    await cache.close();
  });
});

test.skipIf(!inject("redis"))(
  "a Redis that goes away is a miss, a clear that could not be done says so, and it comes back",
  async () => {
    const own = await startRedis();
    const cache = await connected(createRedisAccountCache(own.url, silent));
    const user = randomUUID();
    await cache.set(user, 1, list("One"));
    await own.stop();
    expect(await cache.get(user, 1)).toBeNull();
    await cache.set(user, 1, list("Two"));
    await expect(cache.clear(user)).rejects.toThrow();
    const back = await startRedis(own.port);
    await connected(cache);
    expect(await cache.get(user, 1)).toBeNull();
    await cache.close();
    await back.stop();
  },
);

test.skipIf(!inject("redis"))("what does not fit the contract is a miss", async () => {
  const cache = await connected(createRedisAccountCache(redis.url, silent));
  const { createClient } = await import("redis");
  const client = await createClient({ url: redis.url }).connect();
  await client.hSet("fiscility:accounts:{u}", "1", '{"items":[{"id":7}]}');
  await client.hSet("fiscility:accounts:{u}", "2", "{");
  expect([await cache.get("u", 1), await cache.get("u", 2)]).toEqual([null, null]);
  client.destroy();
  await cache.close();
});
