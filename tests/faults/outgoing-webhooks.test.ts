import { expect, onTestFinished } from "vitest";
import { disableUser, enableUser } from "../../db/disabled-users.ts";
import { sendWebhooks } from "../../server/outgoing-webhooks/send-webhooks.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { startNode } from "../support/node-process.ts";
import { startReceiver } from "../support/webhook-receiver.ts";

const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

test("A webhook is sent again with the same id when the process was killed before it recorded the attempt", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const webhook = { url: there.url, events: ["connection.connected"] };
  const { body } = await app.post("/api/v1/webhooks", webhook, user);
  const { id } = body.webhook;
  const log = async () =>
    (await app.get(`/api/v1/webhooks/${id}/deliveries`, user)).deliveries as unknown[];
  const node = await startNode(app.env);
  await node.dieAfter("webhook sent");
  node.work();
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await node.ended;
  expect(there.received).toHaveLength(1);
  expect(await log()).toMatchObject([{ status: "waiting", attempts: 1 }]);
  const endpoint = { userId: user.id, endpointId: id };
  // Another process does not touch it while the first may be sending it.
  await sendWebhooks(app.services, endpoint, app.services.log);
  expect(there.received).toHaveLength(1);
  await app.query("update webhook_deliveries set due_at = now()");
  await sendWebhooks(app.services, endpoint, app.services.log);
  expect(there.ids()).toEqual([there.ids()[0], there.ids()[0]]);
  expect(await log()).toMatchObject([{ status: "delivered", attempts: 2 }]);
});

test("A webhook that is sent twice at once is recorded by the later attempt only", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const webhook = { url: there.url, events: ["connection.connected"] };
  const { body } = await app.post("/api/v1/webhooks", webhook, user);
  const endpoint = { userId: user.id, endpointId: body.webhook.id };
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  // The first response is a failure, and arrives after the second attempt has succeeded.
  there.respond = (_req, res) => {
    const isFirst = there.received.length === 1;
    setTimeout(() => res.writeHead(isFirst ? 500 : 204).end(), isFirst ? 600 : 0);
  };
  const first = sendWebhooks(app.services, endpoint, app.services.log);
  await expect.poll(() => there.received).toHaveLength(1);
  await app.query("update webhook_deliveries set due_at = now()");
  await Promise.all([first, sendWebhooks(app.services, endpoint, app.services.log)]);
  expect(
    await app.query("select attempts, error, http_status, due_at from webhook_deliveries"),
  ).toEqual([{ attempts: 2, error: null, http_status: 204, due_at: null }]);
});

test("A webhook that is refused is retried for 24 hours, each time after a longer wait", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const there = await startReceiver();
  onTestFinished(() => there.close());
  there.respond = (_req, res) => res.writeHead(500).end();
  const webhook = { url: there.url, events: ["connection.connected"] };
  const { body } = await app.post("/api/v1/webhooks", webhook, user);
  const endpoint = { userId: user.id, endpointId: body.webhook.id };
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  const waits: number[] = [];
  for (;;) {
    await sendWebhooks(app.services, endpoint, app.services.log);
    const [{ wait }] = await app.query(
      "select extract(epoch from due_at - attempted_at)::float as wait from webhook_deliveries",
    );
    if (wait === null) break;
    waits.push(wait);
    // As if the wait were over.
    await app.query(
      `update webhook_deliveries set give_up_at = give_up_at - make_interval(secs => $1), due_at = now()`,
      [wait],
    );
  }
  // Up to a tenth more than 5 s, 20 s and 80 s.
  expect(waits.slice(0, 3).map((wait, n) => Math.round(wait / 5.25 / 4 ** n))).toEqual([1, 1, 1]);
  const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3600;
  expect(hours).toBeGreaterThan(15);
  expect(hours).toBeLessThanOrEqual(24);
  expect(waits.length).toBeLessThan(12);
  expect(there.received).toHaveLength(waits.length + 1);
});

test("A disabled user's webhooks wait until the user is enabled again", async ({ app }) => {
  const user = await app.signUp("cfo");
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const webhook = { url: there.url, events: ["connection.connected"] };
  const { body } = await app.post("/api/v1/webhooks", webhook, user);
  const endpoint = { userId: user.id, endpointId: body.webhook.id };
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await disableUser(app.services.db, user.id);
  await sendWebhooks(app.services, endpoint, app.services.log);
  expect(there.received).toEqual([]);
  const job = "delete from graphile_worker._private_jobs where key like 'send_webhooks:%'";
  await app.query(job);
  await enableUser(app.services.db, user.id);
  expect(await app.query(`${job} returning 1`)).toHaveLength(1);
  await sendWebhooks(app.services, endpoint, app.services.log);
  expect(there.received).toHaveLength(1);
});
