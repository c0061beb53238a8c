import { expect, onTestFinished } from "vitest";
import { createClient } from "../../client/src/index.ts";
import { verifyWebhook } from "../../client/src/webhooks.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { finishLinks } from "../../server/connect/finish-links.ts";
import { returnToLink } from "../../server/connect/return-to-link.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { itemsOf, only, updateItems } from "../support/rows.ts";
import { startReceiver } from "../support/webhook-receiver.ts";

/** A program opens Link without a page of its own: Plaid hosts it and reports its end by webhook. */
const test = testWithApp().extend("worker", { scope: "file" }, async ({ app }, { onCleanup }) => {
  const worker = await startWorker(app.services);
  onCleanup(() => worker.stop());
  return worker;
});
test.beforeEach(async ({ app, worker: _ }) => startOver(app));

/** A user and a program of theirs. */
async function program(app: TestApp, plan = "cfo") {
  const user = await app.signUp(plan);
  const scopes = ["connections:write" as const, "webhooks:write" as const];
  const { key } = await createApiKey(app.services.db, user.id, {
    ...{ name: "Program", scopes, expiresInDays: 1 },
  });
  return { user, client: createClient({ baseUrl: app.url, apiKey: key }) };
}

test("A hosted Link is connected as soon as Plaid's webhook reports its end, and connections.get returns it", async ({
  app,
}) => {
  const { client } = await program(app);
  const { linkToken, linkId, hostedLinkUrl, expiration } =
    await client.plaid.createLinkToken.mutate({ hosted: true });
  expect(hostedLinkUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/link\/hosted\.html\?/);
  expect(Date.parse(expiration) - Date.now()).toBeGreaterThan(23 * 60 * 60_000);
  const get = () => client.connections.get.query({ id: linkId });
  const nothing = { id: linkId, itemId: null, institutionName: null, reason: null };
  expect(await get()).toEqual({ ...nothing, status: "open" });
  await goThroughLink(app, linkToken, { bank: "ins_109508" });
  await expect.poll(async () => (await get()).status, { timeout: 8_000 }).toBe("connected");
  const { id: itemId } = await only(itemsOf(app));
  const connected = { ...nothing, itemId, institutionName: "First Platypus Bank" };
  expect(await get()).toEqual({ ...connected, status: "connected" });
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  await client.items.disconnect.mutate({ itemId, confirmation: "disconnect First Platypus Bank" });
  expect(await get()).toMatchObject({ status: "ended", itemId: null });
});

/** Receives webhooks about connections, and returns the type and `data` of each. */
async function receiveConnections(client: Awaited<ReturnType<typeof program>>["client"]) {
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const { secret } = await client.webhooks.create.mutate({
    url: there.url,
    events: ["connection.connected", "connection.failed"],
  });
  return () =>
    there.received.map(({ headers, body }) => {
      const { type, data } = verifyWebhook(secret, headers, body);
      return { type, data };
    });
}

/** Goes through Link at First Platypus Bank. */
const finish = (app: TestApp, linkToken: string) =>
  goThroughLink(app, linkToken, { bank: "ins_109508" });

/** Plaid's webhook has reported the end; passes the time in which `onSuccess` might still arrive. */
async function finishNow(app: TestApp) {
  await expect
    .poll(() =>
      app.query("select 1 from link_tokens where finished_at is not null and status <> 'closed'"),
    )
    .not.toEqual([]);
  await app.query("update link_tokens set due_at = now() where status <> 'closed'");
  await finishLinks(app.services, app.services.log);
}

test("connection.connected names the Link, for a hosted Link and for one that Plaid's webhook finished, and connections.get returns its Item at once", async ({
  app,
}) => {
  const { client } = await program(app);
  const events = await receiveConnections(client);
  const hosted = await client.plaid.createLinkToken.mutate({ hosted: true });
  await client.plaid.createLinkToken.mutate({ hosted: true });
  await finish(app, hosted.linkToken);
  await expect.poll(events, { timeout: 8_000 }).toHaveLength(1);
  const { id: itemId } = await only(itemsOf(app));
  const institutionName = "First Platypus Bank";
  const data = { itemId, institutionName, accountCount: 4 };
  expect(events()).toEqual([
    { type: "connection.connected", data: { ...data, linkId: hosted.linkId } },
  ]);
  expect(await client.connections.get.query({ id: hosted.linkId })).toMatchObject({
    ...{ status: "connected", itemId },
  });
  await app.control("POST", "settings", { link_events: true });
  const own = await client.plaid.createLinkToken.mutate({});
  await goThroughLink(app, own.linkToken, { bank: "ins_109511" });
  await finishNow(app);
  await expect.poll(events).toHaveLength(2);
  expect(events()[1]?.data).toMatchObject({ linkId: own.linkId });
});

test("connection.failed names the Link each time, and the connection that a retry makes names it too", async ({
  app,
}) => {
  const { client } = await program(app);
  const events = await receiveConnections(client);
  const { linkToken, linkId } = await client.plaid.createLinkToken.mutate({ hosted: true });
  const unavailable = { error: "INSTITUTION_DOWN" };
  await app.fault({ path: "/item/public_token/exchange", times: 3, do: unavailable });
  await finish(app, linkToken);
  const failed = {
    type: "connection.failed",
    data: { linkId, institutionName: "First Platypus Bank", reason: "bank_unavailable" },
  };
  await expect.poll(events, { timeout: 8_000 }).toEqual([failed]);
  await app.clearFaults();
  await finishNow(app);
  await expect.poll(events).toHaveLength(2);
  expect(events()[1]).toMatchObject({ type: "connection.connected", data: { linkId } });
  const intern = await program(app, "intern");
  const refusals = await receiveConnections(intern.client);
  const refused = await intern.client.plaid.createLinkToken.mutate({ hosted: true });
  await finish(app, refused.linkToken);
  await expect
    .poll(refusals, { timeout: 8_000 })
    .toMatchObject([
      { type: "connection.failed", data: { linkId: refused.linkId, reason: "limit_reached" } },
    ]);
});

test("connection.connected names the Link of connectAccount, or none when it came from no Link of ours", async ({
  app,
}) => {
  const { client } = await program(app);
  const events = await receiveConnections(client);
  await client.connectAccount.mutate({ publicToken: await app.publicToken("ins_109511") });
  await client.plaid.createLinkToken.mutate({});
  const { linkToken, linkId } = await client.plaid.createLinkToken.mutate({});
  const { publicToken } = await finish(app, linkToken);
  await client.connectAccount.mutate({ publicToken, linkToken });
  await expect.poll(() => events().length).toBe(2);
  const linkOf = (bank: string) =>
    events().find(({ data }) => (data as { institutionName?: string }).institutionName === bank);
  expect(linkOf("Tartan Bank")?.data).toMatchObject({ linkId: null });
  expect(linkOf("First Platypus Bank")?.data).toMatchObject({ linkId });
});

test("A hosted Link whose webhook is lost is connected without the wait for onSuccess", async ({
  app,
}) => {
  const { client } = await program(app);
  const { linkToken, linkId } = await client.plaid.createLinkToken.mutate({ hosted: true });
  await app.query("update link_tokens set link_token_hash = sha256('of another')");
  await goThroughLink(app, linkToken, { bank: "ins_109508" });
  await app.query("update link_tokens set due_at = now()");
  await finishLinks(app.services, app.services.log);
  expect((await client.connections.get.query({ id: linkId })).status).toBe("connected");
});

test("connections.get returns why a hosted Link was not connected (E5, I3)", async ({ app }) => {
  const { client } = await program(app, "intern");
  const { linkToken, linkId } = await client.plaid.createLinkToken.mutate({ hosted: true });
  await goThroughLink(app, linkToken, { bank: "ins_109508" });
  await expect
    .poll(() => client.connections.get.query({ id: linkId }), { timeout: 8_000 })
    .toMatchObject({ status: "not_connected", reason: "limit_reached", itemId: null });
});

test("connections.get returns that the user finished while the bank is being connected, and the result of onSuccess", async ({
  app,
}) => {
  const { client } = await program(app);
  const hosted = await client.plaid.createLinkToken.mutate({ hosted: true });
  await app.fault({ path: "/item/public_token/exchange", times: 3, do: { status: 503, body: {} } });
  await goThroughLink(app, hosted.linkToken, { bank: "ins_109508" });
  await expect
    .poll(() => client.connections.get.query({ id: hosted.linkId }), { timeout: 8_000 })
    .toMatchObject({ status: "finishing" });
  const { linkToken, linkId } = await client.plaid.createLinkToken.mutate({});
  const { publicToken } = await goThroughLink(app, linkToken, { bank: "ins_109511" });
  const { item } = await client.connectAccount.mutate({ publicToken, linkToken });
  expect(await client.connections.get.query({ id: linkId })).toMatchObject({
    ...{ status: "connected", itemId: item.id, institutionName: "Tartan Bank" },
  });
});

test("A hosted Link in update mode reconnects its Item", async ({ app }) => {
  const { client } = await program(app);
  const publicToken = await app.publicToken();
  const { item } = await client.connectAccount.mutate({ publicToken });
  const { plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  await updateItems(app, { status: "login_required" });
  const hosted = await client.plaid.createLinkToken.mutate({ hosted: true, itemId: item.id });
  await goThroughLink(app, hosted.linkToken);
  await expect
    .poll(() => client.connections.get.query({ id: hosted.linkId }), { timeout: 8_000 })
    .toMatchObject({ status: "connected", itemId: item.id });
});

test("A tab that returns from its bank, or sends no link_token, never uses a hosted Link", async ({
  app,
}) => {
  const { user, client } = await program(app);
  const own = await client.plaid.createLinkToken.mutate({});
  const hosted = await client.plaid.createLinkToken.mutate({ hosted: true });
  await client.connectAccount.mutate({ publicToken: await app.publicToken() });
  const statusOf = async ({ linkId }: { linkId: string }) =>
    (await client.connections.get.query({ id: linkId })).status;
  expect([await statusOf(own), await statusOf(hosted)]).toEqual(["connected", "open"]);
  const back = { oauthStateId: "one", linkId: null, again: false };
  expect(await returnToLink(app.services, user, back)).toEqual({ at: "lost" });
});
