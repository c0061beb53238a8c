import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { handBackJobs } from "../../db/jobs.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.query(
    "select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))",
  );
});

const script = (file: string) => ["--import", "tsx", file];
const environment = (): NodeJS.ProcessEnv => ({
  NODE_ENV: "test",
  ...app.env,
  PATH: process.env.PATH,
  LOG_LEVEL: "info",
});

/** Connects a bank whose first sync takes a second at Plaid. */
async function connect(): Promise<string> {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken();
  const answer = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 1_000 } });
  return answer.body.item.id;
}
const running = async () =>
  (
    await app.query(
      "select 1 from graphile_worker.jobs where task_identifier = 'sync_item' and locked_at is not null",
    )
  ).length === 1;
async function toldJobs(): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    script("server/commands/jobs.ts"),
    {
      env: environment(),
    },
  );
  return stdout;
}

test("npm run worker runs the jobs alone, and SIGTERM lets the one that runs finish", async () => {
  const itemId = await connect();
  expect(await toldJobs()).toMatch(new RegExp(`waiting .*sync_item:${itemId}`));
  const worker = spawn(process.execPath, script("server/worker-main.ts"), { env: environment() });
  const ended = once(worker, "exit");
  await expect.poll(running).toBe(true);
  worker.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(await running()).toBe(false);
  expect(await app.query("select status from item_syncs where item_id = $1", [itemId])).toEqual([
    { status: "done" },
  ]);
  expect(await app.query("select 1 from graphile_worker.jobs where locked_by is not null")).toEqual(
    [],
  );
});

test("npm run jobs says what is dead and why, and so when there is nothing to say", async () => {
  expect(await toldJobs()).toBe("No job waits, and none has failed.\n");
  await app.query("select graphile_worker.add_job('handle_webhook', '{}', max_attempts := 1)");
  const worker = await startWorker(app.services);
  await expect
    .poll(() => app.query("select 1 from graphile_worker.jobs where last_error is not null"))
    .not.toHaveLength(0);
  await worker.stop();
  expect(await toldJobs()).toMatch(/^dead +\d+ handle_webhook {2}tried 1 of 1 {2}\S/);
});

test("the jobs of a worker that lives are left to it; those of one that is gone are handed back", async () => {
  await connect();
  const worker = await startWorker(app.services);
  await expect.poll(running).toBe(true);
  await app.query("select graphile_worker.add_job('sweep', run_at := now() + interval '1 hour')");
  await app.query(
    `update graphile_worker._private_jobs set locked_by = 'worker-gone', locked_at = now()
     where run_at > now() + interval '30 minutes'`,
  );
  const handedBack = new Set<string>();
  await expect
    .poll(async () => {
      for (const id of await handBackJobs(app.services.db)) handedBack.add(id);
      // At a full minute the worker does it itself.
      const left = "select 1 from graphile_worker.jobs where locked_by = 'worker-gone'";
      return app.query(left);
    })
    .toHaveLength(0);
  expect([...handedBack].filter((id) => id !== "worker-gone")).toEqual([]);
  expect(await running()).toBe(true);
  await worker.stop();
});
