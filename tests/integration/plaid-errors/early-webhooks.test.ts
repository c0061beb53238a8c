import { createHash } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, expect } from "vitest";
import { listJobs } from "../../../db/jobs.ts";
import { startWorker, type Worker } from "../../../server/jobs/worker.ts";
import type { TestApp } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { deleteUsers, deleteWebhooks, webhooksIn } from "../../support/rows.ts";
import { deliver, startWebhookCatcher } from "../../support/webhook-catcher.ts";
import { shown } from "./world.ts";

const test = testWithApp();
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
let worker: Worker;
test.beforeAll(async ({ app }) => {
  catcher = await startWebhookCatcher();
  worker = await startWorker(app.services);
});
afterAll(async () => {
  await worker?.stop();
  await catcher?.close();
});
test.afterEach(async ({ app }) => {
  await app.resetPlaid();
  await deleteWebhooks(app);
  await deleteUsers(app);
});

const kept = async (app: TestApp) =>
  (await webhooksIn(app)).map(({ type, code, outcome }) => ({ type, code, outcome }));
const atRest = (app: TestApp) => expect.poll(() => listJobs(app.services.db)).toHaveLength(0);

test.for([
  ["NEW_ACCOUNTS_AVAILABLE", { new_accounts: true }],
  ["PENDING_DISCONNECT", { status: "expiring", expires_at: expect.any(String) }],
  ["PENDING_EXPIRATION", { status: "expiring", expires_at: expect.any(String) }],
] as const)(
  "%s of an Item that is not connected yet is applied once it is",
  async ([code, expected], { app }) => {
    const owner = await app.signUp("cfo");
    const token = await app.publicToken("ins_109508", "user_good", "pass_good", catcher.url);
    const hash = createHash("sha256").update(token).digest("hex");
    const item = (await app.itemsAtPlaid()).find((each) => each.public_token_hash === hash);
    const plaidItemId = item?.item_id as string;
    await app.control("POST", "items/webhook", { item_id: plaidItemId, webhook_code: code });
    const webhook = await catcher.next(plaidItemId, code);
    expect(await deliver(app.url, webhook)).toBe(200);
    await atRest(app);
    expect(await kept(app)).toEqual([{ type: "ITEM", code, outcome: "no such Item" }]);

    // Seconds pass before the exchange, so that the Item is younger than what was said of it.
    await app.query("update webhooks set signed_at = signed_at - interval '20 seconds'");
    await app.post("/plaid/exchange-token", { public_token: token }, owner);
    await atRest(app);
    expect(await shown(app, { owner })).toMatchObject(expected);
    expect((await kept(app))[0]?.outcome).toBe("changed");
  },
);

test("A webhook of an Item that never comes is kept, and processing it again does nothing", async ({
  app,
}) => {
  await signed(app, { webhook_type: "ITEM", webhook_code: "ERROR", item_id: "an-item-of-nobody" });
  await atRest(app);
  expect(await kept(app)).toEqual([{ type: "ITEM", code: "ERROR", outcome: "no such Item" }]);
});

/** Delivers this body with a signature that the app takes for Plaid's; its status. */
async function signed(app: TestApp, body: object | string): Promise<number> {
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
    // The class's own again.
    Reflect.deleteProperty(webhookKeys, "find");
  }
}

const malformed = { type: "malformed", code: "malformed", outcome: "malformed" };

test.for<[string, object | string, object]>([
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
])("A signed webhook with %s is stored and returns 200", async ([_, body, row], { app }) => {
  expect(await signed(app, body)).toBe(200);
  await atRest(app);
  expect(await kept(app)).toEqual([row]);
});

test.for<[string, object]>([
  ["a NUL in it", { item_id: "a\0b" }],
  ["a lone surrogate", { account_id: "\ud800" }],
  ["an item_id that is an object", { item_id: {} }],
  ["a date that is none", { consent_expiration_time: "soon" }],
  ["a date before Christ", { disconnect_time: "0000-01-01T00:00:00Z" }],
  ["an error that is a word", { error: "broken" }],
  ["an error code that is a number", { error: { error_code: 5 } }],
  ["a very long reason", { reason: "x".repeat(5_000) }],
])(
  "A signed webhook is stored with its other fields when one has %s",
  async ([_, field], { app }) => {
    const body = { webhook_type: "ITEM", webhook_code: "PENDING_DISCONNECT", ...field };
    expect(await signed(app, body)).toBe(200);
    await atRest(app);
    expect(await kept(app)).toEqual([
      { type: "ITEM", code: "PENDING_DISCONNECT", outcome: "no such Item" },
    ]);
  },
);
