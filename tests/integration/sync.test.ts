import { expect } from "vitest";
import { findSync } from "../../db/item-syncs.ts";
import { listJobs, requestSync } from "../../db/jobs.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { createPlaidAdapter } from "../../server/plaid/plaid-adapter.ts";
import { createPlaidLimiter } from "../../server/rate-limits/plaid-limiter.ts";
import { failSync } from "../../server/transactions/fail-sync.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { lockUser } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import {
  accountsOf,
  dataVersionOf,
  deleteUsers,
  lockWaiters,
  makeSyncsDue,
  only,
  plaidItemIdOf,
  removeJobs,
  syncsOf,
  updateAccounts,
  updateItems,
} from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

const test = testWithApp({}, { limits: { lock: 1_000 } });
let worker: Worker | undefined;
test.afterEach(async ({ app }) => {
  await worker?.stop();
  worker = undefined;
  await app.clearFaults();
  await deleteUsers(app);
  await removeJobs(app);
});

const signal = new AbortController().signal;

/** Connects a bank. Its first sync is queued and nothing runs it. */
async function connect(app: TestApp, user?: TestUser, token?: Promise<string>) {
  const owner = user ?? (await app.signUp("cfo"));
  const response = await app.post(
    "/plaid/exchange-token",
    { public_token: await (token ?? app.publicToken()) },
    owner,
  );
  expect(response.status, app.logLines.at(-2)).toBe(200);
  const itemId: string = response.body.item.id;
  const plaidItemId = await plaidItemIdOf(app, itemId);
  return { owner, itemId, plaidItemId, item: { userId: owner.id, itemId } };
}
const sync = (app: TestApp, item: { userId: string; itemId: string }) =>
  syncItem(app.services, item, app.services.log, signal);
const change = (app: TestApp, plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });

async function expectSameAsAtPlaid(
  app: TestApp,
  {
    itemId,
    plaidItemId,
  }: {
    itemId: string;
    plaidItemId: string;
  },
) {
  const here = await transactionsHere(app, itemId);
  expect(here).toEqual(await transactionsAtPlaid(app, plaidItemId));
  return here;
}

test("connectAccount queues the first sync in its own transaction, and the worker runs it", async ({
  app,
}) => {
  const one = await connect(app);
  expect((await listJobs(app.services.db)).map(({ task }) => task)).toEqual(["sync_item"]);
  worker = await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  expect((await expectSameAsAtPlaid(app, one)).length).toBeGreaterThan(100);
  const list = await app.services.db.selectFrom("item_syncs").selectAll().execute();
  expect(list).toMatchObject([{ status: "done", midway: false, synced_at: expect.any(Date) }]);
});

test("syncItem applies what was added, changed and removed, and posts pending transactions", async ({
  app,
}) => {
  const one = await connect(app);
  expect(await sync(app, one.item)).toBe("done");
  const pending = (await transactionsHere(app, one.itemId)).filter((t) => t.pending);
  expect(pending.length).toBeGreaterThan(0);
  await app.control("POST", "items/refresh", { item_id: one.plaidItemId });
  await change(app, one.plaidItemId, { added: 1200, modified: 40, removed: 30 });
  expect(await sync(app, one.item)).toBe("done");
  const now = await expectSameAsAtPlaid(app, one);
  expect(now.filter(({ id }) => pending.some((p) => p.id === id))).toEqual([]);
});

test("syncItem reads again from the start of the update when data changes while it is read", async ({
  app,
}) => {
  const one = await connect(app);
  await change(app, one.plaidItemId, { added: 2000 });
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    pages += 1;
    if (pages === 3) await change(app, one.plaidItemId, { added: 10, removed: 700 });
    return syncTransactions(...args);
  };
  try {
    expect(await sync(app, one.item)).toBe("done");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect(pages).toBeGreaterThan(6);
  await expectSameAsAtPlaid(app, one);
});

test("syncItem leaves an Item whose transactions are not ready to the webhook and the sweep", async ({
  app,
}) => {
  await app.control("POST", "settings", { transactions_ready_ms: 60_000 });
  try {
    const one = await connect(app);
    expect(await sync(app, one.item)).toBe("not_ready");
    expect(await findSync(app.services.db, one.owner.id, one.itemId)).toMatchObject({
      cursor: null,
    });
    await app.advanceClock(61);
    expect(await sync(app, one.item)).toBe("done");
    await expectSameAsAtPlaid(app, one);
  } finally {
    await app.control("POST", "settings", { transactions_ready_ms: 0 });
  }
});

test("syncItem updates the balances with the transactions, and raises the data version", async ({
  app,
}) => {
  const one = await connect(app);
  const balances = async () =>
    (await accountsOf(app)).map(({ id, current_balance }) => ({ id, current_balance }));
  const version = () => dataVersionOf(app, one.owner);
  // The first sync also updates its progress.
  expect(await sync(app, one.item)).toBe("done");
  const before = await version();
  const truth = await balances();
  await updateAccounts(app, { current_balance: "1" });
  expect(await sync(app, one.item)).toBe("done");
  expect(await balances()).toEqual(truth);
  expect(await version()).toBe(before + 1);
});

test("syncItem stores the transactions of accounts that another Item has once", async ({ app }) => {
  const first = await connect(app);
  await sync(app, first.item);
  await app.query("delete from accounts where id = (select id from accounts limit 1)");
  const left = await accountsOf(app);
  // The same log-in again: only the missing account is new.
  const second = await connect(app, first.owner);
  expect(second.itemId).not.toBe(first.itemId);
  await sync(app, second.item);
  const accounts = await app.query("select id from accounts where item_id = $1", [second.itemId]);
  expect(accounts.length).toBe(1);
  expect(left.length).toBeGreaterThan(0);
  const theirs = await transactionsAtPlaid(app, second.plaidItemId);
  const here = await transactionsHere(app, second.itemId);
  expect(new Set(here.map(({ account }) => account)).size).toBe(1);
  expect(here).toEqual(theirs.filter(({ account }) => account === here[0]?.account));
});

test("sweep queues Items that sent no webhook, and no others", async ({ app }) => {
  const one = await connect(app);
  await sync(app, one.item);
  const keys = async () => (await listJobs(app.services.db)).map(({ key }) => key);
  await removeJobs(app);
  expect(await sweep(app.services)).toBe(0);
  expect(await keys()).toEqual([]);
  await makeSyncsDue(app);
  expect(await sweep(app.services)).toBe(1);
  expect(await sweep(app.services)).toBe(0);
  expect(await keys()).toEqual([`sync_item:${one.itemId}`]);
  await makeSyncsDue(app);
  await updateItems(app, { status: "revoked" });
  expect(await sweep(app.services)).toBe(0);
});

test("A failing sync job is listed, then dead on the card, until the sweep queues it again", async ({
  app,
}) => {
  const one = await connect(app);
  const shown = async () => (await only(syncsOf(app, one.owner))).status;
  // The worker's own sweep, at each full minute, would restart the job that is about to die.
  await makeSyncsDue(app, 60);
  await app.fault({ path: "/transactions/sync", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  worker = await startWorker(app.services);
  await expect.poll(async () => (await listJobs(app.services.db))[0]?.state).toBe("failing");
  expect(await shown()).toBe("waiting");
  await app.fault({ path: "/transactions/sync", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  await app.query(
    "select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs where task_identifier = 'sync_item'), run_at := now(), attempts := 7)",
  );
  await expect.poll(async () => (await listJobs(app.services.db))[0]?.state).toBe("dead");
  expect((await listJobs(app.services.db))[0]).toMatchObject({ attempts: 8, task: "sync_item" });
  expect(await shown()).toBe("failed");
  await makeSyncsDue(app);
  await sweep(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  expect(await shown()).toBe("done");
  await expectSameAsAtPlaid(app, one);
});

test("failSync raises the data version once the user's lock is free, when it is held longer than the limit (I5)", async ({
  app,
}) => {
  const { item, owner } = await connect(app);
  const version = () => dataVersionOf(app, owner);
  const before = await version();
  const release = await lockUser(app, owner);
  const givenUp = awaitLater(failSync(app.services, item));
  // It waits, times out, and waits again.
  await expect.poll(() => lockWaiters(app)).toHaveLength(1);
  await expect.poll(() => lockWaiters(app)).toHaveLength(0);
  await release();
  await givenUp;
  expect(Number(await version())).toBe(Number(before) + 1);
  const list = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: owner.cookie } });
  expect((await list.json()).items[0].sync.status).toBe("failed");
});

test("syncItem ends without a failure when the Item is disconnected while it syncs", async ({
  app,
}) => {
  const { item, owner } = await connect(app);
  // Plaid fails once, so that the retry comes after the Item is disconnected.
  await app.fault({ path: "/transactions/sync", times: 1, do: { error: "INTERNAL_SERVER_ERROR" } });
  const { config, log } = app.services;
  const limits = { ...app.services.limits, plaidBackoff: 1_000 };
  const plaid = createPlaidAdapter(config.plaid, createPlaidLimiter(null), log, limits);
  const calls = await app.requestsAtPlaid("/transactions/sync");
  const ended = syncItem({ ...app.services, plaid }, item, log, new AbortController().signal);
  await expect.poll(() => app.requestsAtPlaid("/transactions/sync")).toBeGreaterThan(calls);
  const body = { item_id: item.itemId, confirmation: "disconnect First Platypus Bank" };
  expect((await app.post("/api/v1/disconnections", body, owner)).status).toBe(200);
  expect(await ended).toBe("gone");
});

test("syncItem continues when Plaid allows it, for a history of more pages than an Item may fetch in a minute", async ({
  app,
}) => {
  const one = await connect(app);
  await change(app, one.plaidItemId, { added: 1200 });
  const { rateLimits } = await import("../../server/plaid/rate-limits.ts");
  const usual = rateLimits["/transactions/sync"] as (typeof rateLimits)[string];
  rateLimits["/transactions/sync"] = { ...usual, perItem: 2 };
  try {
    expect(await sync(app, one.item)).toBe("rate_limited");
  } finally {
    rateLimits["/transactions/sync"] = usual;
  }
  expect((await transactionsHere(app, one.itemId)).length).toBe(1000);
  const [job] = await listJobs(app.services.db);
  expect(job).toMatchObject({ state: "waiting", attempts: 0 });
  expect(job?.runAt.getTime()).toBeGreaterThan(Date.now() + 30_000);
  await app.query(
    "select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs), run_at := now())",
  );
  worker = await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  await expectSameAsAtPlaid(app, one);
});

test("syncItem spreads the retries of Items that wait for the same minute", async ({ app }) => {
  const items = await Promise.all(Array.from({ length: 6 }, () => connect(app)));
  const { rateLimits } = await import("../../server/plaid/rate-limits.ts");
  const usual = rateLimits["/transactions/sync"] as (typeof rateLimits)[string];
  rateLimits["/transactions/sync"] = { ...usual, perClient: 1 };
  try {
    await Promise.all(items.map(({ item }) => sync(app, item)));
  } finally {
    rateLimits["/transactions/sync"] = usual;
  }
  const begins = Date.now() + 30_000;
  const waiting = (await listJobs(app.services.db))
    .map(({ runAt }) => runAt.getTime())
    .filter((time) => time > begins);
  expect(waiting.length).toBeGreaterThanOrEqual(5);
  expect(Math.max(...waiting) - Math.min(...waiting)).toBeGreaterThan(2_000);
});

test("A stopped worker hands its sync back, and another continues it", async ({ app }) => {
  const one = await connect(app);
  await change(app, one.plaidItemId, { added: 3000 });
  const { syncTransactions } = app.services.plaid;
  const stop = new AbortController();
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    if (++pages === 3) stop.abort();
    return syncTransactions(...args);
  };
  try {
    const outcome = await syncItem(app.services, one.item, app.services.log, stop.signal);
    expect(outcome).toBe("stopped");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect((await transactionsHere(app, one.itemId)).length).toBe(1000);
  expect((await listJobs(app.services.db)).map(({ state }) => state)).toEqual(["waiting"]);
  worker = await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  await expectSameAsAtPlaid(app, one);
});

test("requestSync changes nothing while a sync waits, and adds one more while one runs", async ({
  app,
}) => {
  const one = await connect(app);
  const request = () => requestSync(app.services.db, one.owner.id, one.itemId);
  await Promise.all([request(), request(), request()]);
  expect((await listJobs(app.services.db)).length).toBe(1);

  const { syncTransactions } = app.services.plaid;
  let running = 0;
  let most = 0;
  let calls = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    calls += 1;
    most = Math.max(most, ++running);
    // Three requests while the first runs.
    if (calls === 1) await Promise.all([request(), request(), request()]);
    return syncTransactions(...args).finally(() => running--);
  };
  try {
    worker = await startWorker(app.services);
    await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  const outcomes = app.logLines.filter(
    (line) => line.includes(one.itemId) && line.includes('"event":"sync"'),
  );
  expect(outcomes.length).toBe(2);
  expect(most).toBe(1);
  await expectSameAsAtPlaid(app, one);
});

test("account.exportData has every transaction, as JSON and as CSV", async ({ app }) => {
  const one = await connect(app);
  await sync(app, one.item);
  const ids = (await transactionsHere(app, one.itemId)).map(({ id }) => id);
  const headers = { cookie: one.owner.cookie };
  const download = (file: string) => fetch(`${app.url}/settings/export/${file}`, { headers });
  const { transactions } = (await (await download("everything.json")).json()) as {
    transactions: { id: string; date: string }[];
  };
  expect(transactions.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const lines = (await (await download("transactions.csv")).text()).trim().split("\r\n");
  expect(lines).toHaveLength(ids.length + 1);
  expect(lines[0]).toContain("date,bank,account,mask,amount,currency,name");
  expect(lines[1]).toContain(`${transactions[0]?.date},First Platypus Bank,`);
});
