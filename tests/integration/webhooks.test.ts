import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { listJobs } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import type { TestApp } from "../support/app.ts";
import { lockTable } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import {
  activityOf,
  addJob,
  deleteUsers,
  deleteWebhooks,
  lockWaiters,
  makeSyncsDue,
  plaidItemIdOf,
  removeJobs,
  webhooksIn,
} from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";
import { deliver, startWebhookCatcher } from "../support/webhook-catcher.ts";

const test = testWithApp();
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
let worker: Worker | undefined;
beforeAll(async () => {
  catcher = await startWebhookCatcher();
});
afterAll(async () => {
  await worker?.stop();
  await catcher?.close();
});
test.afterEach(async ({ app }) => {
  await worker?.stop();
  worker = undefined;
  await app.resetPlaid();
  await deleteWebhooks(app);
  await deleteUsers(app);
  await removeJobs(app);
});

async function connect(app: TestApp, webhook = catcher.url) {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", webhook);
  const response = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const itemId: string = response.body.item.id;
  const plaidItemId = await plaidItemIdOf(app, itemId);
  return { owner, itemId, plaidItemId };
}
/** Makes Plaid send this webhook, and returns it as received. */
async function caught(app: TestApp, plaidItemId: string, code: string, secondsAgo = 0) {
  const before = catcher.caught.length;
  await app.control("POST", "items/webhook", {
    item_id: plaidItemId,
    webhook_code: code,
    signed_seconds_ago: secondsAgo,
  });
  const find = () =>
    catcher.caught.slice(before).find((one) => one.itemId === plaidItemId && one.code === code);
  await expect.poll(find).toBeDefined();
  return find() as (typeof catcher.caught)[number];
}
/** The stored webhooks; of one Item when a late delivery for another may still arrive. */
const kept = async (app: TestApp, plaidItemId?: string) =>
  (await webhooksIn(app))
    .filter(({ plaid_item_id }) => plaidItemId === undefined || plaid_item_id === plaidItemId)
    .map(({ code, outcome }) => ({ code, outcome }));
const atRest = async (app: TestApp) => {
  worker ??= await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
};
/** Returns the Item as the user sees it. */
async function shown(app: TestApp, { owner }: { owner: { cookie: string } }) {
  const response = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: owner.cookie } });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  return ((await response.json()) as any).items[0];
}
/** Signs webhooks with a key of our own, which the app takes for Plaid's while `work` runs. */
async function withOwnKey(
  app: TestApp,
  work: (sign: (body: object) => Promise<{ signature: string; body: string }>) => Promise<void>,
) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const { webhookKeys } = app.services;
  webhookKeys.find = async () => publicKey;
  try {
    await work(async (webhook) => {
      const body = JSON.stringify(webhook);
      const request_body_sha256 = createHash("sha256").update(body).digest("hex");
      const signature = await new SignJWT({ request_body_sha256 })
        .setProtectedHeader({ alg: "ES256", kid: "ours" })
        .setIssuedAt()
        .sign(privateKey);
      return { signature, body };
    });
  } finally {
    // Restores the class's own method.
    Reflect.deleteProperty(webhookKeys, "find");
  }
}
const kinds = async (app: TestApp) => (await activityOf(app)).map((r) => r.kind);

test("A webhook to the app's own address syncs the Item", async ({ app }) => {
  const one = await connect(app, app.services.config.webhookUrl);
  await atRest(app);
  await app.control("POST", "items/transactions", { item_id: one.plaidItemId, added: 700 });
  const atPlaid = await transactionsAtPlaid(app, one.plaidItemId);
  await expect.poll(() => transactionsHere(app, one.itemId)).toHaveLength(atPlaid.length);
  expect((await kept(app)).map(({ code }) => code)).toContain("SYNC_UPDATES_AVAILABLE");
});

test("A replayed webhook is stored once and queues one job", async ({ app }) => {
  const one = await connect(app);
  const webhook = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  const jobs = async () =>
    (
      await app.query(
        `select 1 from graphile_worker._private_jobs j
           join graphile_worker._private_tasks t on t.id = j.task_id
           join webhooks w on w.id = (j.payload ->> 'id')::uuid
          where t.identifier = 'handle_webhook' and w.plaid_item_id = $1`,
        [one.plaidItemId],
      )
    ).length;
  const statuses = await Promise.all(Array.from({ length: 10 }, () => deliver(app.url, webhook)));
  expect(statuses).toEqual(Array(10).fill(200));
  expect(await kept(app, one.plaidItemId)).toEqual([
    { code: "SYNC_UPDATES_AVAILABLE", outcome: null },
  ]);
  expect(await jobs()).toBe(1);
  await atRest(app);
  expect(await deliver(app.url, webhook)).toBe(200);
  expect(await jobs()).toBe(0);
});

test("Webhooks with the same body, signed in the same second, are both processed", async ({
  app,
}) => {
  const one = await connect(app);
  const sent = () => caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  const signed = ({ signature }: { signature: string }) => signature.split(".")[1];
  let [first, second] = [await sent(), await sent()];
  while (signed(first) !== signed(second)) [first, second] = [second, await sent()];
  expect(await deliver(app.url, first)).toBe(200);
  await atRest(app);
  expect(await deliver(app.url, second)).toBe(200);
  await atRest(app);
  expect(await kept(app, one.plaidItemId)).toEqual(
    Array(2).fill({ code: "SYNC_UPDATES_AVAILABLE", outcome: "sync asked for" }),
  );
});

test("A forged, old or altered webhook is refused and not stored", async ({ app }) => {
  const one = await connect(app);
  const { signature, body } = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  const old = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE", 301);
  const [head, payload, sign] = signature.split(".") as [string, string, string];
  const header = JSON.parse(Buffer.from(head, "base64url").toString());
  const { privateKey } = await generateKeyPair("ES256");
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const signedBy = (claims: object, alg = "ES256", key: unknown = privateKey) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ ...header, alg })
      .sign(key as Parameters<SignJWT["sign"]>[0]);
  const claims = { request_body_sha256: sha256(body), iat: Math.floor(Date.now() / 1000) };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const altered = Buffer.from(body.toString().replace("SYNC_UPDATES_AVAILABLE", "ERROR"));
  const reformatted = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
  const attempts: Record<string, { signature?: string; body: Buffer }> = {
    "no signature": { body },
    "an empty one": { signature: "", body },
    garbage: { signature: "a.b.c", body },
    "signed by another key": { signature: await signedBy(claims), body },
    "signed with the public key as a password": {
      signature: await signedBy(claims, "HS256", Buffer.from(header.kid)),
      body,
    },
    "not signed": { signature: `${encode({ ...header, alg: "none" })}.${payload}.`, body },
    "an unknown key": { signature: `${encode({ ...header, kid: "x" })}.${payload}.${sign}`, body },
    "another body": { signature, body: altered },
    "the same JSON in other bytes": { signature, body: reformatted },
    "no body": { signature, body: Buffer.alloc(0) },
    "an altered date": {
      signature: `${head}.${encode({ ...claims, iat: claims.iat + 1 })}.${sign}`,
      body,
    },
    old: old,
  };
  for (const [how, attempt] of Object.entries(attempts)) {
    expect([how, await deliver(app.url, attempt)]).toEqual([how, 401]);
  }
  expect(await kept(app)).toEqual([]);
  expect(await deliver(app.url, { signature, body })).toBe(200);
  const fresh = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE", 290);
  expect(await deliver(app.url, fresh)).toBe(200);
});

test("Unknown key ids cause few key lookups, and delay no other webhook", async ({ app }) => {
  const one = await connect(app);
  // Its own node, which has looked up no key.
  const { url, close } = await app.startNode();
  onTestFinished(close);
  const { signature, body } = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  expect(await deliver(url, { signature, body })).toBe(200);
  const keyCalls = () => app.requestsAtPlaid("/webhook_verification_key/get");
  const before = await keyCalls();
  const [, payload, sign] = signature.split(".");
  const naming = (kid: string) => {
    const head = Buffer.from(JSON.stringify({ alg: "ES256", kid })).toString("base64url");
    return deliver(url, { signature: `${head}.${payload}.${sign}`, body });
  };
  for (let n = 0; n < 5; n++) expect(await naming("the same")).toBe(401);
  expect((await keyCalls()) - before).toBe(1);
  await Promise.all(Array.from({ length: 200 }, (_, n) => naming(`stranger-${n}`)));
  expect((await keyCalls()) - before).toBeLessThanOrEqual(10);
  const another = await caught(app, one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  expect(await deliver(url, another)).toBe(200);
});

test("ERROR shows a needed log-in once, and does nothing when it arrives after the repair", async ({
  app,
}) => {
  const one = await connect(app);
  await atRest(app);
  await app.control("POST", "items/reset-login", { item_id: one.plaidItemId });
  const error = await catcher.next(one.plaidItemId, "ERROR");
  expect((await shown(app, one)).status).toBe("good");
  await deliver(app.url, error);
  await deliver(app.url, await caught(app, one.plaidItemId, "ERROR"));
  await atRest(app);
  expect((await shown(app, one)).status).toBe("login_required");
  expect(await kinds(app)).toEqual(["connected", "login_required"]);

  const late = await caught(app, one.plaidItemId, "ERROR");
  await deliver(app.url, await caught(app, one.plaidItemId, "LOGIN_REPAIRED"));
  await atRest(app);
  await deliver(app.url, late);
  await atRest(app);
  expect((await shown(app, one)).status).toBe("good");
  expect(await kinds(app)).toEqual(["connected", "login_required", "repaired"]);
});

test("syncItem shows a log-in that the bank needs, and its repair, without a webhook", async ({
  app,
}) => {
  const one = await connect(app);
  const sync = async () => {
    await makeSyncsDue(app);
    await addJob(app, "sweep");
    await atRest(app);
  };
  await app.control("POST", "items/reset-login", { item_id: one.plaidItemId });
  await sync();
  expect((await shown(app, one)).status).toBe("login_required");
  await app.control("POST", "items/webhook", {
    item_id: one.plaidItemId,
    webhook_code: "LOGIN_REPAIRED",
  });
  await sync();
  expect((await shown(app, one)).status).toBe("good");
  expect(await transactionsHere(app, one.itemId)).toEqual(
    await transactionsAtPlaid(app, one.plaidItemId),
  );
});

test.for(["PENDING_EXPIRATION", "PENDING_DISCONNECT"])(
  "%s shows the expiry date, once",
  async (code, { app }) => {
    const one = await connect(app);
    for (let n = 0; n < 2; n++) await deliver(app.url, await caught(app, one.plaidItemId, code));
    await atRest(app);
    const item = await shown(app, one);
    expect(item).toMatchObject({ status: "expiring", expires_at: expect.any(String) });
    expect(Date.parse(item.expires_at)).toBeGreaterThan(Date.now());
    expect(await kinds(app)).toEqual(["connected", "expiring"]);
    // The user logs in again: it is over, and earlier webhooks do not bring it back.
    const late = await caught(app, one.plaidItemId, code, 60);
    const path = "/api/v1/finished-updates";
    expect((await app.post(path, { item_id: one.itemId }, one.owner)).status).toBe(200);
    await deliver(app.url, late);
    await atRest(app);
    expect(await shown(app, one)).toMatchObject({ status: "good", expires_at: null });
  },
);

test("USER_PERMISSION_REVOKED, USER_ACCOUNT_REVOKED and NEW_ACCOUNTS_AVAILABLE are shown, once each", async ({
  app,
}) => {
  const one = await connect(app);
  for (const code of [
    "NEW_ACCOUNTS_AVAILABLE",
    "USER_ACCOUNT_REVOKED",
    "USER_PERMISSION_REVOKED",
  ]) {
    for (let n = 0; n < 2; n++) await deliver(app.url, await caught(app, one.plaidItemId, code));
    await atRest(app);
  }
  const item = await shown(app, one);
  expect(item).toMatchObject({ status: "revoked", new_accounts: true });
  expect(item.accounts.filter(({ revoked }: { revoked: boolean }) => revoked).length).toBe(1);
  expect(await kinds(app)).toEqual(["connected", "new_accounts", "account_revoked", "revoked"]);
});

test("A late USER_ACCOUNT_REVOKED leaves an account that was shared again", async ({ app }) => {
  const one = await connect(app);
  const codes = ["USER_ACCOUNT_REVOKED", "NEW_ACCOUNTS_AVAILABLE"];
  const late = await Promise.all(codes.map((code) => caught(app, one.plaidItemId, code, 60)));
  const path = "/api/v1/finished-updates";
  expect((await app.post(path, { item_id: one.itemId }, one.owner)).status).toBe(200);
  for (const webhook of late) await deliver(app.url, webhook);
  await atRest(app);
  const item = await shown(app, one);
  expect(item).toMatchObject({ status: "good", new_accounts: false });
  expect(item.accounts.some(({ revoked }: { revoked: boolean }) => revoked)).toBe(false);
});

test("Webhooks that arrive at once are stored once each, several in a statement", async ({
  app,
}) => {
  const ids = Array.from({ length: 30 }, (_, n) => `an Item ${n}`);
  await withOwnKey(app, async (sign) => {
    const webhooks = await Promise.all(
      ids.map((item_id) =>
        sign({ webhook_type: "ITEM", webhook_code: "WEBHOOK_UPDATE_ACKNOWLEDGED", item_id }),
      ),
    );
    // The first statement waits, so that most of the others have arrived when it ends.
    const release = await lockTable(app, "webhooks");
    const sent = webhooks.map((webhook) => deliver(app.url, webhook));
    await expect.poll(() => lockWaiters(app)).not.toEqual([]);
    await pause(500);
    await release();
    expect(new Set(await Promise.all(sent))).toEqual(new Set([200]));
  });
  const rows = await app.query("select plaid_item_id as id, xmin::text as by from webhooks");
  expect(rows.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect(new Set(rows.map(({ by }) => by)).size).toBeLessThan(ids.length / 2);
  expect(await listJobs(app.services.db)).toHaveLength(ids.length);
});

test("Other webhooks are stored without their tokens and have no effect", async ({ app }) => {
  const one = await connect(app);
  await deliver(app.url, await caught(app, one.plaidItemId, "WEBHOOK_UPDATE_ACKNOWLEDGED"));
  await withOwnKey(app, async (sign) => {
    const webhook = await sign({
      webhook_type: "LINK",
      webhook_code: "SESSION_FINISHED",
      public_tokens: ["public-sandbox-a-token"],
      item_id: one.plaidItemId,
    });
    expect(await deliver(app.url, webhook)).toBe(200);
  });
  await atRest(app);
  expect(await kept(app)).toEqual([
    { code: "WEBHOOK_UPDATE_ACKNOWLEDGED", outcome: "acknowledged" },
    { code: "SESSION_FINISHED", outcome: "passed over" },
  ]);
  const [{ dump }] = (await app.query("select string_agg(w::text, '') dump from webhooks w")) as [
    { dump: string },
  ];
  expect(dump).not.toContain("a-token");
  expect(app.logLines.join()).not.toContain("a-token");
});
