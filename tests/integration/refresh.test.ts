import { expect } from "vitest";
import { refreshItem } from "../../server/items/refresh-item.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { timeLimits } from "../../server/time-limits.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { dataVersionOf, jobsIn, removeJobs, syncsOf, updateItems } from "../support/rows.ts";

const limits = { ...timeLimits, plaidRefresh: 300 };
const test = testWithApp({}, { limits });
test.beforeEach(async ({ app }) => {
  await removeJobs(app);
  await startOver(app);
});

async function connect(app: TestApp) {
  const user = await app.signUp("cfo");
  const { body } = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  return { user, itemId: body.item.id as string };
}

const refresh = (app: TestApp, user: TestUser, itemId: string, url = "") =>
  url
    ? fetch(`${url}/trpc/items.refresh`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie: user.cookie },
        body: JSON.stringify({ itemId }),
      }).then(async (response) => ({ status: response.status, body: await response.json() }))
    : app.post("/trpc/items.refresh", { itemId }, user);

const run = (app: TestApp, user: TestUser, itemId: string) =>
  refreshItem(app.services, { userId: user.id, itemId }, app.services.log);

const calls = (app: TestApp) => app.requestsAtPlaid("/transactions/refresh");

/** As if the last refresh had been requested so many minutes earlier. */
const ageRefresh = (app: TestApp, minutes: number) =>
  app.query(
    "update item_syncs set refresh_asked_at = refresh_asked_at - make_interval(mins => $1)",
    [minutes],
  );

const shown = async (app: TestApp, user: TestUser) =>
  (await app.get("/api/v1/accounts", user)).items[0].refresh;

test("items.refresh calls Plaid once in a job, syncs after it, and shows its state (I5, I7)", async ({
  app,
}) => {
  const { user, itemId } = await connect(app);
  expect(await shown(app, user)).toEqual({ status: "idle", available_at: null });
  const worker = await startWorker(app.services);
  try {
    const synced = async () => (await syncsOf(app))[0]?.synced_at?.getTime() ?? 0;
    await expect.poll(synced).toBeGreaterThan(0);
    const before = await synced();
    const { body } = await refresh(app, user, itemId);
    const { status, availableAt } = body.result.data.refresh;
    expect(status).toBe("running");
    expect(Date.parse(availableAt) - Date.now()).toBeGreaterThan(14 * 60_000);
    await expect.poll(async () => (await shown(app, user)).status).toBe("idle");
    await expect.poll(synced).toBeGreaterThan(before);
    expect(await calls(app)).toBe(1);
  } finally {
    await worker.stop();
  }
});

test("items.refresh refuses a second refresh within 15 minutes, on every node and for any number of concurrent requests", async ({
  app,
}) => {
  const { user, itemId } = await connect(app);
  const other = await app.startNode();
  try {
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, n) => refresh(app, user, itemId, n % 2 ? other.url : "")),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(19);
    const { reason, details } = refused[0]?.body.error.data ?? {};
    expect(reason).toBe("refreshed_recently");
    expect(details.retryAfterSeconds).toBeGreaterThan(14 * 60);
  } finally {
    await other.close();
  }
  expect(await jobsIn(app, "refresh_item")).toHaveLength(1);
  await run(app, user, itemId);
  await ageRefresh(app, 14);
  const early = await refresh(app, user, itemId);
  expect(early.body.error.data.details.retryAfterSeconds).toBeLessThanOrEqual(60);
  await ageRefresh(app, 1);
  expect((await refresh(app, user, itemId)).status).toBe(200);
  await run(app, user, itemId);
  expect(await calls(app)).toBe(2);
});

test.for([
  ["Plaid has not enabled refreshes", { error: "INVALID_PRODUCT" }, 1],
  ["the Item has no Transactions yet", { error: "PRODUCT_NOT_ENABLED" }, 1],
  ["Plaid fails", { error: "INTERNAL_SERVER_ERROR" }, 1],
  ["the response is lost", { drop: "after" }, 1],
  ["Plaid does not respond in time", { hang: true }, 1],
  ["the bank needs a log-in", { error: "ITEM_LOGIN_REQUIRED" }, 1],
] as const)(
  "A refresh syncs, and is never retried at Plaid, when %s",
  async ([_what, fault], { app }) => {
    const { user, itemId } = await connect(app);
    await removeJobs(app);
    await refresh(app, user, itemId);
    await app.fault({ path: "/transactions/refresh", times: 9, do: fault });
    const started = performance.now();
    expect(await run(app, user, itemId)).toBe("synced");
    expect(performance.now() - started).toBeLessThan(5_000);
    // Another run starts after the process of the first one died.
    expect(await run(app, user, itemId)).toBe("synced");
    expect(await calls(app)).toBe(1);
    expect(await jobsIn(app, "sync_item")).toHaveLength(1);
    expect((await shown(app, user)).status).toBe("idle");
    // The error of the refresh does not change the Item: the sync finds out.
    expect((await app.get("/api/v1/accounts", user)).items[0].status).toBe("good");
  },
);

test("items.refresh returns what the bank needs, and does not call Plaid, when the bank's data does not arrive", async ({
  app,
}) => {
  const { user, itemId } = await connect(app);
  const reason = async (who = user) => (await refresh(app, who, itemId)).body.error.data.reason;
  await updateItems(app, { status: "login_required", problem: "log_in" }, { itemId });
  await app.query("update users set data_version = data_version + 1");
  expect(await reason()).toBe("bank_login_required");
  await updateItems(app, { status: "revoked", problem: "connect_again" }, { itemId });
  expect(await reason()).toBe("item_gone");
  expect(await reason(await app.signUp())).toBe("not_found");
  expect(await jobsIn(app, "refresh_item")).toEqual([]);
  expect(timeLimits.plaidRefresh).toBe(40_000);
});

test("A refresh whose last attempt failed, or whose job was lost, no longer counts as running (I5)", async ({
  app,
}) => {
  const { user, itemId } = await connect(app);
  await app.query("update items set access_token_sealed = 'v2.broken'");
  await refresh(app, user, itemId);
  await app.query("update graphile_worker._private_jobs set attempts = max_attempts - 1");
  const version = await dataVersionOf(app, user);
  const worker = await startWorker(app.services);
  try {
    await expect.poll(async () => (await shown(app, user)).status).toBe("idle");
    expect(await dataVersionOf(app, user)).toBeGreaterThan(version);
  } finally {
    await worker.stop();
  }
  await ageRefresh(app, 15);
  await refresh(app, user, itemId);
  await removeJobs(app);
  expect((await shown(app, user)).status).toBe("running");
  await ageRefresh(app, 15);
  // As its expiry does.
  await app.query("update users set data_version = data_version + 1");
  expect((await shown(app, user)).status).toBe("idle");
});
