import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { listJobs, planRegularJobs } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { until } from "../support/until.ts";

let app: TestApp;
let worker: Worker | undefined;
beforeAll(async () => {
  app = await startTestApp({}, { limits: { workerWatch: 200 } });
});
afterAll(async () => {
  await app?.close();
});
beforeEach(() =>
  app.query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))"),
);
afterEach(async () => {
  await app.setDatabase("back");
  await worker?.stop();
  worker = undefined;
});

const running = `select 1 from graphile_worker.jobs
  where task_identifier = 'sync_item' and locked_at is not null`;
const failures = () =>
  app.logLines.filter((line) => line.includes(`"event":"sync"`) && line.includes(`"failed"`))
    .length;

test("I1 I7 PostgreSQL goes away while the workers have jobs: all of them are run when it is back, and so is the recovery", async () => {
  const person = await app.signUp("cfo");
  for (let bank = 0; bank < 4; bank += 1) {
    const { body } = await app.post(
      "/plaid/exchange-token",
      { public_token: await app.publicToken(), connect_anyway: true },
      person,
    );
    expect(body.outcome).toBe("connected");
  }
  await app.fault({ path: "/transactions/sync", times: 40, do: { delay: 1_500 } });
  worker = await startWorker(app.services);
  // Two of them may have to wait for each other: their queue can be the same.
  await until(async () => (await app.query(running)).length >= 2);
  await app.setDatabase("away");
  // Plaid answers now, and nothing of it can be written down.
  await until(async () => failures() >= 2);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await app.setDatabase("back");
  await app.clearFaults();
  // As they would be after a backoff.
  const now = `update graphile_worker._private_jobs set run_at = now()
    where locked_at is null and attempts > 0`;
  await until(async () => {
    await app.query(now);
    const synced = await app.query("select 1 from item_syncs where synced_at is not null");
    return synced.length === 4;
  });
  const notEnded = async () => {
    await app.query(now);
    return (await listJobs(app.services.db)).filter(({ state }) => state !== "waiting");
  };
  await expect.poll(notEnded, { timeout: 40_000 }).toEqual([]);
});

test("the recovery, the reconciliation and the sweep wait for the next full minute, once however many nodes plan them", async () => {
  const { db } = app.services;
  await Promise.all(Array.from({ length: 10 }, () => planRegularJobs(db)));
  const jobs = `select task_identifier as task, queue_name as queue, attempts, run_at = date_trunc('minute', run_at)
    and run_at between now() and now() + interval '1 minute' as next
    from graphile_worker.jobs where key is not null order by 1`;
  const planned = [
    { task: "reconcile", queue: "reconcile", attempts: 0, next: true },
    { task: "recover_attempts", queue: "recover_attempts", attempts: 0, next: true },
    { task: "sweep", queue: "sweep", attempts: 0, next: true },
  ];
  expect(await app.query(jobs)).toEqual(planned);
  // One whose minute has come is not put off, however long it has to wait for a worker.
  await app.query("update graphile_worker._private_jobs set run_at = now() - interval '1 second'");
  await planRegularJobs(db);
  const late = planned.map((job) => ({ ...job, next: false }));
  expect(await app.query(jobs)).toEqual(late);
  // One that failed to the end is planned anew.
  await app.query(
    "update graphile_worker._private_jobs set attempts = max_attempts, run_at = now() - interval '1 hour'",
  );
  await planRegularJobs(db);
  expect(await app.query(jobs)).toEqual(planned);
});
