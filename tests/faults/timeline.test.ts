import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { retryInvalidation } from "../../server/cache/invalidate-cache.ts";
import type { ItemWithAccounts } from "../../server/contracts/accounts.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { refuseWrites } from "../support/database-faults.ts";
import { redisFound, startRedis, type TestRedis } from "../support/redis.ts";
import {
  dataVersionOf,
  jobsIn,
  makeJobsDue,
  plaidItemIdOf,
  raiseDataVersion,
  updateItems,
} from "../support/rows.ts";
import { transactionsHere } from "../support/transactions.ts";

let redis: TestRedis | undefined;
let redisPort: number;
let app: TestApp;
let worker: Worker | undefined;
beforeAll(async () => {
  redisPort = await freePort();
  const REDIS_URL = `redis://127.0.0.1:${redisPort}`;
  app = await startTestApp(inject("redis") ? { REDIS_URL } : {});
});
beforeEach(async () => {
  if (!inject("redis")) return;
  redis = await startRedis(redisPort);
  await redisFound(app);
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await app.clearFaults();
  await redis?.stop();
});
afterAll(async () => {
  await app?.close();
});

async function connect(user: TestUser, institution?: string): Promise<ItemWithAccounts> {
  const body = { public_token: await app.publicToken(institution) };
  const response = await app.post("/plaid/exchange-token", body, user);
  expect(response.status).toBe(200);
  return response.body.item;
}

async function listItems(user: TestUser): Promise<ItemWithAccounts[]> {
  const response = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { cookie: user.cookie },
  });
  expect(response.status).toBe(200);
  const result = (await response.json()) as { result: { data: { items: ItemWithAccounts[] } } };
  return result.result.data.items;
}

/** The steps with their states, and for a failed one whether it shows its retry. */
async function timelineOf(user: TestUser): Promise<string> {
  const [item] = await listItems(user);
  expect(item).toBeDefined();
  return (item?.timeline.steps ?? [])
    .map(({ step, state, retryAt }) => `${step} ${state}${retryAt ? " again" : ""}`)
    .join(", ");
}

/** The same, once the wait for the next try of this task's job is over. */
async function timelineAfter(user: TestUser, task: string): Promise<string> {
  await makeJobsDue(app, task);
  return timelineOf(user);
}

const versionOf = (user: TestUser) => dataVersionOf(app, user);

const allDone = "connected done, refreshed done, sync_started done, transactions done, done done";

test("The timeline goes from the commit to the transactions, with their count (I7)", async () => {
  const ada = await app.signUp("cfo");
  const { id } = await connect(ada);
  expect(await timelineOf(ada)).toBe(
    "connected done, refreshed done, sync_started waiting, transactions waiting, done waiting",
  );
  await app.control("POST", "items/transactions", {
    item_id: await plaidItemIdOf(app, id),
    added: 900,
  });
  // The second page is delayed, so that the first is visible.
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 1 } });
  await app.fault({ path: "/transactions/sync", after: 1, times: 1, do: { delay: 3_000 } });
  worker = await startWorker(app.services);
  await expect
    .poll(() => timelineOf(ada))
    .toContain("sync_started done, transactions running, done waiting");
  await expect.poll(() => timelineOf(ada)).toBe(allDone);
  const [item] = await listItems(ada);
  expect(item?.timeline.transactions).toBe((await transactionsHere(app, id)).length);
  expect(item?.timeline.transactions).toBeGreaterThan(500);
});

test("The timeline says when a failed first sync is retried, and ends as done (I7)", async () => {
  const ada = await app.signUp("cfo");
  await app.fault({
    path: "/transactions/sync",
    times: 50,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  await connect(ada);
  const before = await versionOf(ada);
  worker = await startWorker(app.services);
  await expect
    .poll(() => timelineOf(ada))
    .toContain("sync_started done, transactions failed again, done waiting");
  expect(await versionOf(ada)).not.toBe(before);
  await app.clearFaults();
  await expect.poll(() => timelineAfter(ada, "sync_item")).toBe(allDone);
});

test("The timeline asks for the user when the bank needs a log-in before its first sync (I7)", async () => {
  const ada = await app.signUp("cfo");
  const { id } = await connect(ada);
  await updateItems(app, { status: "login_required" }, { itemId: id });
  await raiseDataVersion(app, ada);
  expect(await timelineOf(ada)).toContain("transactions needs_you, done waiting");
});

describe.skipIf(!inject("redis"))("The timeline while Redis is unavailable", () => {
  test("shows a cache that could not be invalidated, which a job does once Redis is back (I5, I7)", async () => {
    const ada = await app.signUp("cfo");
    await redis?.stop();
    await connect(ada);
    expect(await timelineOf(ada)).toContain("connected done, refreshed failed again");
    worker = await startWorker(app.services);
    await expect
      .poll(() => timelineOf(ada))
      .toContain("refreshed failed again, sync_started done, transactions done");
    const before = await versionOf(ada);
    redis = await startRedis(redisPort);
    await redisFound(app);
    await expect.poll(() => timelineAfter(ada, "clear_cache")).toBe(allDone);
    expect(Number(await versionOf(ada))).toBeGreaterThan(Number(before));
    await expect.poll(() => jobsIn(app, "clear_cache")).toEqual([]);
  });

  test("keeps the connection and logs it when the invalidation cannot even be queued", async () => {
    const ada = await app.signUp("cfo");
    const logged = app.logLines.length;
    await redis?.stop();
    const allow = await refuseWrites(app, "before update of clear_retry_at on item_syncs");
    try {
      const { id } = await connect(ada);
      const lost = app.logLines.slice(logged).filter((line) => line.includes('"cache_clear_lost"'));
      expect(lost).toEqual([expect.stringContaining(ada.id)]);
      expect((await listItems(ada)).map((item) => item.id)).toEqual([id]);
      const again = { userId: ada.id, itemId: id, tries: 1 };
      await expect(retryInvalidation(app.services, again, app.services.log)).rejects.toThrow(
        "refused",
      );
    } finally {
      await allow();
    }
  });

  test("shows no failed refresh once the job has deleted the cache entries", async () => {
    const ada = await app.signUp("cfo");
    const key = `fiscility:accounts:{${ada.id}}`;
    await connect(ada);
    await expect
      .poll(async () => {
        await listItems(ada);
        return redis?.command("exists", key);
      })
      .toBe("1");
    redis?.hang();
    await connect(ada, "ins_109509");
    expect(await timelineOf(ada)).toContain("refreshed failed again");
    redis?.go();
    await redis?.command("hset", key, "0", "left over");
    await redisFound(app);
    worker = await startWorker(app.services);
    await expect.poll(() => timelineAfter(ada, "clear_cache")).toBe(allDone);
    expect(await redis?.command("hget", key, "0")).toBe("");
  });
});
