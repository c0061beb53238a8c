import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { retryInvalidation } from "../../server/cache/invalidate-cache.ts";
import type { ItemWithAccounts } from "../../server/contracts/accounts.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { redisFound, startRedis, type TestRedis } from "../support/redis.ts";
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

async function connect(person: Person, institution?: string): Promise<ItemWithAccounts> {
  const body = { public_token: await app.publicToken(institution) };
  const answer = await app.post("/plaid/exchange-token", body, person);
  expect(answer.status).toBe(200);
  return answer.body.item;
}

async function itemsOf(person: Person): Promise<ItemWithAccounts[]> {
  const response = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { cookie: person.cookie },
  });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as { result: { data: { items: ItemWithAccounts[] } } };
  return answer.result.data.items;
}

/** The steps with their states, and of a failed one that it says when it is tried again. */
async function trailOf(person: Person): Promise<string> {
  const [item] = await itemsOf(person);
  expect(item).toBeDefined();
  return (item?.trail.steps ?? [])
    .map(({ step, state, retryAt }) => `${step} ${state}${retryAt ? " again" : ""}`)
    .join(", ");
}

const versionOf = async (person: Person) =>
  (await app.query("select data_version from users where id = $1", [person.id]))[0]?.data_version;

const allDone = "connected done, refreshed done, sync_started done, transactions done, done done";

test("I7 a connection's trail goes from its commit to its transactions, with their count", async () => {
  const ada = await app.signUp("cfo");
  const { id } = await connect(ada);
  expect(await trailOf(ada)).toBe(
    "connected done, refreshed done, sync_started waiting, transactions waiting, done waiting",
  );
  const [row] = await app.query("select plaid_item_id from items where id = $1", [id]);
  await app.control("POST", "items/transactions", { item_id: row?.plaid_item_id, added: 900 });
  // The second page waits, so that the first is seen.
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 1 } });
  await app.fault({ path: "/transactions/sync", after: 1, times: 1, do: { delay: 3_000 } });
  worker = await startWorker(app.services);
  await expect
    .poll(() => trailOf(ada))
    .toContain("sync_started done, transactions running, done waiting");
  await expect.poll(() => trailOf(ada)).toBe(allDone);
  const [item] = await itemsOf(ada);
  expect(item?.trail.transactions).toBe((await transactionsHere(app, id)).length);
  expect(item?.trail.transactions).toBeGreaterThan(500);
});

test("I7 a first sync that fails says when it is tried again, and ends as done", async () => {
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
    .poll(() => trailOf(ada))
    .toContain("sync_started done, transactions failed again, done waiting");
  expect(await versionOf(ada)).not.toBe(before);
  await app.clearFaults();
  await expect.poll(() => trailOf(ada)).toBe(allDone);
});

test("I7 a bank that asks for a log-in before its first sync needs the person", async () => {
  const ada = await app.signUp("cfo");
  const { id } = await connect(ada);
  await app.query("update items set status = 'login_required' where id = $1", [id]);
  await app.query("update users set data_version = data_version + 1 where id = $1", [ada.id]);
  expect(await trailOf(ada)).toContain("transactions needs_you, done waiting");
});

describe.skipIf(!inject("redis"))("Redis away", () => {
  test("I5 I7 a cache that could not be cleared is on the trail, and cleared by a job once Redis is back", async () => {
    const ada = await app.signUp("cfo");
    await redis?.stop();
    await connect(ada);
    expect(await trailOf(ada)).toContain("connected done, refreshed failed again");
    worker = await startWorker(app.services);
    await expect
      .poll(() => trailOf(ada))
      .toContain("refreshed failed again, sync_started done, transactions done");
    const before = await versionOf(ada);
    redis = await startRedis(redisPort);
    await expect.poll(() => trailOf(ada)).toBe(allDone);
    expect(Number(await versionOf(ada))).toBeGreaterThan(Number(before));
    await expect
      .poll(async () => {
        const jobs = "select 1 from graphile_worker.jobs where task_identifier = 'clear_cache'";
        return app.query(jobs);
      })
      .toHaveLength(0);
  });

  test("a clear that cannot even be left to a job fails nothing that stands, and is logged", async () => {
    const ada = await app.signUp("cfo");
    await redis?.stop();
    await app.query(`create function refuse() returns trigger language plpgsql as
      $$ begin raise 'no room for a job'; end $$`);
    await app.query(`create trigger refuse before update of clear_retry_at on item_syncs
      for each row execute function refuse()`);
    try {
      const { id } = await connect(ada);
      const lost = app.logLines.filter((line) => line.includes('"cache_clear_lost"'));
      expect(lost).toEqual([expect.stringContaining(ada.id)]);
      expect((await itemsOf(ada)).map((item) => item.id)).toEqual([id]);
      const again = { userId: ada.id, itemId: id, tries: 1 };
      await expect(retryInvalidation(app.services, again, app.services.log)).rejects.toThrow(
        "room",
      );
    } finally {
      await app.query("drop function refuse cascade");
    }
  });

  test("the entries themselves are gone when the job has ended", async () => {
    const ada = await app.signUp("cfo");
    const key = `fiscility:accounts:{${ada.id}}`;
    await connect(ada);
    await expect
      .poll(async () => {
        await itemsOf(ada);
        return redis?.command("exists", key);
      })
      .toBe("1");
    redis?.hang();
    await connect(ada, "ins_109509");
    expect(await trailOf(ada)).toContain("refreshed failed again");
    redis?.go();
    await redis?.command("hset", key, "0", "left over");
    worker = await startWorker(app.services);
    await expect.poll(() => trailOf(ada)).toBe(allDone);
    expect(await redis?.command("hget", key, "0")).toBe("");
  });
});
