import { createHash } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { listJobs } from "../../db/jobs.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";
import { deliver, startWebhookCatcher } from "../support/webhook-catcher.ts";

let app: TestApp;
let catcher: Awaited<ReturnType<typeof startWebhookCatcher>>;
let worker: Worker | undefined;
beforeAll(async () => {
  app = await startTestApp();
  catcher = await startWebhookCatcher();
});
afterAll(async () => {
  await worker?.stop();
  await catcher?.close();
  await app?.close();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await app.resetPlaid();
  await app.query("delete from webhooks");
  await app.query("delete from users");
  await app.query(
    "select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))",
  );
});

async function connect(webhook = catcher.url) {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", webhook);
  const answer = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const itemId: string = answer.body.item.id;
  const [row] = await app.query("select plaid_item_id from items where id = $1", [itemId]);
  return { owner, itemId, plaidItemId: row?.plaid_item_id as string };
}
/** Makes Plaid send this webhook, and returns it as it came. */
async function caught(plaidItemId: string, code: string, secondsAgo = 0) {
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
/** What was kept, of one Item where a late delivery for another may still come in. */
const kept = (plaidItemId: string | null = null) =>
  app.query(
    "select code, outcome from webhooks where $1::text is null or plaid_item_id = $1 order by received_at",
    [plaidItemId],
  );
const atRest = async () => {
  worker ??= await startWorker(app.services);
  await expect.poll(() => listJobs(app.services.db)).toHaveLength(0);
};
/** The Item as the person sees it. */
async function shown({ owner }: { owner: { cookie: string } }) {
  const response = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: owner.cookie } });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  return ((await response.json()) as any).items[0];
}
const kinds = async () =>
  (await app.query("select kind from account_activity order by created_at")).map((r) => r.kind);

test("Plaid tells of changes and the Item follows, with the app's own address as its webhook", async () => {
  const one = await connect(app.services.config.webhookUrl);
  await atRest();
  await app.control("POST", "items/transactions", { item_id: one.plaidItemId, added: 700 });
  const atPlaid = await transactionsAtPlaid(app, one.plaidItemId);
  await expect.poll(() => transactionsHere(app, one.itemId)).toHaveLength(atPlaid.length);
  expect((await kept()).map(({ code }) => code)).toContain("SYNC_UPDATES_AVAILABLE");
});

test("a replayed webhook is taken once: one row, one job", async () => {
  const one = await connect();
  const webhook = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
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
  expect(await kept(one.plaidItemId)).toEqual([{ code: "SYNC_UPDATES_AVAILABLE", outcome: null }]);
  expect(await jobs()).toBe(1);
  await atRest();
  expect(await deliver(app.url, webhook)).toBe(200);
  expect(await jobs()).toBe(0);
});

test("webhooks with the same body, signed in the same second, are both processed", async () => {
  const one = await connect();
  const sent = () => caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  const signed = ({ signature }: { signature: string }) => signature.split(".")[1];
  let [first, second] = [await sent(), await sent()];
  while (signed(first) !== signed(second)) [first, second] = [second, await sent()];
  expect(await deliver(app.url, first)).toBe(200);
  await atRest();
  expect(await deliver(app.url, second)).toBe(200);
  await atRest();
  expect(await kept(one.plaidItemId)).toEqual(
    Array(2).fill({ code: "SYNC_UPDATES_AVAILABLE", outcome: "sync asked for" }),
  );
});

test("forged, old and altered webhooks are refused, and nothing is kept", async () => {
  const one = await connect();
  const { signature, body } = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  const old = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE", 301);
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
  expect(await kept()).toEqual([]);
  expect(await deliver(app.url, { signature, body })).toBe(200);
  const fresh = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE", 290);
  expect(await deliver(app.url, fresh)).toBe(200);
});

test("whoever names unknown keys cannot make us hammer Plaid, and hinders nobody", async () => {
  const one = await connect();
  const { signature, body } = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  expect(await deliver(app.url, { signature, body })).toBe(200);
  const asked = () => app.requestsAtPlaid("/webhook_verification_key/get");
  const before = await asked();
  const [, payload, sign] = signature.split(".");
  const naming = (kid: string) => {
    const head = Buffer.from(JSON.stringify({ alg: "ES256", kid })).toString("base64url");
    return deliver(app.url, { signature: `${head}.${payload}.${sign}`, body });
  };
  for (let n = 0; n < 5; n++) expect(await naming("the same")).toBe(401);
  expect((await asked()) - before).toBe(1);
  await Promise.all(Array.from({ length: 200 }, (_, n) => naming(`stranger-${n}`)));
  expect((await asked()) - before).toBeLessThanOrEqual(10);
  const another = await caught(one.plaidItemId, "SYNC_UPDATES_AVAILABLE");
  expect(await deliver(app.url, another)).toBe(200);
});

test("ERROR asks for a new log-in, once; late, after the repair, it says nothing", async () => {
  const one = await connect();
  await atRest();
  await app.control("POST", "items/reset-login", { item_id: one.plaidItemId });
  const error = await catcher.next(one.plaidItemId, "ERROR");
  expect((await shown(one)).status).toBe("good");
  await deliver(app.url, error);
  await deliver(app.url, await caught(one.plaidItemId, "ERROR"));
  await atRest();
  expect((await shown(one)).status).toBe("login_required");
  expect(await kinds()).toEqual(["connected", "login_required"]);

  const late = await caught(one.plaidItemId, "ERROR");
  await deliver(app.url, await caught(one.plaidItemId, "LOGIN_REPAIRED"));
  await atRest();
  await deliver(app.url, late);
  await atRest();
  expect((await shown(one)).status).toBe("good");
  expect(await kinds()).toEqual(["connected", "login_required", "repaired"]);
});

test("a log-in that is asked for while syncing shows, without a webhook; so does its repair", async () => {
  const one = await connect();
  const sync = async () => {
    await app.query("update item_syncs set due_at = now()");
    await app.query("select graphile_worker.add_job('sweep')");
    await atRest();
  };
  await app.control("POST", "items/reset-login", { item_id: one.plaidItemId });
  await sync();
  expect((await shown(one)).status).toBe("login_required");
  await app.control("POST", "items/webhook", {
    item_id: one.plaidItemId,
    webhook_code: "LOGIN_REPAIRED",
  });
  await sync();
  expect((await shown(one)).status).toBe("good");
  expect(await transactionsHere(app, one.itemId)).toEqual(
    await transactionsAtPlaid(app, one.plaidItemId),
  );
});

test.each(["PENDING_EXPIRATION", "PENDING_DISCONNECT"])(
  "%s shows until when, once",
  async (code) => {
    const one = await connect();
    for (let n = 0; n < 2; n++) await deliver(app.url, await caught(one.plaidItemId, code));
    await atRest();
    const item = await shown(one);
    expect(item).toMatchObject({ status: "expiring", expires_at: expect.any(String) });
    expect(Date.parse(item.expires_at)).toBeGreaterThan(Date.now());
    expect(await kinds()).toEqual(["connected", "expiring"]);
    // The person logs in again: it is over, and what was said before stays past.
    const late = await caught(one.plaidItemId, code, 60);
    const path = "/api/v1/finished-updates";
    expect((await app.post(path, { item_id: one.itemId }, one.owner)).status).toBe(200);
    await deliver(app.url, late);
    await atRest();
    expect(await shown(one)).toMatchObject({ status: "good", expires_at: null });
  },
);

test("USER_PERMISSION_REVOKED, USER_ACCOUNT_REVOKED and NEW_ACCOUNTS_AVAILABLE show, once each", async () => {
  const one = await connect();
  for (const code of [
    "NEW_ACCOUNTS_AVAILABLE",
    "USER_ACCOUNT_REVOKED",
    "USER_PERMISSION_REVOKED",
  ]) {
    for (let n = 0; n < 2; n++) await deliver(app.url, await caught(one.plaidItemId, code));
    await atRest();
  }
  const item = await shown(one);
  expect(item).toMatchObject({ status: "revoked", new_accounts: true });
  expect(item.accounts.filter(({ revoked }: { revoked: boolean }) => revoked).length).toBe(1);
  expect(await kinds()).toEqual(["connected", "new_accounts", "account_revoked", "revoked"]);
});

test("an account that was shared again stays so when the word of its withdrawal comes late", async () => {
  const one = await connect();
  const codes = ["USER_ACCOUNT_REVOKED", "NEW_ACCOUNTS_AVAILABLE"];
  const late = await Promise.all(codes.map((code) => caught(one.plaidItemId, code, 60)));
  const path = "/api/v1/finished-updates";
  expect((await app.post(path, { item_id: one.itemId }, one.owner)).status).toBe(200);
  for (const webhook of late) await deliver(app.url, webhook);
  await atRest();
  const item = await shown(one);
  expect(item).toMatchObject({ status: "good", new_accounts: false });
  expect(item.accounts.some(({ revoked }: { revoked: boolean }) => revoked)).toBe(false);
});

test("other webhooks are kept and passed over, without the tokens they may hold", async () => {
  const one = await connect();
  await deliver(app.url, await caught(one.plaidItemId, "WEBHOOK_UPDATE_ACKNOWLEDGED"));
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const { webhookKeys } = app.services;
  webhookKeys.find = async () => publicKey;
  try {
    const body = JSON.stringify({
      webhook_type: "LINK",
      webhook_code: "SESSION_FINISHED",
      public_tokens: ["public-sandbox-a-token"],
      item_id: one.plaidItemId,
    });
    const request_body_sha256 = createHash("sha256").update(body).digest("hex");
    const signature = await new SignJWT({ request_body_sha256 })
      .setProtectedHeader({ alg: "ES256", kid: "ours" })
      .setIssuedAt()
      .sign(privateKey);
    expect(await deliver(app.url, { signature, body })).toBe(200);
  } finally {
    // The class's own again.
    Reflect.deleteProperty(webhookKeys, "find");
  }
  await atRest();
  expect(await kept()).toEqual([
    { code: "WEBHOOK_UPDATE_ACKNOWLEDGED", outcome: "acknowledged" },
    { code: "SESSION_FINISHED", outcome: "passed over" },
  ]);
  const [{ dump }] = (await app.query("select string_agg(w::text, '') dump from webhooks w")) as [
    { dump: string },
  ];
  expect(dump).not.toContain("a-token");
  expect(app.logLines.join()).not.toContain("a-token");
});
