import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { releaseJobsOfDeadWorkers } from "../../db/jobs.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp } from "../support/app.ts";
import { built } from "../support/built.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { addJob, jobsIn, removeJobs, syncsOf } from "../support/rows.ts";

const test = testWithApp();
test.beforeEach(async ({ app }) => {
  await startOver(app);
  await removeJobs(app);
});

const environment = (app: TestApp): NodeJS.ProcessEnv => ({
  NODE_ENV: "test",
  ...app.env,
  PATH: process.env.PATH,
  LOG_LEVEL: "info",
});

/** Connects a bank whose first sync takes a second at Plaid. */
async function connect(app: TestApp): Promise<string> {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken();
  const response = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 1_000 } });
  return response.body.item.id;
}
const running = async (app: TestApp) =>
  (await jobsIn(app, "sync_item")).filter(({ locked_at }) => locked_at !== null);
async function toldJobs(app: TestApp): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, built("jobs"), {
    env: environment(app),
  });
  return stdout;
}

test("npm run worker runs jobs, and lets the running one finish on SIGTERM", async ({ app }) => {
  const itemId = await connect(app);
  expect(await toldJobs(app)).toMatch(new RegExp(`waiting .*sync_item:${itemId}`));
  const worker = spawn(process.execPath, built("worker-main"), {
    env: environment(app),
  });
  const ended = once(worker, "exit");
  // Not SIGKILL, which would leave the job locked.
  onTestFinished(async () => {
    worker.kill("SIGTERM");
    await ended;
  });
  await expect.poll(() => running(app)).toHaveLength(1);
  worker.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(await running(app)).toEqual([]);
  expect(await syncsOf(app)).toMatchObject([{ status: "done" }]);
  expect((await jobsIn(app)).filter(({ locked_by }) => locked_by !== null)).toEqual([]);
});

test("npm run jobs lists dead jobs with their cause, and says so when there are none", async ({
  app,
}) => {
  expect(await toldJobs(app)).toBe("No job waits, and none has failed.\n");
  await addJob(app, "handle_webhook", { maxAttempts: 1 });
  const worker = await startWorker(app.services);
  const failed = async () => (await jobsIn(app)).filter(({ last_error }) => last_error !== null);
  try {
    await expect.poll(failed).not.toHaveLength(0);
  } finally {
    await worker.stop();
  }
  expect(await toldJobs(app)).toMatch(/^dead +\d+ handle_webhook {2}tried 1 of 1 {2}\S/);
});

test("releaseJobsOfDeadWorkers takes the jobs of a dead worker, and leaves those of a live one", async ({
  app,
}) => {
  await connect(app);
  const worker = await startWorker(app.services);
  try {
    await expect.poll(() => running(app)).toHaveLength(1);
    await addJob(app, "sweep", { inMinutes: 60 });
    await app.query(
      `update graphile_worker._private_jobs set locked_by = 'worker-gone', locked_at = now()
       where run_at > now() + interval '30 minutes'`,
    );
    const handedBack = new Set<string>();
    await expect
      .poll(async () => {
        for (const id of await releaseJobsOfDeadWorkers(app.services.db)) handedBack.add(id);
        // At a full minute the worker does it itself.
        return (await jobsIn(app)).filter(({ locked_by }) => locked_by === "worker-gone");
      })
      .toHaveLength(0);
    expect([...handedBack].filter((id) => id !== "worker-gone")).toEqual([]);
    expect(await running(app)).toHaveLength(1);
  } finally {
    await worker.stop();
  }
});
