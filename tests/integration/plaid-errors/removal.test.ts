import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectAccount } from "../../../server/connect/connect-account.ts";
import { disconnectItem } from "../../../server/connect/disconnect-item.ts";
import { recoverAttempts } from "../../../server/connect/recover-attempts.ts";
import { itemProblems } from "../../../server/contracts/item-problem.ts";
import { createPlaidAdapter } from "../../../server/plaid/plaid-adapter.ts";
import { Secret } from "../../../server/vault/secret.ts";
import { processWebhook } from "../../../server/webhooks/process-webhook.ts";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { built } from "../../support/built.ts";
import { deliver, startWebhookCatcher } from "../../support/webhook-catcher.ts";
import { connectBank } from "./world.ts";

let app: TestApp;
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
beforeAll(async () => {
  [app, catcher] = await Promise.all([startTestApp(), startWebhookCatcher()]);
});
afterAll(async () => {
  await catcher?.close();
  await app?.close();
});
afterEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from webhooks");
  await app.query("delete from users");
});

/** The app's services, and the reason codes that they send with `/item/remove`. */
function withReasonCodes() {
  const sent: string[] = [];
  const { plaid } = app.services;
  const removeItem: typeof plaid.removeItem = (token, reasonCode, options) => {
    sent.push(reasonCode);
    return plaid.removeItem(token, reasonCode, options);
  };
  return { sent, services: { ...app.services, plaid: { ...plaid, removeItem } } };
}

test.each([
  [null, "OTHER"],
  ["log_in", "OTHER"],
  ["connect_again", "CONNECTION_IS_NON_FUNCTIONAL"],
  ["unsupported", "CONNECTION_IS_NON_FUNCTIONAL"],
] as const)(
  "items.disconnect of a bank with problem %s sends %s, and so does the recovery",
  async (problem, code) => {
    const { owner, itemId } = await connectBank(app);
    const status = problem === null ? "good" : itemProblems[problem].status;
    await app.query("update items set status = $1, problem = $2", [status, problem]);
    const { sent, services } = withReasonCodes();
    const confirmation = "disconnect First Platypus Bank";
    await app.fault({ path: "/item/remove", times: 9, do: { error: "INVALID_FIELD" } });
    await disconnectItem(services, owner, { itemId, confirmation }, app.services.log);
    await app.clearFaults();
    await app.query("update link_attempts set retry_at = now()");
    await recoverAttempts(services, app.services.log);
    expect(sent).toEqual([code, code]);
    expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true]);
  },
);

test("removeItem sends the reason code with /item/remove", async () => {
  const bodies: unknown[] = [];
  const plaid = createServer(async (request, response) => {
    bodies.push(await json(request));
    response.setHeader("content-type", "application/json").end('{"request_id":"r1"}');
  });
  await once(plaid.listen(0, "127.0.0.1"), "listening");
  const { log, limits, config } = app.services;
  const standIn = `http://127.0.0.1:${(plaid.address() as AddressInfo).port}`;
  try {
    const adapter = createPlaidAdapter({ ...config.plaid, standIn }, async () => 0, log, limits);
    await adapter.removeItem(new Secret("access-1"), "CONNECTION_IS_NON_FUNCTIONAL");
  } finally {
    plaid.close();
  }
  const reason_code = "CONNECTION_IS_NON_FUNCTIONAL";
  expect(bodies).toEqual([{ access_token: "access-1", reason_code }]);
});

test.each([
  ["INSTITUTION_DOWN", "OTHER"],
  ["ITEM_NOT_SUPPORTED", "CONNECTION_IS_NON_FUNCTIONAL"],
])("A connection that fails with %s removes its Item with %s", async (error, code) => {
  const owner = await app.signUp("cfo");
  const { sent, services } = withReasonCodes();
  await app.fault({ path: "/accounts/get", times: 1, do: { error } });
  const publicToken = await app.publicToken();
  const connecting = connectAccount(services, owner, { publicToken }, app.services.log);
  await expect(connecting).rejects.toThrow();
  expect(sent).toEqual([code]);
});

test("npm run attempts lists the Item of a lost exchange once a webhook has named it, and no known one", async () => {
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
  for (const { id } of await app.query("select id from webhooks")) {
    await processWebhook(app.services, id, app.services.log);
  }
  const { stdout } = await promisify(execFile)(process.execPath, built("attempts"), {
    env: { ...process.env, DATABASE_URL: app.databaseUrl },
  });
  expect(stdout).toMatch(new RegExp(`lost .*user ${owner.id}`));
  expect(stdout).toMatch(new RegExp(`unknown +Item ${lost?.item_id} .*PENDING_DISCONNECT`));
  expect(stdout).not.toContain(known.plaidItemId);
});
