import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";
import { connectAccount } from "../../../server/connect/connect-account.ts";
import { disconnectItem } from "../../../server/connect/disconnect-item.ts";
import { recoverAttempts } from "../../../server/connect/recover-attempts.ts";
import { itemProblems } from "../../../server/contracts/item-problem.ts";
import { processWebhook } from "../../../server/webhooks/process-webhook.ts";
import type { TestApp } from "../../support/app.ts";
import { startOver, testWithApp } from "../../support/fixtures.ts";
import { deleteWebhooks, makeAttemptsDue, updateItems, webhooksIn } from "../../support/rows.ts";
import { deliver, startWebhookCatcher } from "../../support/webhook-catcher.ts";
import { connectBank } from "./world.ts";

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

/** The app's services, and the reason codes that they send with `/item/remove`. */
function withReasonCodes(app: TestApp) {
  const sent: string[] = [];
  const { plaid } = app.services;
  const removeItem: typeof plaid.removeItem = (token, reasonCode, options) => {
    sent.push(reasonCode);
    return plaid.removeItem(token, reasonCode, options);
  };
  return { sent, services: { ...app.services, plaid: { ...plaid, removeItem } } };
}

test.for([
  [null, "OTHER"],
  ["log_in", "OTHER"],
  ["connect_again", "CONNECTION_IS_NON_FUNCTIONAL"],
  ["unsupported", "CONNECTION_IS_NON_FUNCTIONAL"],
] as const)(
  "Disconnecting a bank with problem %s sends Plaid %s, and so does the recovery",
  async ([problem, code], { app }) => {
    const { owner, itemId } = await connectBank(app);
    const status = problem === null ? "good" : itemProblems[problem].status;
    await updateItems(app, { status, problem });
    const { sent, services } = withReasonCodes(app);
    const confirmation = "disconnect First Platypus Bank";
    await app.fault({ path: "/item/remove", times: 9, do: { error: "INVALID_FIELD" } });
    await disconnectItem(services, owner, { itemId, confirmation }, app.services.log);
    await app.clearFaults();
    await makeAttemptsDue(app);
    await recoverAttempts(services, app.services.log);
    expect(sent).toEqual([code, code]);
    expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true]);
  },
);

test.for([
  ["INSTITUTION_DOWN", "OTHER"],
  ["ITEM_NOT_SUPPORTED", "CONNECTION_IS_NON_FUNCTIONAL"],
] as const)(
  "A connection that fails with %s removes its Item with %s",
  async ([error, code], { app }) => {
    const owner = await app.signUp("cfo");
    const { sent, services } = withReasonCodes(app);
    await app.fault({ path: "/accounts/get", times: 1, do: { error } });
    const publicToken = await app.publicToken();
    const connecting = connectAccount(services, owner, { publicToken }, app.services.log);
    await expect(connecting).rejects.toThrow();
    expect(sent).toEqual([code]);
  },
);

test("npm run attempts lists the Item of a lost exchange once a webhook has named it, and no known one", async ({
  app,
}) => {
  const known = await connectBank(app, catcher.url);
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", catcher.url);
  await app.fault({ path: "/item/public_token/exchange", times: 1, do: { drop: "after" } });
  const { body } = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  expect(body.error.reason).toBe("exchange_lost");
  const hash = createHash("sha256").update(token).digest("hex");
  const lost = (await app.itemsAtPlaid()).find((each) => each.public_token_hash === hash);

  for (const { item_id } of [
    { item_id: known.plaidItemId },
    { item_id: lost?.item_id as string },
  ]) {
    await app.control("POST", "items/webhook", { item_id, webhook_code: "PENDING_DISCONNECT" });
    await deliver(app.url, await catcher.next(item_id, "PENDING_DISCONNECT"));
  }
  for (const { id } of await webhooksIn(app)) {
    await processWebhook(app.services, id, app.services.log);
  }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "server/commands/attempts.ts"],
    {
      env: { ...process.env, DATABASE_URL: app.databaseUrl },
    },
  );
  expect(stdout).toMatch(new RegExp(`lost .*user ${owner.id}`));
  expect(stdout).toMatch(new RegExp(`unknown +Item ${lost?.item_id} .*PENDING_DISCONNECT`));
  expect(stdout).not.toContain(known.plaidItemId);
});
