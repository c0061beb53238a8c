import { afterAll, beforeAll, expect } from "vitest";
import { listJobs, requestSync } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { choices } from "../chaos/choices.ts";
import type { TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { casesOf, isMatrix } from "../support/matrix.ts";
import { startNode } from "../support/node-process.ts";
import {
  addJob,
  deleteUsers,
  deleteWebhooks,
  itemsOf,
  makeSyncsDue,
  only,
  plaidItemIdOf,
  removeJobs,
  syncsOf,
} from "../support/rows.ts";
import { seed } from "../support/seed.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";
import { deliver, startWebhookCatcher } from "../support/webhook-catcher.ts";

const test = testWithApp();
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
const workers: Worker[] = [];
beforeAll(async () => {
  // More calls for an Item in a minute than Plaid allows, and waiting for a rate limit takes longer than a
  // test.
  for (const limit of Object.values(rateLimits)) if (limit.perItem) limit.perItem = 10_000;
  catcher = await startWebhookCatcher();
});
afterAll(() => catcher?.close());
test.afterEach(async ({ app }) => {
  for (const worker of workers.splice(0)) await worker.stop();
  await app.resetPlaid();
  await deleteWebhooks(app);
  await deleteUsers(app);
  await removeJobs(app);
});

async function connect(app: TestApp, webhook?: string) {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", webhook);
  const response = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const itemId: string = response.body.item.id;
  // A worker's sweep, at each full minute, would restart what a killed one has left.
  await makeSyncsDue(app, 60);
  const plaidItemId = await plaidItemIdOf(app, itemId);
  return { owner, itemId, plaidItemId };
}
const change = (app: TestApp, plaidItemId: string, what: Record<string, number>) =>
  app.control("POST", "items/transactions", { item_id: plaidItemId, ...what });
const jobsOfItems = async (app: TestApp) =>
  (await listJobs(app.services.db)).filter(({ task }) => /^(sync_item|handle_webhook)$/.test(task));
/** Waits until no job is left. Superseded jobs that failed are not listed. */
const quiet = (app: TestApp) => expect.poll(() => jobsOfItems(app)).toEqual([]);

test.for(
  casesOf(
    [
      ["begun", 1],
      ["fetched", 1],
      ["kept", 1],
      ["fetched", 3],
      ["kept", 2],
      ["finished", 1],
    ] as const,
    ([step, times]) => step === "kept" && times === 2,
  ),
)(
  "A sync killed after '%s' no. %i leaves cursor and rows consistent, and another worker continues it",
  async ([step, times], { app }) => {
    const one = await connect(app);
    const first = await transactionsAtPlaid(app, one.plaidItemId);
    await change(app, one.plaidItemId, { added: 2500 - first.length });
    const node = await startNode(app.env);
    await node.dieAfter(step, times);
    node.work();
    await node.ended;
    expect(node.process.signalCode).toBe("SIGKILL");

    const truth = await transactionsAtPlaid(app, one.plaidItemId);
    expect(truth.length).toBe(2500);
    const here = await transactionsHere(app, one.itemId);
    // Pages that arrive while others are being stored are stored together.
    const pages = here.length / 500;
    expect([0, 1, 2, 3, 4, 5]).toContain(pages);
    if (step === "kept") expect(pages).toBeGreaterThanOrEqual(times);
    const known = new Map(truth.map((one) => [one.id, one]));
    for (const row of here) expect(row).toEqual(known.get(row.id));
    const at = await only(syncsOf(app));
    expect(at?.cursor === null).toBe(pages === 0);
    expect(at?.midway).toBe(pages > 0 && pages < 5);

    const calls = await app.requestsAtPlaid("/transactions/sync");
    workers.push(await startWorker(app.services));
    await quiet(app);
    expect(await transactionsHere(app, one.itemId)).toEqual(truth);
    // Only what was missing is fetched. An empty page after the last one shows the end.
    const more = (await app.requestsAtPlaid("/transactions/sync")) - calls;
    expect(more).toBe(Math.max(1, 5 - pages));
    expect(await syncsOf(app)).toMatchObject([{ status: "done", midway: false }]);
  },
);

test.for(casesOf(["first", "later"], (which) => which === "later"))(
  "A sync killed in the %s update is fetched again from its start when the data has changed since, and keeps nothing that was removed",
  async (which, { app }) => {
    const one = await connect(app);
    const sync = async () => {
      workers.push(await startWorker(app.services));
      await quiet(app);
      await workers.pop()?.stop();
    };
    if (which === "later") {
      await sync();
      await requestSync(app.services.db, one.owner.id, one.itemId);
    }
    await change(app, one.plaidItemId, { added: 2000 });
    const node = await startNode(app.env);
    await node.dieAfter("kept", 2);
    node.work();
    await node.ended;
    const before = await transactionsHere(app, one.itemId);
    // Some transactions of the two pages no longer exist. Plaid never reported the whole update, so it does
    // not report their removal either.
    await change(app, one.plaidItemId, { added: 300, modified: 200, removed: 2800 });
    const truth = await transactionsAtPlaid(app, one.plaidItemId);
    const still = new Set(truth.map(({ id }) => id));
    expect(before.filter(({ id }) => !still.has(id)).length).toBeGreaterThan(100);
    await sync();
    expect(await transactionsHere(app, one.itemId)).toEqual(truth);
  },
);

test.skipIf(!isMatrix)(
  "Syncs end as one clean sync does when webhooks arrive twice and shuffled",
  async ({ app }) => {
    const items = await Promise.all(Array.from({ length: 20 }, () => connect(app, catcher.url)));
    const other = await app.startNode();
    try {
      workers.push(await startWorker(app.services), await startWorker(other.services));
      let delivered = 0;
      const { random } = choices(seed, "webhooks");
      /** Delivers everything caught so far, twice and in random order, to either node. */
      const deliverShuffled = async () => {
        const late = catcher.caught.splice(0);
        const twice = [...late, ...late]
          .map((webhook) => ({ webhook, at: random() }))
          .sort((a, b) => a.at - b.at);
        const one = async ({ webhook, at }: (typeof twice)[number]) => {
          expect(await deliver(at > 0.5 ? app.url : other.url, webhook)).toBe(200);
          delivered += 1;
        };
        // Hundreds at once would wait for a connection to PostgreSQL longer than the limit.
        while (twice.length > 0) await Promise.all(twice.splice(0, 20).map(one));
      };
      for (let round = 0; round < 4; round++) {
        await Promise.all(
          items.map(async ({ plaidItemId }, index) => {
            await change(app, plaidItemId, { added: 150, modified: 30, removed: 50 });
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
      await quiet(app);
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
    expect((await itemsOf(app)).filter(({ status }) => status !== "good")).toEqual([]);

    await app.query("delete from transactions");
    await app.query("update item_syncs set cursor = null, due_at = now()");
    await addJob(app, "sweep");
    workers.push(await startWorker(app.services));
    const due = async () => (await syncsOf(app)).filter(({ due_at }) => due_at <= new Date());
    await expect.poll(due).toEqual([]);
    await quiet(app);
    expect(await state()).toEqual(end);
  },
);
