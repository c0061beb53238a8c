import { afterAll, beforeAll, expect } from "vitest";
import { reasons } from "../../../server/contracts/errors.ts";
import { type ItemProblemKind, itemProblems } from "../../../server/contracts/item-problem.ts";
import { processWebhook } from "../../../server/webhooks/process-webhook.ts";
import type { TestApp } from "../../support/app.ts";
import { compareBooks, noDifferences } from "../../support/books.ts";
import { startOver, testWithApp } from "../../support/fixtures.ts";
import { goThroughLink } from "../../support/link-session.ts";
import { isMatrix } from "../../support/matrix.ts";
import { recover } from "../../support/recover.ts";
import { activityOf, deleteWebhooks, only, updateItems, webhooksIn } from "../../support/rows.ts";
import { deliver, startWebhookCatcher } from "../../support/webhook-catcher.ts";
import {
  type Bank,
  classes,
  connectBank,
  failsWith,
  newestEntry,
  novelty,
  shown,
  sync,
} from "./world.ts";

const test = testWithApp();
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
beforeAll(async () => {
  catcher = await startWebhookCatcher();
});
afterAll(async () => {
  await catcher?.close();
});
test.afterEach(async ({ app }) => {
  await startOver(app);
  await deleteWebhooks(app);
});

const kinds = Object.keys(classes) as ItemProblemKind[];
/** Every code of every class that the sandbox has. `npm test` runs one of each. */
const cells = kinds.flatMap((kind) =>
  (isMatrix ? classes[kind] : classes[kind].slice(0, 1)).map((code) => [kind, code] as const),
);
/**
 * All of them with `MATRIX=1`; else every fourth from `first` on, so that each class is tested at two stages.
 */
const cellsFrom = (first: number) =>
  isMatrix ? cells : cells.filter((_, place) => place % 4 === first);

/** Checks that the card, the API and the activity all show this problem. */
async function expectProblem(app: TestApp, bank: Bank, kind: ItemProblemKind): Promise<void> {
  const { status, activity } = itemProblems[kind];
  const message = kind === "unknown" ? novelty.display_message : itemProblems[kind].message;
  expect(await shown(app, bank)).toMatchObject({
    status: status ?? "good",
    problem: { kind, message },
  });
  expect(await newestEntry(app, bank)).toMatchObject({ kind: activity, problem: kind });
}

/** Checks a failed call: its reason is the class's, and its message is true whatever was being done. */
function expectFailure(
  body: { error: { reason: string; message: string; details?: object } },
  kind: ItemProblemKind,
) {
  const { reason } = itemProblems[kind];
  expect([body.error.reason, body.error.message]).toEqual([reason, reasons[reason].message]);
  if (kind === "unknown") expect(body.error.details).toEqual({ message: novelty.display_message });
  expect(body.error.message).not.toContain("Nothing was connected");
}

async function expectNothingLeft(app: TestApp): Promise<void> {
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
}

test.for(cellsFrom(0))(
  "connectAccount fails by class %s when the exchange returns %s",
  async ([kind, code], { app }) => {
    const owner = await app.signUp("cfo");
    await app.fault({ path: "/item/public_token/exchange", times: 3, do: failsWith(code) });
    const token = await app.publicToken();
    const { body } = await app.post("/plaid/exchange-token", { public_token: token }, owner);
    expectFailure(body, kind);
    expect(await newestEntry(app, { owner })).toMatchObject({
      kind: "failed",
      reason: itemProblems[kind].reason,
      problem: null,
    });
    await expectNothingLeft(app);
  },
);

test.for(cellsFrom(1))(
  "connectAccount removes the Item by class %s when the accounts fail with %s",
  async ([kind, code], { app }) => {
    const owner = await app.signUp("cfo");
    await app.fault({ path: "/accounts/get", times: 3, do: failsWith(code) });
    const token = await app.publicToken();
    const { body } = await app.post("/plaid/exchange-token", { public_token: token }, owner);
    expectFailure(body, kind);
    expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true]);
    await expectNothingLeft(app);
  },
);

test.for(cells)(
  "syncItem stores class %s when the transactions fail with %s although the Item is healthy, and clears it",
  async ([kind, code], { app }) => {
    const bank = await connectBank(app);
    await app.fault({ path: "/transactions/sync", times: 3, do: failsWith(code) });
    const needsUser = itemProblems[kind].status !== null;
    expect(await sync(app, bank)).toBe(needsUser ? "needs_user" : "failed: bank_unavailable");
    await expectProblem(app, bank, kind);
    // It is recorded only once.
    await app.fault({ path: "/transactions/sync", times: 3, do: failsWith(code) });
    await sync(app, bank);
    const entries = (await activityOf(app)).filter(({ problem }) => problem !== null);
    expect(entries).toHaveLength(1);
    await app.clearFaults();
    // The sweep skips Items that return no more data.
    if (itemProblems[kind].status === "revoked") return;
    expect(await sync(app, bank)).toBe("done");
    expect(await shown(app, bank)).toMatchObject({ status: "good", problem: null });
    expect(await newestEntry(app, bank)).toMatchObject({ kind: "repaired", problem: null });
  },
);

test.for(cellsFrom(2))(
  "A webhook stores class %s when Plaid reports %s for the Item",
  async ([kind, code], { app }) => {
    const bank = await connectBank(app, catcher.url);
    if (code === novelty.error_code) {
      const error = [{ op: "add", path: "/item/error", value: novelty }];
      await app.fault({ path: "/item/get", times: 9, do: { patch: error } });
    } else {
      const response = { item_id: bank.plaidItemId, error_code: code };
      await app.control("POST", "items/error", response);
    }
    await app.control("POST", "items/webhook", {
      item_id: bank.plaidItemId,
      webhook_code: "ERROR",
    });
    expect(await deliver(app.url, await catcher.next(bank.plaidItemId, "ERROR"))).toBe(200);
    const { id } = await only(webhooksIn(app));
    await processWebhook(app.services, id, app.services.log);
    await expectProblem(app, bank, kind);
  },
);

test.for(cellsFrom(3))(
  "finishUpdateMode stores class %s and returns its reason when the Item still returns %s",
  async ([kind, code], { app }) => {
    const bank = await connectBank(app);
    await app.fault({ path: "/accounts/get", times: 3, do: failsWith(code) });
    const path = "/api/v1/finished-updates";
    const { body } = await app.post(path, { item_id: bank.itemId }, bank.owner);
    expectFailure(body, kind);
    await expectProblem(app, bank, kind);
    await app.clearFaults();
    const again = await app.post(path, { item_id: bank.itemId }, bank.owner);
    expect(again.body.item).toMatchObject({ status: "good", problem: null });
  },
);

test("A webhook stores the error of a data call when Plaid calls the Item healthy", async ({
  app,
}) => {
  const bank = await connectBank(app, catcher.url);
  await app.control("POST", "items/webhook", { item_id: bank.plaidItemId, webhook_code: "ERROR" });
  await app.fault(
    {
      path: "/item/get",
      times: 9,
      do: { patch: [{ op: "replace", path: "/item/error", value: null }] },
    },
    { path: "/accounts/get", times: 9, do: failsWith("NO_ACCOUNTS") },
  );
  await deliver(app.url, await catcher.next(bank.plaidItemId, "ERROR"));
  const { id } = await only(webhooksIn(app));
  await processWebhook(app.services, id, app.services.log);
  await expectProblem(app, bank, "choose_accounts");
});

test("Update mode offers the account picker when only a new choice of accounts restores the data", async ({
  app,
}) => {
  const bank = await connectBank(app);
  const picked: string[] = [];
  for (const kind of kinds) {
    const { status } = itemProblems[kind];
    await updateItems(app, { status: status ?? "good", problem: kind });
    const { body } = await app.post("/api/v1/link-tokens", { item_id: bank.itemId }, bank.owner);
    if ((await goThroughLink(app, body.link_token)).picked) picked.push(kind);
  }
  expect(picked).toEqual(["choose_accounts", "allow_access", "unknown"]);
});
