import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findSync } from "../../db/item-syncs.ts";
import { listJobs, requestSync } from "../../db/jobs.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { createPlaidAdapter } from "../../server/plaid/plaid-adapter.ts";
import { createPlaidLimiter } from "../../server/rate-limits/plaid-limiter.ts";
import { giveUpSync } from "../../server/transactions/give-up-sync.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { waitingLocks } from "../support/database.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
let worker: Worker | undefined;
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await app.clearFaults();
  await app.query("delete from users");
  await app.query(
    "select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))",
  );
});

const signal = new AbortController().signal;

/** Connects a bank; its first sync is asked for and nobody runs it. */
async function connect(person?: Person, token?: Promise<string>) {
  const owner = person ?? (await app.signUp("cfo"));
  const answer = await app.post(
    "/plaid/exchange-token",
    { public_token: await (token ?? app.publicToken()) },
    owner,
  );
  expect(answer.status, app.logLines.at(-2)).toBe(200);
  const itemId: string = answer.body.item.id;
  const [{ plaid_item_id: plaidItemId }] = (await app.query(
    "select plaid_item_id from items where id = $1",
    [itemId],
  )) as [{ plaid_item_id: string }];
  return { owner, itemId, plaidItemId, item: { userId: owner.id, itemId } };
}
const sync = (item: { userId: string; itemId: string }) =>
  syncItem(app.services, item, app.services.log, signal);
const change = (plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });

async function expectSameAsAtPlaid({
  itemId,
  plaidItemId,
}: {
  itemId: string;
  plaidItemId: string;
}) {
  const here = await transactionsHere(app, itemId);
  expect(here).toEqual(await transactionsAtPlaid(app, plaidItemId));
  return here;
}

test("the connection's own transaction asks for the first sync, and the worker runs it", async () => {
  const one = await connect();
  expect((await listJobs(app.services.db)).map(({ task }) => task)).toEqual(["sync_item"]);
  worker = await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  expect((await expectSameAsAtPlaid(one)).length).toBeGreaterThan(100);
  const list = await app.services.db.selectFrom("item_syncs").selectAll().execute();
  expect(list).toMatchObject([{ status: "done", midway: false, synced_at: expect.any(Date) }]);
});

test("what was added, changed and removed meanwhile comes with the next sync, pending ones posted", async () => {
  const one = await connect();
  expect(await sync(one.item)).toBe("done");
  const pending = (await transactionsHere(app, one.itemId)).filter((t) => t.pending);
  expect(pending.length).toBeGreaterThan(0);
  await app.control("POST", "items/refresh", { item_id: one.plaidItemId });
  await change(one.plaidItemId, { added: 1200, modified: 40, removed: 30 });
  expect(await sync(one.item)).toBe("done");
  const now = await expectSameAsAtPlaid(one);
  expect(now.filter(({ id }) => pending.some((p) => p.id === id))).toEqual([]);
});

test("data that changes while it is read is read again from where the update began", async () => {
  const one = await connect();
  await change(one.plaidItemId, { added: 2000 });
  const { syncTransactions } = app.services.plaid;
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    pages += 1;
    if (pages === 3) await change(one.plaidItemId, { added: 10, removed: 700 });
    return syncTransactions(...args);
  };
  try {
    expect(await sync(one.item)).toBe("done");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect(pages).toBeGreaterThan(6);
  await expectSameAsAtPlaid(one);
});

test("an Item whose transactions are not ready is left to the webhook and the sweep", async () => {
  await app.control("POST", "settings", { transactions_ready_ms: 60_000 });
  try {
    const one = await connect();
    expect(await sync(one.item)).toBe("not_ready");
    expect(await findSync(app.services.db, one.owner.id, one.itemId)).toMatchObject({
      cursor: null,
    });
    await app.advanceClock(61);
    expect(await sync(one.item)).toBe("done");
    await expectSameAsAtPlaid(one);
  } finally {
    await app.control("POST", "settings", { transactions_ready_ms: 0 });
  }
});

test("balances come beside the transactions, and the data version rises with them", async () => {
  const one = await connect();
  const version = async () =>
    (await app.query("select data_version v from users where id = $1", [one.owner.id]))[0].v;
  // The first one also tells how far it is.
  expect(await sync(one.item)).toBe("done");
  const before = await version();
  const truth = await app.query("select id, current_balance b from accounts order by id");
  await app.query("update accounts set current_balance = 1");
  expect(await sync(one.item)).toBe("done");
  expect(await app.query("select id, current_balance b from accounts order by id")).toEqual(truth);
  expect(await version()).toBe(before + 1);
});

test("accounts that are known by another Item keep their transactions once", async () => {
  const first = await connect();
  await sync(first.item);
  await app.query("delete from accounts where id = (select id from accounts limit 1)");
  const left = await app.query("select id from accounts");
  // The same log-in again: only the account that is missing is new.
  const second = await connect(first.owner);
  expect(second.itemId).not.toBe(first.itemId);
  await sync(second.item);
  const accounts = await app.query("select id from accounts where item_id = $1", [second.itemId]);
  expect(accounts.length).toBe(1);
  expect(left.length).toBeGreaterThan(0);
  const theirs = await transactionsAtPlaid(app, second.plaidItemId);
  const here = await transactionsHere(app, second.itemId);
  expect(new Set(here.map(({ account }) => account)).size).toBe(1);
  expect(here).toEqual(theirs.filter(({ account }) => account === here[0]?.account));
});

test("the sweep asks for Items that were not heard of, and for no others", async () => {
  const one = await connect();
  await sync(one.item);
  const keys = async () => (await listJobs(app.services.db)).map(({ key }) => key);
  await app.query(
    "select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))",
  );
  expect(await sweep(app.services)).toBe(0);
  expect(await keys()).toEqual([]);
  await app.query("update item_syncs set due_at = now()");
  expect(await sweep(app.services)).toBe(1);
  expect(await sweep(app.services)).toBe(0);
  expect(await keys()).toEqual([`sync_item:${one.itemId}`]);
  await app.query("update item_syncs set due_at = now()");
  await app.query("update items set status = 'revoked'");
  expect(await sweep(app.services)).toBe(0);
});

test("a job that was tried in vain is told of, then dead on the card, until the sweep begins anew", async () => {
  const one = await connect();
  const shown = async () =>
    (
      await app.query("select status from item_syncs where item_id = $1 and user_id = $2", [
        one.itemId,
        one.owner.id,
      ])
    )[0].status;
  // The worker's own sweep, at each full minute, would begin anew what is about to die.
  await app.query("update item_syncs set due_at = now() + interval '1 hour'");
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
  await app.query("update item_syncs set due_at = now()");
  await sweep(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  expect(await shown()).toBe("done");
  await expectSameAsAtPlaid(one);
});

test("I5 a sync that is given up while the person's lock is held for longer than we wait is told of once it is free", async () => {
  const { item, owner } = await connect();
  const version = async () =>
    (await app.query("select data_version from users where id = $1", [owner.id]))[0].data_version;
  const before = await version();
  const holder = new pg.Client(app.databaseUrl);
  await holder.connect();
  await holder.query("begin");
  await holder.query("select 1 from users where id = $1 for no key update", [owner.id]);
  const givenUp = giveUpSync(app.services, item);
  // It waits, gives its turn up at the limit, and waits again.
  await expect.poll(() => app.query(waitingLocks)).toHaveLength(1);
  await expect.poll(() => app.query(waitingLocks)).toHaveLength(0);
  await holder.end();
  await givenUp;
  expect(Number(await version())).toBe(Number(before) + 1);
  const list = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: owner.cookie } });
  expect((await list.json()).items[0].sync.status).toBe("failed");
});

test("an Item that is disconnected while it syncs is gone, which is no failure", async () => {
  const { item, owner } = await connect();
  // Plaid is asked once more, by then in vain.
  await app.fault({ path: "/transactions/sync", times: 1, do: { error: "INTERNAL_SERVER_ERROR" } });
  const { config, log } = app.services;
  const limits = { ...app.services.limits, plaidBackoff: 1_000 };
  const plaid = createPlaidAdapter(config.plaid, createPlaidLimiter(null), log, limits);
  const asked = await app.requestsAtPlaid("/transactions/sync");
  const ended = syncItem({ ...app.services, plaid }, item, log, new AbortController().signal);
  await expect.poll(() => app.requestsAtPlaid("/transactions/sync")).toBeGreaterThan(asked);
  const body = { item_id: item.itemId, confirmation: "disconnect First Platypus Bank" };
  expect((await app.post("/api/v1/disconnections", body, owner)).status).toBe(200);
  expect(await ended).toBe("gone");
});

test("a history of more pages than Plaid allows an Item in a minute goes on when it does", async () => {
  const one = await connect();
  await change(one.plaidItemId, { added: 1200 });
  const { rateLimits } = await import("../../server/plaid/rate-limits.ts");
  const usual = rateLimits["/transactions/sync"] as (typeof rateLimits)[string];
  rateLimits["/transactions/sync"] = { ...usual, perItem: 2 };
  try {
    expect(await sync(one.item)).toBe("held_up");
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
  await expectSameAsAtPlaid(one);
});

test("Items that wait for the same minute do not all come back as it begins", async () => {
  const items = await Promise.all(Array.from({ length: 6 }, () => connect()));
  const { rateLimits } = await import("../../server/plaid/rate-limits.ts");
  const usual = rateLimits["/transactions/sync"] as (typeof rateLimits)[string];
  rateLimits["/transactions/sync"] = { ...usual, perClient: 1 };
  try {
    await Promise.all(items.map(({ item }) => sync(item)));
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

test("a worker that is stopped hands its sync back, and another goes on from there", async () => {
  const one = await connect();
  await change(one.plaidItemId, { added: 3000 });
  const { syncTransactions } = app.services.plaid;
  const stop = new AbortController();
  let pages = 0;
  app.services.plaid.syncTransactions = async (...args) => {
    if (++pages === 3) stop.abort();
    return syncTransactions(...args);
  };
  try {
    const outcome = await syncItem(app.services, one.item, app.services.log, stop.signal);
    expect(outcome).toBe("handed_back");
  } finally {
    app.services.plaid.syncTransactions = syncTransactions;
  }
  expect((await transactionsHere(app, one.itemId)).length).toBe(1000);
  expect((await listJobs(app.services.db)).map(({ state }) => state)).toEqual(["waiting"]);
  worker = await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
  await expectSameAsAtPlaid(one);
});

test("while a sync waits another request changes nothing; while one runs, one more comes after it", async () => {
  const one = await connect();
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
  await expectSameAsAtPlaid(one);
});

test("a person takes every transaction along, as JSON and as CSV", async () => {
  const one = await connect();
  await sync(one.item);
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
