import { createHash } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import type { KyselyPlugin } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { listJobs } from "../../../db/jobs.ts";
import { startWorker, type Worker } from "../../../server/jobs/worker.ts";
import { processWebhook } from "../../../server/webhooks/process-webhook.ts";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { until } from "../../support/until.ts";
import { deliver, startWebhookCatcher } from "../../support/webhook-catcher.ts";
import { shown } from "./world.ts";

let app: TestApp;
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
let worker: Worker;
beforeAll(async () => {
  [app, catcher] = await Promise.all([startTestApp(), startWebhookCatcher()]);
  worker = await startWorker(app.services);
});
afterAll(async () => {
  await worker?.stop();
  await catcher?.close();
  await app?.close();
});
afterEach(async () => {
  await app.resetPlaid();
  await app.query("delete from webhooks");
  await app.query("delete from users");
});

const kept = () => app.query("select type, code, outcome from webhooks order by received_at");
const atRest = () => until(async () => (await listJobs(app.services.db)).length === 0);

test.each([
  ["NEW_ACCOUNTS_AVAILABLE", { new_accounts: true }],
  ["PENDING_DISCONNECT", { status: "expiring", expires_at: expect.any(String) }],
  ["PENDING_EXPIRATION", { status: "expiring", expires_at: expect.any(String) }],
])("%s of an Item that is not connected yet is applied once it is", async (code, expected) => {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", catcher.url);
  const hash = createHash("sha256").update(token).digest("hex");
  const item = (await app.itemsAtPlaid()).find((each) => each.public_token_hash === hash);
  const plaidItemId = item?.item_id as string;
  await app.control("POST", "items/webhook", { item_id: plaidItemId, webhook_code: code });
  const webhook = await catcher.next(plaidItemId, code);
  expect(await deliver(app.url, webhook)).toBe(200);
  await atRest();
  expect(await kept()).toEqual([{ type: "ITEM", code, outcome: "no such Item" }]);

  // Seconds pass before the exchange, so that the Item is newer than the webhook.
  await app.query("update webhooks set signed_at = signed_at - interval '20 seconds'");
  await app.post("/plaid/exchange-token", { public_token: token }, owner);
  await atRest();
  expect(await shown(app, { owner })).toMatchObject(expected);
  expect((await kept())[0]?.outcome).toBe("changed");
});

test("A webhook whose Item is connected while it is processed is applied", async () => {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken();
  const hash = createHash("sha256").update(token).digest("hex");
  const item = (await app.itemsAtPlaid()).find((each) => each.public_token_hash === hash);
  const [{ id }] = await app.query(
    `insert into webhooks (delivery_hash, type, code, plaid_item_id, details, signed_at)
     values (sha256('x'), 'ITEM', 'NEW_ACCOUNTS_AVAILABLE', $1,
       '{"accountId": null, "expiresAt": null, "errorCode": null, "reason": null}', now())
     returning id`,
    [item?.item_id],
  );
  let lookedUp = 0;
  const connectAfterFirstLookup: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      // First the query for the webhook, then the one for its Item, which does not exist yet.
      lookedUp += 1;
      if (lookedUp === 2) {
        await app.post("/plaid/exchange-token", { public_token: token }, owner);
        await atRest();
      }
      return result;
    },
  };
  const db = app.services.db.withPlugin(connectAfterFirstLookup);
  await processWebhook({ ...app.services, db }, id, app.services.log);
  expect(await shown(app, { owner })).toMatchObject({ new_accounts: true });
});

test("A webhook of an Item that is never connected is stored, and processing it again does nothing", async () => {
  await signed({ webhook_type: "ITEM", webhook_code: "ERROR", item_id: "an-item-of-nobody" });
  await atRest();
  expect(await kept()).toEqual([{ type: "ITEM", code: "ERROR", outcome: "no such Item" }]);
});

/** Delivers this body with a signature that the app accepts as Plaid's. Returns its status. */
async function signed(body: object | string): Promise<number> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const { webhookKeys } = app.services;
  webhookKeys.find = async () => publicKey;
  try {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const request_body_sha256 = createHash("sha256").update(text).digest("hex");
    const signature = await new SignJWT({ request_body_sha256 })
      .setProtectedHeader({ alg: "ES256", kid: "ours" })
      .setIssuedAt()
      .sign(privateKey);
    return await deliver(app.url, { signature, body: text });
  } finally {
    // Restores the class's own method.
    Reflect.deleteProperty(webhookKeys, "find");
  }
}

const malformed = { type: "malformed", code: "malformed", outcome: "malformed" };

test.each<[string, object | string, object]>([
  ["no JSON", "{", malformed],
  ["an array", "[]", malformed],
  ["null", "null", malformed],
  ["no type and no code", {}, malformed],
  [
    "a type that is a number",
    { webhook_type: 7, webhook_code: "ERROR" },
    { ...malformed, code: "ERROR" },
  ],
  [
    "a code of NULs alone",
    { webhook_type: "ITEM", webhook_code: "\0\0" },
    { ...malformed, type: "ITEM" },
  ],
])("A signed webhook with %s is stored and gets a 200", async (_, body, row) => {
  expect(await signed(body)).toBe(200);
  await atRest();
  expect(await kept()).toEqual([row]);
});

test.each<[string, object]>([
  ["a NUL in it", { item_id: "a\0b" }],
  ["a lone surrogate", { account_id: "\ud800" }],
  ["an item_id that is an object", { item_id: {} }],
  ["a date that is none", { consent_expiration_time: "soon" }],
  ["a date before Christ", { disconnect_time: "0000-01-01T00:00:00Z" }],
  ["an error that is a word", { error: "broken" }],
  ["an error code that is a number", { error: { error_code: 5 } }],
  ["a very long reason", { reason: "x".repeat(5_000) }],
])("A signed webhook keeps its other fields when one has %s", async (_, field) => {
  const body = { webhook_type: "ITEM", webhook_code: "PENDING_DISCONNECT", ...field };
  expect(await signed(body)).toBe(200);
  await atRest();
  expect(await kept()).toEqual([
    { type: "ITEM", code: "PENDING_DISCONNECT", outcome: "no such Item" },
  ]);
});
