import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished } from "vitest";
import { verifyWebhook, WebhookError } from "../../client/src/webhooks.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { webhookEvent } from "../../server/contracts/webhook-events.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { built } from "../support/built.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { itemsOf, only, updateItems } from "../support/rows.ts";
import { type Received, startReceiver } from "../support/webhook-receiver.ts";

/** Webhooks to users' own addresses, through the job that sends them. */
const test = testWithApp(
  {},
  { limits: { webhookSend: 2_000, webhookSlow: 1_000, webhookRetry: 20 } },
).extend("worker", { scope: "file" }, async ({ app }, { onCleanup }) => {
  const worker = await startWorker(app.services);
  onCleanup(() => worker.stop());
  return worker;
});
test.beforeEach(async ({ app, worker: _ }) => startOver(app));

const everything = [
  ...["connection.connected", "connection.failed", "connection.problem"],
  ...["connection.recovered", "connection.disconnected", "accounts.changed"],
  "transactions.changed",
];

async function receiver() {
  const made = await startReceiver();
  onTestFinished(() => made.close());
  return made;
}

/** Adds an address. Returns its id and its secret. */
async function addWebhook(app: TestApp, user: TestUser, url: string, events = everything) {
  await app.stepUp(user);
  const { status, body } = await app.post("/api/v1/webhooks", { url, events }, user);
  expect(status, JSON.stringify(body)).toBe(200);
  return { id: body.webhook.id as string, secret: body.secret as string };
}

const connect = async (app: TestApp, user: TestUser, institution?: string) => {
  const publicToken = await app.publicToken(institution);
  return app.post("/plaid/exchange-token", { public_token: publicToken }, user);
};

const deliveriesOf = async (app: TestApp, user: TestUser, id: string) =>
  (await app.get(`/api/v1/webhooks/${id}/deliveries`, user)).deliveries;

const open = ({ headers, body }: Received, secret: string) => verifyWebhook(secret, headers, body);

test("Each change of a bank is sent to the addresses that subscribe to it, signed, and matches the published schema", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const [all, first, few, none] = await Promise.all([
    receiver(),
    receiver(),
    receiver(),
    receiver(),
  ]);
  const { secret } = await addWebhook(app, user, all.url);
  // No later event sends this one.
  await addWebhook(app, user, first.url, ["connection.connected"]);
  await addWebhook(app, user, few.url, ["connection.disconnected"]);
  await addWebhook(app, await app.signUp(), none.url);
  await connect(app, user);
  await expect.poll(() => first.types()).toEqual(["connection.connected"]);
  await expect.poll(() => all.types()).toContain("transactions.changed");
  const { id, plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  await app.post("/trpc/items.refresh", { itemId: id }, user);
  await expect.poll(() => all.types()).toContain("connection.problem");
  await updateItems(app, { status: "good" });
  const disconnect = { itemId: id, confirmation: "disconnect First Platypus Bank" };
  expect((await app.post("/trpc/items.disconnect", disconnect, user)).status).toBe(200);
  await expect.poll(() => few.types()).toEqual(["connection.disconnected"]);
  await connect(app, await app.signUp("cfo"), "ins_109511");
  const refused = await app.signUp("intern");
  await addWebhook(app, refused, few.url, ["connection.failed"]);
  await connect(app, refused, "ins_109511");
  await expect.poll(() => few.types()).toContain("connection.failed");

  const opened = all.received.map((one) => open(one, secret));
  for (const { id: _, ...event } of opened) expect(webhookEvent.parse(event)).toEqual(event);
  const data = { itemId: id, institutionName: "First Platypus Bank" };
  expect(opened.find(({ type }) => type === "connection.connected")?.data).toEqual({
    ...data,
    linkId: null,
    accountCount: 4,
  });
  expect(opened.find(({ type }) => type === "connection.problem")?.data).toEqual({
    ...data,
    problem: "log_in",
  });
  expect(none.received).toEqual([]);
  expect(new Set(all.ids()).size).toBe(all.ids().length);
  expect(all.received[0]?.headers["content-type"]).toBe("application/json");
});

test("A webhook arrives within 500 ms of its commit at the median", async ({ app }) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const { id } = await addWebhook(app, user, there.url, ["connection.disconnected"]);
  const waits: number[] = [];
  for (let n = 0; n < 11; n += 1) {
    const begun = performance.now();
    await app.query(
      `with delivery as (insert into webhook_deliveries (user_id, endpoint_id, type, body)
         values ($1, $2, 'connection.disconnected', '{}') returning user_id)
       select graphile_worker.add_job('send_webhooks',
         json_build_object('userId', $1::uuid, 'endpointId', $2::uuid)) from delivery`,
      [user.id, id],
    );
    await expect.poll(() => there.received.length, { interval: 5 }).toBe(n + 1);
    waits.push((there.received[n] as Received).at - begun);
  }
  const median = waits.toSorted((a, b) => a - b)[5];
  expect(median).toBeLessThan(500);
});

test("verifyWebhook refuses a webhook that is forged, altered, late, or from another address", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const { secret } = await addWebhook(app, user, there.url, ["connection.connected"]);
  const other = await addWebhook(app, user, (await receiver()).url);
  await connect(app, user);
  await expect.poll(() => there.received).toHaveLength(1);
  const [sent] = there.received as [Received];
  const { headers, body } = sent;
  expect(open(sent, secret).type).toBe("connection.connected");
  expect(verifyWebhook(secret, new Headers(headers as HeadersInit), Buffer.from(body)).id).toBe(
    headers["webhook-id"],
  );

  const refuses = (what: Partial<Received>, by = secret) =>
    expect(() => open({ ...sent, ...what }, by)).toThrow(WebhookError);
  refuses({ body: body.replace("First", "Worst") });
  refuses({ headers: { ...headers, "webhook-id": "another" } });
  refuses({ headers: { ...headers, "webhook-signature": "v1,AAAA" } });
  refuses({ headers: {} });
  refuses({}, other.secret);
  const forged = `whsec_${Buffer.alloc(32).toString("base64")}`;
  refuses({}, forged);
  // Replayed, or delayed for long: the signature is valid, but too old.
  const signedAt = new Date(Date.now() - 6 * 60_000);
  const late = {
    "webhook-id": "w1",
    "webhook-timestamp": String(Math.floor(signedAt.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("w1", signedAt, body),
  };
  refuses({ headers: late });
  refuses({ headers: { ...late, "webhook-timestamp": headers["webhook-timestamp"] } });
});

test("After a change of the secret both sign for a day, then only the new one", async ({ app }) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const { id, secret } = await addWebhook(app, user, there.url, ["connection.connected"]);
  const { body } = await app.post("/api/v1/webhook-secrets", { id }, user);
  expect(body.secret).not.toBe(secret);
  expect(Date.parse(body.webhook.old_secret_until) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  await connect(app, user);
  await expect.poll(() => there.received).toHaveLength(1);
  const [both] = there.received as [Received];
  expect([open(both, secret).id, open(both, body.secret).id]).toEqual([
    ...there.ids(),
    both.headers["webhook-id"],
  ]);
  await app.query("update webhook_endpoints set old_secret_until = now()");
  const [{ id: delivery }] = await deliveriesOf(app, user, id);
  await app.post("/api/v1/webhook-redeliveries", { id: delivery }, user);
  await expect.poll(() => there.received).toHaveLength(2);
  const last = there.received[1] as Received;
  expect(open(last, body.secret).id).toBe(delivery);
  expect(() => open(last, secret)).toThrow(WebhookError);
  const kept = JSON.stringify(await app.query("select * from webhook_endpoints"));
  expect(kept).not.toContain(secret.slice(6));
  expect(kept).not.toContain(body.secret.slice(6));
});

test("A receiver that is down gets the webhook once it is up, and its log shows the attempts", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const { id } = await addWebhook(app, user, there.url, ["connection.connected"]);
  const statuses = [500, 503];
  there.respond = (req, res) => {
    const status = statuses.shift();
    if (status) res.writeHead(status).end();
    else if (statuses.length === 0 && there.received.length === 3) req.socket.destroy();
    else res.writeHead(200).end();
  };
  await connect(app, user);
  await expect.poll(() => there.received.length, { timeout: 20_000 }).toBe(4);
  expect(new Set(there.ids()).size).toBe(1);
  await expect
    .poll(async () => deliveriesOf(app, user, id))
    .toMatchObject([
      { status: "delivered", attempts: 4, http_status: 200, error: null, next_attempt_at: null },
    ]);
});

test("A webhook fails permanently a day after its event, and a redelivery starts another day", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  there.respond = (_req, res) => res.writeHead(404).end();
  const { id } = await addWebhook(app, user, there.url, ["connection.connected"]);
  await connect(app, user);
  await expect.poll(() => there.received.length).toBeGreaterThan(0);
  await app.query("update webhook_deliveries set give_up_at = now()");
  const log = () => deliveriesOf(app, user, id);
  await expect.poll(async () => (await log())[0].status).toBe("failed");
  expect((await log())[0]).toMatchObject({ error: "status", http_status: 404 });
  expect((await app.get("/api/v1/webhooks", user)).webhooks[0].last).toBe("failed");
  there.respond = (_req, res) => res.writeHead(200).end();
  const [{ id: delivery, attempts }] = await log();
  await app.post("/api/v1/webhook-redeliveries", { id: delivery }, user);
  await expect.poll(async () => (await log())[0].status).toBe("delivered");
  expect((await log())[0].attempts).toBe(attempts + 1);
  expect(there.ids().at(-1)).toBe(delivery);
});

test("An address that responds 410 Gone is disabled with a mail to its user, who enables it again", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const [there, other] = [await receiver(), await receiver()];
  there.respond = (_req, res) => res.writeHead(500).end();
  const { id, secret } = await addWebhook(app, user, there.url, ["connection.connected"]);
  await addWebhook(app, user, other.url, ["connection.connected"]);
  await connect(app, user);
  await expect.poll(() => there.received.length).toBeGreaterThan(0);
  there.respond = (_req, res) => res.writeHead(410).end();
  const row = async () =>
    (await app.get("/api/v1/webhooks", user)).webhooks.find(
      (webhook: { id: string }) => webhook.id === id,
    );
  await expect.poll(async () => (await row()).disabled).not.toBeNull();
  const { disabled } = await row();
  expect(disabled).toEqual({ at: expect.any(String), reason: "gone" });
  const log = () => deliveriesOf(app, user, id);
  await expect
    .poll(log)
    .toMatchObject([
      { status: "failed", error: "status", http_status: 410, next_attempt_at: null },
    ]);
  const mails = () => app.query("select details from mails where kind = 'webhook_disabled'");
  expect(await mails()).toEqual([{ details: { url: new URL(there.url).origin } }]);

  // Nothing is stored or sent while it is disabled; the other address gets everything.
  const sent = there.received.length;
  await connect(app, user, "ins_109511");
  await expect.poll(() => other.received.length).toBe(2);
  const [{ id: delivery }] = await log();
  const redelivered = await app.post("/api/v1/webhook-redeliveries", { id: delivery }, user);
  const tried = await app.post("/api/v1/webhook-tests", { id }, user);
  for (const { status, body } of [redelivered, tried]) {
    expect([status, body.error.reason]).toEqual([409, "webhook_disabled"]);
  }
  expect([there.received.length, await log()]).toEqual([sent, [expect.anything()]]);

  there.respond = (_req, res) => res.writeHead(204).end();
  const { body } = await app.post("/api/v1/webhook-activations", { id }, user);
  expect(body.webhook).toMatchObject({ id, disabled: null });
  await app.post("/api/v1/webhook-redeliveries", { id: delivery }, user);
  await expect.poll(() => there.received.length).toBe(sent + 1);
  expect(open(there.received.at(-1) as Received, secret).type).toBe("connection.connected");
  await expect.poll(async () => (await log())[0].status).toBe("delivered");
  expect(await mails()).toHaveLength(1);
});

test("Deliveries that wait for an address that responds 410 Gone fail as disabled", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  there.respond = (_req, res) => res.writeHead(410).end();
  const { id } = await addWebhook(app, user, there.url, ["connection.connected"]);
  await app.query(
    `insert into webhook_deliveries (user_id, endpoint_id, type, body, due_at)
     values ($1, $2, 'connection.connected', '{}', now() + interval '1 hour')`,
    [user.id, id],
  );
  await app.post("/api/v1/webhook-tests", { id }, user);
  await expect
    .poll(async () =>
      (await deliveriesOf(app, user, id)).map((one: { error: string }) => one.error),
    )
    .toEqual(["status", "disabled"]);
  expect(there.received).toHaveLength(1);
});

test("webhooks.sendTest sends a signed test event to one address, whatever it subscribes to, and to no other user's", async ({
  app,
}) => {
  const [user, other] = [await app.signUp(), await app.signUp()];
  const [there, second] = [await receiver(), await receiver()];
  const { id, secret } = await addWebhook(app, user, there.url, ["connection.failed"]);
  await addWebhook(app, user, second.url);
  const { body } = await app.post("/api/v1/webhook-tests", { id }, user);
  expect(body.delivery).toMatchObject({ event: "webhook.test", status: "waiting", attempts: 0 });
  await expect.poll(() => there.received).toHaveLength(1);
  const { id: sentId, ...event } = open(there.received[0] as Received, secret);
  expect(sentId).toBe(body.delivery.id);
  expect(webhookEvent.parse(event)).toEqual(event);
  expect(event).toMatchObject({ type: "webhook.test", data: { webhookId: id } });
  expect(second.received).toEqual([]);
  for (const path of ["webhook-tests", "webhook-activations"]) {
    const { status } = await app.post(`/api/v1/${path}`, { id }, other);
    expect(status, path).toBe(404);
  }
  // An address may lead elsewhere by the time of the test: it is checked again, and nothing is sent.
  await app.query("update webhook_endpoints set url = 'https://10.0.0.7/' where id = $1", [id]);
  await app.post("/api/v1/webhook-tests", { id }, user);
  await expect
    .poll(async () => (await deliveriesOf(app, user, id))[0].error)
    .toBe("address_not_public");
});

test("One user's slow receivers delay no other user's webhooks, and no other job", async ({
  app,
}) => {
  const [slow, quick] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const [hangs, there] = [await receiver(), await receiver()];
  hangs.respond = () => {};
  const ids: string[] = [];
  for (let n = 0; n < 10; n += 1) {
    ids.push((await addWebhook(app, slow, `${hangs.url}?${n}`)).id);
  }
  await addWebhook(app, quick, there.url, ["connection.connected"]);
  await connect(app, slow);
  await expect.poll(() => hangs.received.length).toBeGreaterThan(0);
  const begun = performance.now();
  await connect(app, quick);
  await expect.poll(() => there.received.length, { interval: 10 }).toBe(1);
  expect((there.received[0] as Received).at - begun).toBeLessThan(1_200);
  // The quick user's sync has not waited either.
  await expect
    .poll(() =>
      app.query("select 1 from item_syncs where user_id = $1 and synced_at is not null", [
        quick.id,
      ]),
    )
    .toHaveLength(1);
  await expect
    .poll(async () =>
      (await Promise.all(ids.map((id) => deliveriesOf(app, slow, id))))
        .flat()
        .map((delivery: { error: string }) => delivery.error),
    )
    .toContain("timed_out");
  expect(await app.query("select 1 from webhook_endpoints where is_slow")).not.toEqual([]);
});

test("A user has at most ten webhooks, each created after a step-up or by a key with the scope", async ({
  app,
}) => {
  const [user, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const { url } = await receiver();
  const make = (headers: Record<string, string>) =>
    fetch(`${app.url}/api/v1/webhooks`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ url, events: ["accounts.changed"] }),
    });
  await app.query("update sessions set proved_at = null");
  expect((await make({ cookie: user.cookie })).status).toBe(403);
  const keyFor = async (scope: "accounts:read" | "webhooks:write") =>
    (
      await createApiKey(app.services.db, user.id, {
        ...{ name: "K", scopes: [scope], expiresInDays: 1 },
      })
    ).key;
  const wrong = await make({ authorization: `Bearer ${await keyFor("accounts:read")}` });
  expect(((await wrong.json()) as { error: { reason: string } }).error.reason).toBe(
    "scope_missing",
  );
  const authorization = `Bearer ${await keyFor("webhooks:write")}`;
  const all = await Promise.all(Array.from({ length: 12 }, () => make({ authorization })));
  expect(all.map(({ status }) => status).toSorted()).toEqual([
    ...Array.from({ length: 10 }, () => 200),
    ...[409, 409],
  ]);
  const [{ id }] = (await app.get("/api/v1/webhooks", user)).webhooks;
  for (const [method, path] of [
    ["DELETE", `webhooks/${id}`],
    ["GET", `webhooks/${id}/deliveries`],
  ] as const) {
    const response = await fetch(`${app.url}/api/v1/${path}`, {
      method,
      headers: { cookie: other.cookie },
    });
    expect(response.status, path).toBe(404);
  }
  const gone = await fetch(`${app.url}/api/v1/webhooks/${id}`, {
    method: "DELETE",
    headers: { authorization },
  });
  expect(gone.status).toBe(200);
  expect((await app.get("/api/v1/webhooks", user)).webhooks).toHaveLength(9);
});

test("account.exportData lists the webhooks without their secrets, and they are deleted with their user", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const { id, secret } = await addWebhook(app, user, there.url);
  await connect(app, user);
  await expect.poll(() => there.received.length).toBeGreaterThan(0);
  await app.stepUp(user);
  const exported = await app.get("/api/v1/account/export", user);
  expect(exported.webhooks).toMatchObject([{ id, url: there.url }]);
  expect(JSON.stringify(exported)).not.toContain(secret.slice(6));
  expect(
    exported.security_events.find(({ kind }: { kind: string }) => kind === "webhook_added"),
  ).toBeTruthy();
  await fetch(`${app.url}/api/v1/account?confirmation=delete%20my%20account`, {
    method: "DELETE",
    headers: { cookie: user.cookie },
  });
  expect(await app.query("select 1 from webhook_endpoints")).toEqual([]);
  expect(await app.query("select 1 from webhook_deliveries")).toEqual([]);
});

test("npm run webhooks adds, lists, shows and removes webhooks", async ({ app }) => {
  const user = await app.signUp("cfo");
  const there = await receiver();
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [...built("webhooks"), ...args], {
      env: { ...process.env, DATABASE_URL: app.databaseUrl, TOKEN_KEYS: app.env.TOKEN_KEYS },
    });
  const added = await run("add", user.email, there.url, "--events", "connection.connected");
  const [id = ""] = added.stderr.split(" ");
  await connect(app, user);
  await expect.poll(() => there.received).toHaveLength(1);
  expect(open(there.received[0] as Received, added.stdout.trim()).type).toBe(
    "connection.connected",
  );
  await expect
    .poll(async () => (await run("list", user.email)).stdout)
    .toBe(`${id}  delivered   ${there.url}  connection.connected\n`);
  const log = (await run("log", user.email, id)).stdout;
  expect(log).toMatch(/ {2}delivered {2}sent 1 {2}HTTP 204 {2}connection\.connected\n$/);
  await run("redeliver", user.email, log.slice(0, 36));
  await expect.poll(() => there.received).toHaveLength(2);
  expect((await run("test", user.email, id)).stderr).toMatch(/^webhook\.test is sent/);
  await expect.poll(() => there.types().at(-1)).toBe("webhook.test");
  await app.query("update webhook_endpoints set disabled_at = now()");
  expect((await run("list", user.email)).stdout).toContain(`${id}  disabled    ${there.url}`);
  await expect(run("test", user.email, id)).rejects.toThrow("410 Gone");
  expect((await run("enable", user.email, id)).stderr).toContain("again");
  await expect(run("add", user.email, "https://10.0.0.7/")).rejects.toThrow(
    "the internet can reach",
  );
  await expect(run("add", user.email, there.url, "--events", "all")).rejects.toThrow("events.0");
  expect((await run("remove", user.email, id)).stderr).toContain("Nothing more is sent");
  expect((await run("--help")).stdout).toMatch(/^Usage, .*\n {2}npm run webhooks -- add <email>/);
});
