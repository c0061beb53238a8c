import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { listJobs, requestSync } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { casesOf, matrixTest } from "../support/matrix.ts";
import { startNode } from "../support/node-process.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";
import { deliver, startWebhookCatcher } from "../support/webhook-catcher.ts";

let app: TestApp;
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
const workers: Worker[] = [];
beforeAll(async () => {
  // More happens here to an Item in a minute than Plaid allows, and a limit is waited out for longer than a test.
  for (const limit of Object.values(rateLimits)) if (limit.perItem) limit.perItem = 10_000;
  app = await startTestApp();
  catcher = await startWebhookCatcher();
});
afterAll(async () => {
  await catcher?.close();
  await app?.close();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
  await app.resetPlaid();
  await app.query("delete from webhooks");
  await app.query("delete from users");
  await app.query(
    "select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))",
  );
});

async function connect(webhook?: string) {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", webhook);
  const answer = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const itemId: string = answer.body.item.id;
  // A worker's sweep, at each full minute, would begin anew what a killed one has left.
  await app.query("update item_syncs set due_at = now() + interval '1 hour'");
  const [row] = await app.query("select plaid_item_id from items where id = $1", [itemId]);
  return { owner, itemId, plaidItemId: row?.plaid_item_id as string };
}
const change = (plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });
const jobsOfItems = async () =>
  (await listJobs(app.services.db)).filter(({ task }) => /^(sync_item|handle_webhook)$/.test(task));
/** Waits until no job is left; superseded jobs that failed are not listed. */
const quiet = () => expect.poll(jobsOfItems).toEqual([]);

test.each(
  casesOf(
    [
      ["begun", 1, 0],
      ["fetched", 1, 0],
      ["kept", 1, 1],
      ["fetched", 3, 2],
      ["kept", 3, 3],
      ["finished", 1, 5],
    ] as const,
    ([step, times]) => step === "kept" && times === 3,
  ),
)(
  "killed after '%s' no. %i, cursor and rows agree, and another worker goes on from there",
  async (step, times, pages) => {
    const one = await connect();
    const first = await transactionsAtPlaid(app, one.plaidItemId);
    await change(one.plaidItemId, { added: 2500 - first.length });
    const node = await startNode(app.env);
    await node.dieAfter(step, times);
    node.work();
    await node.ended;
    expect(node.process.signalCode).toBe("SIGKILL");

    const truth = await transactionsAtPlaid(app, one.plaidItemId);
    expect(truth.length).toBe(2500);
    const here = await transactionsHere(app, one.itemId);
    expect(here.length).toBe(pages * 500);
    const known = new Map(truth.map((one) => [one.id, one]));
    for (const row of here) expect(row).toEqual(known.get(row.id));
    const [at] = await app.query("select cursor, midway from item_syncs");
    expect(at?.cursor === null).toBe(pages === 0);
    expect(at?.midway).toBe(pages > 0 && pages < 5);

    const asked = await app.requestsAtPlaid("/transactions/sync");
    workers.push(await startWorker(app.services));
    await quiet();
    expect(await transactionsHere(app, one.itemId)).toEqual(truth);
    // Only what was missing is fetched; after the last page one empty one says so.
    const more = (await app.requestsAtPlaid("/transactions/sync")) - asked;
    expect(more).toBe(Math.max(1, 5 - pages));
    expect(await app.query("select status, midway from item_syncs")).toEqual([
      { status: "done", midway: false },
    ]);
  },
);

test.each(casesOf(["first", "later"], (which) => which === "later"))(
  "killed in the %s update, which has changed since: it is read again from where it began, and what came and went stays nowhere",
  async (which) => {
    const one = await connect();
    const sync = async () => {
      workers.push(await startWorker(app.services));
      await quiet();
      await workers.pop()?.stop();
    };
    if (which === "later") {
      await sync();
      await requestSync(app.services.db, one.owner.id, one.itemId);
    }
    await change(one.plaidItemId, { added: 2000 });
    const node = await startNode(app.env);
    await node.dieAfter("kept", 2);
    node.work();
    await node.ended;
    const before = await transactionsHere(app, one.itemId);
    // Some of what the two pages brought is gone, and as it was never told of as a whole, nor is that.
    await change(one.plaidItemId, { added: 300, modified: 200, removed: 2800 });
    const truth = await transactionsAtPlaid(app, one.plaidItemId);
    const still = new Set(truth.map(({ id }) => id));
    expect(before.filter(({ id }) => !still.has(id)).length).toBeGreaterThan(100);
    await sync();
    expect(await transactionsHere(app, one.itemId)).toEqual(truth);
  },
);

matrixTest("syncs end as one clean sync does when webhooks arrive twice and shuffled", async () => {
  const items = await Promise.all(Array.from({ length: 20 }, () => connect(catcher.url)));
  const other = await app.startNode();
  try {
    workers.push(await startWorker(app.services), await startWorker(other.services));
    let delivered = 0;
    /** Everything caught so far, twice and in any order, at either node. */
    const deliverShuffled = async () => {
      const late = catcher.caught.splice(0);
      const twice = [...late, ...late]
        .map((webhook) => ({ webhook, at: Math.random() }))
        .sort((a, b) => a.at - b.at);
      const one = async ({ webhook, at }: (typeof twice)[number]) => {
        expect(await deliver(at > 0.5 ? app.url : other.url, webhook)).toBe(200);
        delivered += 1;
      };
      // Hundreds at the same moment would wait for a connection to PostgreSQL longer than we let them.
      while (twice.length > 0) await Promise.all(twice.splice(0, 40).map(one));
    };
    for (let round = 0; round < 4; round++) {
      await Promise.all(
        items.map(async ({ plaidItemId }, index) => {
          await change(plaidItemId, { added: 150, modified: 30, removed: 50 });
          await app.control("POST", "items/refresh", { item_id: plaidItemId });
          if (index % 4 !== round) return;
          await app.control("POST", "items/reset-login", { item_id: plaidItemId });
          await app.control("POST", "items/webhook", {
            item_id: plaidItemId,
            webhook_code: "LOGIN_REPAIRED",
          });
        }),
      );
      if (round % 2 === 1) await deliverShuffled();
    }
    const { webhooks } = (await app.control("GET", "webhooks")) as {
      webhooks: { state: string }[];
    };
    expect(webhooks.length).toBeGreaterThan(items.length * 10);
    await expect
      .poll(async () => {
        const now = (await app.control("GET", "webhooks")) as { webhooks: { state: string }[] };
        return now.webhooks.filter(({ state }) => state !== "delivered");
      })
      .toEqual([]);
    await deliverShuffled();
    await quiet();
    expect(delivered).toBeGreaterThan(items.length * 20);
  } finally {
    for (const worker of workers.splice(0)) await worker.stop();
    await other.close();
  }

  const state = async () => Promise.all(items.map(({ itemId }) => transactionsHere(app, itemId)));
  const end = await state();
  for (const [index, { plaidItemId }] of items.entries()) {
    expect(end[index]).toEqual(await transactionsAtPlaid(app, plaidItemId));
  }
  expect(await app.query("select distinct status from items")).toEqual([{ status: "good" }]);

  await app.query("delete from transactions");
  await app.query("update item_syncs set cursor = null, due_at = now()");
  await app.query("select graphile_worker.add_job('sweep')");
  workers.push(await startWorker(app.services));
  await expect
    .poll(() => app.query("select 1 from item_syncs where due_at <= now()"))
    .toHaveLength(0);
  await quiet();
  expect(await state()).toEqual(end);
});
