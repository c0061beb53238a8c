import { expect } from "vitest";
import { requestDueSyncs } from "../../db/item-syncs.ts";
import type { LinkKind } from "../../server/contracts/connect.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { accountsOf, itemsOf, only, removeJobs, syncsOf, updateAccounts } from "../support/rows.ts";

const brokerage = "ins_900007";
const lender = "ins_900008";
const mortgages = "ins_900009";

const test = testWithApp();
let worker: Worker | undefined;
test.beforeEach(async ({ app }) => {
  await removeJobs(app);
  await startOver(app);
});
test.afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});

/** Opens Link for this kind, and connects the bank in it. */
async function connect(app: TestApp, user: TestUser, kind: LinkKind | undefined, bank: string) {
  const { body } = await app.post("/trpc/plaid.createLinkToken", { kind }, user);
  const { linkToken } = body.result.data;
  const { publicToken } = await goThroughLink(app, linkToken, { bank });
  return app.post("/trpc/connectAccount", { publicToken, linkToken }, user);
}
/** Waits until every job has run. */
async function atRest(app: TestApp, user: TestUser): Promise<void> {
  worker ??= await startWorker(app.services);
  await expect
    .poll(async () => (await syncsOf(app, user)).map(({ status }) => status))
    .toEqual(["done"]);
}
const shown = async (app: TestApp, user: TestUser) =>
  (await app.get("/api/v1/accounts", user)).items[0];
const balances = async (app: TestApp) =>
  (await accountsOf(app)).map(({ current_balance }) => current_balance);

test.for([
  [undefined, brokerage],
  ["bank", lender],
  ["loan", brokerage],
  ["investments", mortgages],
] as const)(
  "Link for %s does not offer a bank of another kind (%s)",
  async ([kind, bank], { app }) => {
    const user = await app.signUp("cfo");
    await expect(connect(app, user, kind, bank)).rejects.toThrow("PRODUCTS_NOT_SUPPORTED");
  },
);

test.for([
  ["investments", brokerage, "HOLDINGS"],
  ["loan", lender, "LIABILITIES"],
  ["loan", mortgages, "LIABILITIES"],
] as const)(
  "An Item connected for %s at %s has only balances, refreshed by its webhook and by the sweep, and its transactions are not requested",
  async ([kind, bank, webhookType], { app }) => {
    const user = await app.signUp("cfo");
    expect((await connect(app, user, kind, bank)).status).toBe(200);
    await atRest(app, user);
    const item = await shown(app, user);
    expect(item).toMatchObject({ has_transactions: false, status: "good", problem: null });
    expect(
      item.timeline.steps.map(({ step, state }: { step: string; state: string }) => [step, state]),
    ).toEqual([
      ["connected", "done"],
      ["refreshed", "done"],
      ["done", "done"],
    ]);
    const right1 = await balances(app);
    const { plaid_item_id } = await only(itemsOf(app));
    await updateAccounts(app, { current_balance: "1.00" });
    await app.control("POST", "items/webhook", {
      ...{ item_id: plaid_item_id, webhook_code: "DEFAULT_UPDATE", webhook_type: webhookType },
    });
    await expect.poll(() => balances(app)).toEqual(right1);
    await updateAccounts(app, { current_balance: "1.00" });
    await app.query("update item_syncs set due_at = now()");
    await requestDueSyncs(app.services.db, 10, 1_000);
    await expect.poll(() => balances(app)).toEqual(right1);
    expect(await app.requestsAtPlaid("/transactions/sync")).toBe(0);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test("A mixed bank that is connected for its investments has its transactions as well", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  expect((await connect(app, user, "investments", "ins_109511")).status).toBe(200);
  expect(await shown(app, user)).toMatchObject({ has_transactions: true });
  await atRest(app, user);
  expect((await app.query("select 1 from transactions limit 1")).length).toBe(1);
});

test("An Item to which Plaid adds Transactions later is synced from then on", async ({ app }) => {
  const user = await app.signUp("cfo");
  await connect(app, user, undefined, "ins_109508");
  await app.query("update items set has_transactions = false");
  await atRest(app, user);
  expect(await shown(app, user)).toMatchObject({ has_transactions: true });
  expect((await app.query("select 1 from transactions limit 1")).length).toBe(1);
});

test("A brokerage that needs a new log-in says so, and its balances arrive again after it", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await connect(app, user, "investments", brokerage);
  await atRest(app, user);
  const { id, plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  await expect.poll(async () => (await only(itemsOf(app))).status).toBe("login_required");
  const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId: id }, user);
  await goThroughLink(app, body.result.data.linkToken);
  await app.post("/trpc/plaid.finishUpdateMode", { itemId: id }, user);
  expect(await shown(app, user)).toMatchObject({ status: "good", has_transactions: false });
  expect(await app.query("select 1 from link_tokens where status <> 'closed'")).toEqual([]);
});
