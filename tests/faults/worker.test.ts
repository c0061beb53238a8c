import { expect } from "vitest";
import { listJobs, planRegularJobs } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import type { TestApp } from "../support/app.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { removeJobs, syncsOf } from "../support/rows.ts";

const test = testWithApp({}, { limits: { workerWatch: 200 } });
let worker: Worker | undefined;
test.beforeEach(async ({ app }) => {
  await startOver(app);
  await removeJobs(app);
});
test.afterEach(async ({ app }) => {
  await app.setDatabase("back");
  await worker?.stop();
  worker = undefined;
});

const running = `select 1 from graphile_worker.jobs
  where task_identifier = 'sync_item' and locked_at is not null`;
const failures = (app: TestApp) =>
  app.logLines.filter((line) => line.includes(`"event":"sync"`) && line.includes(`"failed"`))
    .length;

test("Workers run all their jobs, and the recovery, once PostgreSQL is back after an outage (I1, I7)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  for (let bank = 0; bank < 4; bank += 1) {
    const { body } = await app.post(
      "/plaid/exchange-token",
      { public_token: await app.publicToken(), connect_anyway: true },
      user,
    );
    expect(body.outcome).toBe("connected");
  }
  await app.fault({ path: "/transactions/sync", times: 40, do: { delay: 1_500 } });
  worker = await startWorker(app.services);
  // Some may share a queue and wait for each other.
  await expect.poll(async () => (await app.query(running)).length).toBeGreaterThanOrEqual(2);
  await app.setDatabase("away");
  // Plaid responds now, and nothing can be stored.
  await expect.poll(() => failures(app)).toBeGreaterThanOrEqual(2);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await app.setDatabase("back");
  await app.clearFaults();
  // As they would be after a backoff.
  const now = `update graphile_worker._private_jobs set run_at = now()
    where locked_at is null and attempts > 0`;
  await expect
    .poll(async () => {
      await app.query(now);
      return (await syncsOf(app)).filter(({ synced_at }) => synced_at !== null);
    })
    .toHaveLength(4);
  const notEnded = async () => {
    await app.query(now);
    return (await listJobs(app.services.db)).filter(({ state }) => state !== "waiting");
  };
  await expect.poll(notEnded).toEqual([]);
});

test("planRegularJobs plans the recovery, the reconciliation, the sweep and the pass over Links for the next full minute once, however many nodes call it", async ({
  app,
}) => {
  const { db } = app.services;
  await Promise.all(Array.from({ length: 10 }, () => planRegularJobs(db)));
  const jobs = `select task_identifier as task, queue_name as queue, attempts, run_at = date_trunc('minute', run_at)
    and run_at between now() and now() + interval '1 minute' as next
    from graphile_worker.jobs where key is not null order by 1`;
  const planned = [
    { task: "finish_links", queue: "finish_links", attempts: 0, next: true },
    { task: "reconcile", queue: "reconcile", attempts: 0, next: true },
    { task: "recover_attempts", queue: "recover_attempts", attempts: 0, next: true },
    { task: "sweep", queue: "sweep", attempts: 0, next: true },
  ];
  expect(await app.query(jobs)).toEqual(planned);
  // A job whose minute has come is not postponed, however long it waits for a worker.
  await app.query("update graphile_worker._private_jobs set run_at = now() - interval '1 second'");
  await planRegularJobs(db);
  const late = planned.map((job) => ({ ...job, next: false }));
  expect(await app.query(jobs)).toEqual(late);
  // A job that used up its attempts is planned again.
  await app.query(
    "update graphile_worker._private_jobs set attempts = max_attempts, run_at = now() - interval '1 hour'",
  );
  await planRegularJobs(db);
  expect(await app.query(jobs)).toEqual(planned);
});

test("Syncs that failed with Plaid are retried at different times when it is back", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await app.fault({
    path: "/transactions/sync",
    times: 1_000,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  const items = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const body = { public_token: await app.publicToken(), connect_anyway: true };
      return (await app.post("/plaid/exchange-token", body, user)).body.item.id as string;
    }),
  );
  worker = await startWorker(app.services);
  const retries = async () => {
    const waiting = await app.query(`
      select extract(epoch from run_at - updated_at)::float / exp(attempts) as wait
      from graphile_worker.jobs
      where task_identifier = 'sync_item' and attempts > 0 and locked_at is null`);
    return new Set(waiting.map(({ wait }) => Number(wait).toFixed(1)));
  };
  expect(items).toHaveLength(6);
  await expect.poll(async () => (await retries()).size).toBeGreaterThan(3);
});
