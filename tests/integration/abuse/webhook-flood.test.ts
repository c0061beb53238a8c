import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, expect, onTestFinished } from "vitest";
import type { TestApp } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { deleteWebhooks, itemsOf, only, webhooksIn } from "../../support/rows.ts";
import { startWebhookCatcher } from "../../support/webhook-catcher.ts";

const test = testWithApp();
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
let plaidItemId: string;
test.beforeAll(async ({ app }) => {
  catcher = await startWebhookCatcher();
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", catcher.url);
  const body = { public_token: token };
  await app.post("/plaid/exchange-token", body, await app.signUp("analyst"));
  plaidItemId = (await only(itemsOf(app))).plaid_item_id;
});
afterAll(async () => {
  await catcher?.close();
});
test.beforeEach(({ app }) => deleteWebhooks(app));

/** A webhook that Plaid signs now, as it was received. */
async function genuine(app: TestApp, secondsAgo = 0) {
  const before = catcher.caught.length;
  await app.control("POST", "items/webhook", {
    item_id: plaidItemId,
    webhook_code: "SYNC_UPDATES_AVAILABLE",
    signed_seconds_ago: secondsAgo,
  });
  const find = () => catcher.caught.slice(before).find((one) => one.itemId === plaidItemId);
  await expect.poll(find).toBeDefined();
  return find() as (typeof catcher.caught)[number];
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** A webhook with a key id that Plaid never had. Everything that can be checked without a key is valid. */
function invented(kid: string, claims: object = {}, body = "{}") {
  const request_body_sha256 = createHash("sha256").update("{}").digest("hex");
  const payload = encode({ iat: now(), request_body_sha256, ...claims });
  const signature = `${encode({ alg: "ES256", kid })}.${payload}.${"A".repeat(86)}`;
  return { signature, body: Buffer.from(body) };
}

/** Delivers to a node from an address of this machine. Returns the status. */
async function deliverFrom(
  app: TestApp,
  localAddress: string,
  { signature, body }: { signature: string; body: Buffer },
  url = app.url,
): Promise<number | undefined> {
  const { port } = new URL(url);
  const headers = { "content-type": "application/json", "plaid-verification": signature };
  const options = { host: "127.0.0.1", port, path: "/plaid/webhook", localAddress, headers };
  const sent = request({ ...options, method: "POST" });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

const stranger = "127.0.0.2";
const plaid = "127.0.0.1";
const flood = (app: TestApp, count: number, from = stranger, url = app.url) =>
  Promise.all(
    Array.from({ length: count }, () => deliverFrom(app, from, invented(crypto.randomUUID()), url)),
  );
const lookups = (app: TestApp) => app.requestsAtPlaid("/webhook_verification_key/get");
const rows = async (app: TestApp) => (await webhooksIn(app)).length;

test("A flood of invented key ids uses up the key lookups of its own address only", async ({
  app,
}) => {
  // Its own node, which has counted nothing and knows no key.
  await app.query("delete from webhook_keys");
  const { url, close } = await app.startNode();
  onTestFinished(close);
  const before = await lookups(app);
  const statuses = await flood(app, 60, stranger, url);
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 503)).toHaveLength(50);
  expect((await lookups(app)) - before).toBe(10);
  expect(await deliverFrom(app, plaid, await genuine(app), url)).toBe(200);
  expect((await lookups(app)) - before).toBe(11);
});

test("A node that just started verifies with known keys during a flood from the same address", async ({
  app,
}) => {
  expect(await deliverFrom(app, plaid, await genuine(app))).toBe(200);
  const restarted = await app.startNode();
  try {
    await flood(app, 30, plaid, restarted.url);
    const before = await lookups(app);
    expect(await deliverFrom(app, plaid, await genuine(app), restarted.url)).toBe(200);
    expect(await lookups(app)).toBe(before);
  } finally {
    await restarted.close();
  }
});

test("A webhook key is confirmed again after an hour, and is used while Plaid is away", async ({
  app,
}) => {
  expect(await deliverFrom(app, plaid, await genuine(app))).toBe(200);
  await app.query("update webhook_keys set confirmed_at = now() - interval '61 minutes'");
  const path = "/webhook_verification_key/get";
  await app.fault({ path, times: 99, do: { error: "INTERNAL_SERVER_ERROR" } });
  const restarted = await app.startNode();
  try {
    await flood(app, 30, plaid, restarted.url);
    expect(await deliverFrom(app, plaid, await genuine(app), restarted.url)).toBe(200);
    // Nor does each webhook wait while Plaid is away.
    const before = await lookups(app);
    expect(await deliverFrom(app, plaid, await genuine(app), restarted.url)).toBe(200);
    expect(await lookups(app)).toBe(before);
  } finally {
    await app.clearFaults();
    await restarted.close();
  }
  const later = await app.startNode();
  try {
    const before = await lookups(app);
    for (const _ of [1, 2]) {
      expect(await deliverFrom(app, plaid, await genuine(app), later.url)).toBe(200);
      expect(await lookups(app)).toBe(before + 1);
    }
  } finally {
    await later.close();
  }
});

test("A webhook key that Plaid ended is deleted and verifies nothing from then on", async ({
  app,
}) => {
  expect(await deliverFrom(app, plaid, await genuine(app))).toBe(200);
  // A key that Plaid has ended.
  const ended = crypto.randomUUID();
  await app.query(
    `insert into webhook_keys (id, x, y, confirmed_at)
     select $1, x, y, now() - interval '61 minutes' from webhook_keys limit 1`,
    [ended],
  );
  expect(await deliverFrom(app, plaid, invented(ended))).toBe(401);
  expect(await app.query("select 1 from webhook_keys where id = $1", [ended])).toEqual([]);
});

test("A webhook that is too old, from the future or about another body causes no key lookup", async ({
  app,
}) => {
  const before = await lookups(app);
  const old = await genuine(app, 301);
  for (const webhook of [
    old,
    invented(crypto.randomUUID(), { iat: now() - 301 }),
    invented(crypto.randomUUID(), { iat: now() + 60 }),
    invented(crypto.randomUUID(), { iat: "now" }),
    invented(crypto.randomUUID(), {}, '{"another":"body"}'),
    invented(crypto.randomUUID(), { request_body_sha256: "none" }),
  ]) {
    expect(await deliverFrom(app, "127.0.0.3", webhook)).toBe(401);
  }
  expect(await lookups(app)).toBe(before);
});

/** The order n of P-256: if (r, s) signs a message, so does (r, n - s). */
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

test("A webhook with another spelling of a signature counts as the same delivery", async ({
  app,
}) => {
  const { signature, body } = await genuine(app);
  const [head, payload, sign] = signature.split(".") as [string, string, string];
  const bytes = Buffer.from(sign, "base64url");
  const s = BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const other = Buffer.from((n - s).toString(16).padStart(64, "0"), "hex");
  const turned = Buffer.concat([bytes.subarray(0, 32), other]).toString("base64url");
  expect(await deliverFrom(app, plaid, { signature, body })).toBe(200);
  // It verifies: the second signature needs no key.
  expect(await deliverFrom(app, plaid, { signature: `${head}.${payload}.${turned}`, body })).toBe(
    200,
  );
  // The last of 86 characters has 2 used bits and 4 ignored ones.
  for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=") {
    await deliverFrom(app, plaid, {
      signature: `${head}.${payload}.${sign.slice(0, -1)}${last}`,
      body,
    });
  }
  await deliverFrom(app, plaid, { signature: `${head}.${payload}.${sign}==`, body });
  expect(await rows(app)).toBe(1);
});

test("A webhook whose header or payload has another base64 spelling is rejected", async ({
  app,
}) => {
  const { signature, body } = await genuine(app);
  const [head, payload, sign] = signature.split(".") as [string, string, string];
  const spellings = (part: string) => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const same = (text: string) =>
      text !== part && Buffer.from(text, "base64url").equals(Buffer.from(part, "base64url"));
    return [`${part}=`, `${part}==`, `${part}\t`]
      .concat([...alphabet].map((last) => part.slice(0, -1) + last))
      .concat(part.replaceAll("-", "+").replaceAll("_", "/"))
      .filter(same);
  };
  const others = [
    ...spellings(head).map((other) => `${other}.${payload}.${sign}`),
    ...spellings(payload).map((other) => `${head}.${other}.${sign}`),
  ];
  expect(others.length).toBeGreaterThan(6);
  for (const other of others) {
    expect([other, await deliverFrom(app, plaid, { signature: other, body })]).toEqual([
      other,
      401,
    ]);
  }
  expect(await rows(app)).toBe(0);
  expect(await deliverFrom(app, plaid, { signature, body })).toBe(200);
});
