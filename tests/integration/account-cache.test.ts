import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { AccountCache } from "../../server/cache/account-cache.ts";
import { type AccountStore, maxEntries } from "../../server/cache/account-store.ts";
import { createRedisAccountStore } from "../../server/cache/redis-account-store.ts";
import { RedisAdapter } from "../../server/cache/redis-adapter.ts";
import { redisAddress } from "../../server/cache/redis-address.ts";
import { type AccountsListOutput, accountsListOutput } from "../../server/contracts/accounts.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startRedis, startRedisCluster, type TestRedis } from "../support/redis.ts";

const accounts = { name: "accounts", schema: accountsListOutput };
const silent = pino({ level: "silent" });
const list = (name: string): AccountsListOutput => ({
  items: [
    {
      id: randomUUID(),
      institution: { id: null, name, logo: null, color: null, url: null },
      status: "good",
      problem: null,
      expiresAt: null,
      newAccounts: false,
      hasTransactions: true,
      notConnected: [],
      refresh: { status: "idle", availableAt: null },
      sync: { status: "done", at: null, problem: null },
      unreadable: { transactions: 0, accounts: 0 },
      timeline: { steps: [], transactions: 0 },
      createdAt: new Date().toISOString(),
      accounts: [],
    },
  ],
});

let redis: TestRedis;
let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
beforeAll(async () => {
  if (inject("redis")) [redis, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
});
afterAll(() => Promise.all([redis?.stop(), cluster?.stop()]));

const adapters: RedisAdapter[] = [];
afterEach(() => {
  for (const adapter of adapters.splice(0)) adapter.close();
});

async function storeAt(url: string): Promise<AccountStore> {
  const adapter = new RedisAdapter(redisAddress.parse(url), silent, timeLimits);
  adapters.push(adapter);
  await expect.poll(() => adapter.isConnected).toBe(true);
  return createRedisAccountStore(adapter, timeLimits.cacheEntry, silent);
}

describe.each([
  ["the real Redis", () => storeAt(redis.url)],
  ["a real cluster of three", () => storeAt(cluster.url)],
] as const)("The store of the account cache (N2): %s", (_name, make) => {
  const it = test.skipIf(!inject("redis"));

  it("returns what was stored, under that name and data version only", async () => {
    const store = await make();
    const [user, value] = [randomUUID(), list("One")];
    await store.set(user, accounts, 3, value);
    expect(await store.get(user, accounts, 3)).toEqual(value);
    expect(await store.get(user, accounts, 4)).toBeNull();
    expect(await store.get(user, { ...accounts, name: "another" }, 3)).toBeNull();
  });

  it("shows no slow reader's old version under the new one (I5)", async () => {
    const store = await make();
    const user = randomUUID();
    await store.set(user, accounts, 2, list("New"));
    await store.set(user, accounts, 1, list("Old"));
    expect((await store.get(user, accounts, 2))?.items[0]?.institution.name).toBe("New");
  });

  it("clears every version of this user and nothing of another (R4)", async () => {
    const store = await make();
    const [user, other, kept] = [randomUUID(), randomUUID(), list("Other")];
    await store.set(user, accounts, 1, list("One"));
    await store.set(user, accounts, 2, list("Two"));
    await store.set(other, accounts, 1, kept);
    await store.clear(user);
    expect([await store.get(user, accounts, 1), await store.get(user, accounts, 2)]).toEqual([
      null,
      null,
    ]);
    expect(await store.get(other, accounts, 1)).toEqual(kept);
  });

  it("does not grow when a user's data changes often", async () => {
    const store = await make();
    const user = randomUUID();
    for (let version = 1; version <= 100; version++)
      await store.set(user, accounts, version, list("N"));
    const kept = await Promise.all(
      Array.from({ length: 100 }, (_, at) => store.get(user, accounts, at + 1)),
    );
    expect(kept.at(-1)).toBeTruthy();
    expect(kept.filter((entry) => entry !== null).length).toBeLessThanOrEqual(maxEntries);
  });
});

describe.each([
  ["in one process", false, async (): Promise<AccountStore | null> => null],
  ["on the real Redis", true, () => storeAt(redis.url)],
  ["on a real cluster of three", true, () => storeAt(cluster.url)],
] as const)("The account cache (N2) %s", (_name, needsRedis, make) => {
  const it = test.skipIf(needsRedis && !inject("redis"));
  const open = async () => new AccountCache(await make(), timeLimits.cacheEntry, silent);
  const nameIn = async (reading: Promise<AccountsListOutput>) =>
    (await reading).items[0]?.institution.name;

  it("reads once for many readers of one version, and again for the next version", async () => {
    const cache = await open();
    const user = randomUUID();
    let reads = 0;
    const load = async () => list(`read ${++reads}`);
    const same = await Promise.all(
      Array.from({ length: 50 }, () => cache.read(user, accounts, 1, load)),
    );
    expect(new Set(same).size).toBe(1);
    expect(await nameIn(cache.read(user, accounts, 1, load))).toBe("read 1");
    expect(await nameIn(cache.read(user, accounts, 2, load))).toBe("read 2");
    // Of a user whose data changes often, only the newest versions are kept.
    for (let version = 3; version <= 100; version++)
      await cache.read(user, accounts, version, load);
    expect(await nameIn(cache.read(user, accounts, 100, load))).toBe("read 100");
    expect(await nameIn(cache.read(user, accounts, 1, load))).toBe("read 101");
  });

  it("reads again once it is cleared, and only for that user (R4)", async () => {
    const cache = await open();
    const [user, other] = [randomUUID(), randomUUID()];
    for (const each of [user, other]) await cache.read(each, accounts, 1, async () => list("One"));
    await cache.clear(user);
    const load = async () => list("Two");
    expect(await nameIn(cache.read(user, accounts, 1, load))).toBe("Two");
    expect(await nameIn(cache.read(other, accounts, 1, load))).toBe("One");
  });

  it("returns values that no reader can change for the others", async () => {
    const cache = await open();
    const user = randomUUID();
    const { items } = await cache.read(user, accounts, 1, async () => list("One"));
    expect(() => items.pop()).toThrow("Cannot");
    expect(() => Object.assign(items[0]?.institution ?? {}, { name: "Two" })).toThrow("Cannot");
  });

  it("fails for all readers that wait for a failed read, and reads again for the next", async () => {
    const cache = await open();
    const user = randomUUID();
    const broken = () => Promise.reject(new Error("no database"));
    const both = [cache.read(user, accounts, 1, broken), cache.read(user, accounts, 1, broken)];
    for (const read of both) await expect(read).rejects.toThrow("no database");
    expect(await cache.read(user, accounts, 1, async () => list("One"))).toBeTruthy();
  });

  it("returns no more than the response's schema has, and fails when it has less (I6)", async () => {
    const cache = await open();
    const user = randomUUID();
    const one = list("One");
    const more = async () => ({ ...one, token: "access-sandbox-x" });
    expect(await cache.read(user, accounts, 1, more)).toEqual(one);
    expect(await cache.read(user, accounts, 1, more)).toEqual(one);
    const less = async () => ({ items: [{ id: 1 }] }) as unknown as AccountsListOutput;
    await expect(cache.read(user, accounts, 2, less)).rejects.toThrow("expected string");
  });
});

test.skipIf(!inject("redis"))(
  "The account cache of one process has what another read, except what only one release can use",
  async () => {
    const [one, another] = await Promise.all(
      [1, 2].map(
        async () => new AccountCache(await storeAt(redis.url), timeLimits.cacheEntry, silent),
      ),
    );
    const user = randomUUID();
    const never = () => Promise.reject(new Error("read again"));
    const value = list("One");
    await one?.read(user, accounts, 1, async () => value);
    const found = await another?.read(user, accounts, 1, never);
    expect(found).toEqual(value);
    expect(() => found?.items.pop()).toThrow("Cannot");
    await one?.readHere(user, "page", 1, async () => value);
    await expect(another?.readHere(user, "page", 1, never)).rejects.toThrow("read again");
    expect(await one?.readHere(user, "page", 1, never)).toEqual(value);
  },
);
