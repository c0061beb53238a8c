import { expect } from "vitest";
import { finishLinks } from "../../server/connect/finish-links.ts";
import { listLinkNews } from "../../server/connect/link-news.ts";
import { linkTokenSessionsResponse } from "../../server/plaid/link-sessions.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { activityOf, attemptsOf, itemsOf, only, updateItems } from "../support/rows.ts";

/** `onSuccess` never reaches us: the tab was closed when Link succeeded. */
const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

/** Plaid reports the results of every Link from now on: by webhook at its end, and in `/link/token/get`. */
const tellResults = (app: TestApp, reports = true) =>
  app.control("POST", "settings", { link_events: reports });

/** Opens a Link of the user by the API; with an Item in update mode. */
async function openLink(app: TestApp, user: TestUser, itemId?: string): Promise<string> {
  const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, user);
  return body.result.data.linkToken;
}
/** A user finishes Link and closes the tab before `onSuccess`. */
async function closeTab(app: TestApp, user: TestUser, bank = "ins_109508") {
  const linkToken = await openLink(app, user);
  const done = await goThroughLink(app, linkToken, { bank });
  // Only now, so that no webhook has reported it.
  await tellResults(app);
  return { linkToken, ...done };
}
/** Runs one pass of the job, as if so many minutes had passed since the Link was opened. */
async function pass(app: TestApp, minutes: number): Promise<void> {
  await app.query(
    `update link_tokens set created_at = created_at - make_interval(mins => $1),
       due_at = due_at - make_interval(mins => $1), expires_at = expires_at - make_interval(mins => $1),
       asked_at = asked_at - make_interval(mins => $1)`,
    [minutes],
  );
  passed += minutes;
  const clock = { now: () => new Date(Date.now() + passed * 60_000) };
  await finishLinks({ ...app.services, clock }, app.services.log);
}
let passed = 0;
test.beforeEach(() => {
  passed = 0;
});

/** The messages that the dashboard shows. */
const newsOf = (app: TestApp, user: TestUser) => listLinkNews(app.services, user);
const links = (app: TestApp) => app.query("select * from link_tokens order by created_at");
const linkTokenCalls = (app: TestApp) => app.requestsAtPlaid("/link/token/get");

test("finishLinks connects what Link created when onSuccess never reached us, once, and notifies the user (I1, I2, I4)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { publicToken } = await closeTab(app, user);
  await pass(app, 4);
  expect([await linkTokenCalls(app), await itemsOf(app)]).toEqual([0, []]);
  await pass(app, 2);
  expect(await newsOf(app, user)).toMatchObject([
    { outcome: "connected", bank: "First Platypus Bank" },
  ]);
  await pass(app, 10);
  expect(await itemsOf(app)).toHaveLength(1);
  expect(await activityOf(app)).toMatchObject([{ kind: "connected" }]);
  const calls = (await app.control("GET", "requests")) as { requests: { path: string }[] };
  expect(calls.requests.filter(({ path }) => path === "/item/public_token/exchange")).toHaveLength(
    1,
  );
  // The tab wakes up after all.
  const late = await app.post("/plaid/exchange-token", { public_token: publicToken }, user);
  expect(late.body).toMatchObject({ outcome: "already_connected" });
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("A finished Link is shown once, and only to its user", async ({ app }) => {
  const [user, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  await closeTab(app, user);
  await pass(app, 6);
  const [{ id }] = await links(app);
  const tell = ({ cookie }: TestUser) =>
    fetch(`${app.url}/link-news`, {
      method: "POST",
      headers: { cookie },
      body: new URLSearchParams({ id }),
    });
  expect((await tell(other)).status).toBe(204);
  expect(await newsOf(app, other)).toEqual([]);
  expect(await newsOf(app, user)).toHaveLength(1);
  expect((await tell(user)).status).toBe(204);
  expect(await newsOf(app, user)).toEqual([]);
});

test.for(["link token named", "only the public_token sent"])(
  "A Link whose onSuccess reaches us causes no call to Plaid (%s)",
  async (how, { app }) => {
    const user = await app.signUp("cfo");
    const { linkToken, publicToken } = await closeTab(app, user);
    const named = how === "link token named";
    if (named) await openLink(app, user);
    const body = { publicToken, ...(named && { linkToken }) };
    const { status } = await app.post("/trpc/connectAccount", body, user);
    expect(status).toBe(200);
    expect((await links(app)).map((row) => row.status)).toEqual(
      named ? ["closed", "open"] : ["closed"],
    );
    if (named) return;
    await pass(app, 300);
    expect(await linkTokenCalls(app)).toBe(0);
    expect(await newsOf(app, user)).toEqual([]);
  },
);

test("finishLinks leaves a Link alone while the user chooses its accounts", async ({ app }) => {
  const user = await app.signUp("intern");
  const { linkToken, publicToken } = await closeTab(app, user);
  const metadata = {
    institution: { institutionId: "ins_109508", name: "First Platypus Bank" },
    accounts: [1, 2, 3, 4].map((n) => ({ id: `a${n}`, name: `Account ${n}`, mask: `000${n}` })),
  };
  const refused = await app.post(
    "/trpc/connectAccount",
    { publicToken, linkToken, metadata },
    user,
  );
  expect(refused.body.error.data.reason).toBe("limit_reached");
  await pass(app, 6);
  await pass(app, 300);
  expect([await linkTokenCalls(app), await itemsOf(app), await newsOf(app, user)]).toEqual([
    0,
    [],
    [],
  ]);
});

test("finishLinks leaves a Link alone whose connectAccount never sent its link_token", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { publicToken } = await closeTab(app, user);
  await openLink(app, user);
  await app.post("/trpc/connectAccount", { publicToken }, user);
  expect((await links(app)).map((row) => row.status)).toEqual(["open", "open"]);
  await pass(app, 6);
  expect((await links(app)).map((row) => row.status)).toEqual(["closed", "open"]);
  expect(await newsOf(app, user)).toEqual([]);
  expect(await activityOf(app)).toHaveLength(1);
});

test("A verified SESSION_FINISHED is enough: its tokens are stored encrypted, and onSuccess has five minutes (I1)", async ({
  app,
}) => {
  await tellResults(app);
  const user = await app.signUp("cfo");
  const linkToken = await openLink(app, user);
  const { publicToken } = await goThroughLink(app, linkToken, { bank: "ins_109508" });
  await expect.poll(async () => (await links(app))[0].finished_at).not.toBeNull();
  const kept = JSON.stringify([await links(app), await app.query("select * from webhooks")]);
  expect(kept).not.toContain(publicToken);
  expect(kept).not.toContain(linkToken);
  // The user took an hour in Link.
  await app.query("update link_tokens set created_at = created_at - interval '1 hour'");
  await pass(app, 4);
  expect(await itemsOf(app)).toEqual([]);
  await pass(app, 2);
  expect(await newsOf(app, user)).toMatchObject([
    { outcome: "connected", bank: "First Platypus Bank" },
  ]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("A SESSION_FINISHED that Plaid did not sign changes nothing", async ({ app }) => {
  const user = await app.signUp("cfo");
  const linkToken = await openLink(app, user);
  const forged = {
    ...{ webhook_type: "LINK", webhook_code: "SESSION_FINISHED", status: "SUCCESS" },
    ...{ link_token: linkToken, link_session_id: "s1", public_tokens: [await app.publicToken()] },
  };
  expect((await app.post("/plaid/webhook", forged)).status).toBe(401);
  expect((await links(app))[0].finished_at).toBeNull();
});

test("A public_token that is found too late is shown to the user, with an activity entry (I8)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await closeTab(app, user);
  await app.advanceClock(35 * 60);
  await pass(app, 35);
  expect(await newsOf(app, user)).toMatchObject([
    { outcome: "too_late", bank: "First Platypus Bank" },
  ]);
  expect(await activityOf(app)).toMatchObject([{ kind: "failed", reason: "public_token_invalid" }]);
  expect(await itemsOf(app)).toEqual([]);
});

test("A bank that the plan has no room for is shown to the user, and is not exchanged (E5, I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  await closeTab(app, user);
  await pass(app, 6);
  expect(await newsOf(app, user)).toMatchObject([
    { outcome: "not_connected", reason: "limit_reached", bank: "First Platypus Bank" },
  ]);
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(0);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});

test("finishLinks retries while Plaid is unavailable, with the same attempt (E4)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await closeTab(app, user);
  await app.fault({ path: "/item/public_token/exchange", times: 3, do: { status: 503, body: {} } });
  await pass(app, 6);
  expect((await links(app))[0]).toMatchObject({ status: "finishing", outcome: null });
  await app.query("update link_attempts set retry_at = now()");
  await pass(app, 10);
  await pass(app, 10);
  expect(await newsOf(app, user)).toMatchObject([{ outcome: "connected" }]);
  expect(await attemptsOf(app)).toHaveLength(1);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("An onSuccess that arrives while we finish the Link does nothing twice (I1, I2)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { linkToken, publicToken } = await closeTab(app, user);
  const both = await Promise.all([
    pass(app, 6),
    app.post("/trpc/connectAccount", { publicToken, linkToken }, user),
  ]);
  expect(both[1].status).toBe(200);
  await pass(app, 10);
  expect(await activityOf(app)).toMatchObject([{ kind: "connected" }]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("A finished update mode runs finishUpdateMode when onSuccess never reached us", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { body } = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  const { plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  await updateItems(app, { status: "login_required" });
  await goThroughLink(app, await openLink(app, user, body.item.id));
  await tellResults(app);
  await pass(app, 6);
  expect(await newsOf(app, user)).toMatchObject([
    { outcome: "reconnected", bank: "First Platypus Bank", itemId: body.item.id },
  ]);
  expect((await only(itemsOf(app))).status).toBe("good");
  await pass(app, 60);
  expect((await activityOf(app)).map(({ kind }) => kind)).toEqual(["connected", "reconnected"]);
});

test("Without Link events, an update mode that repaired the bank takes effect, and one that did not is not shown", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { body } = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  await goThroughLink(app, await openLink(app, user, body.item.id));
  await pass(app, 6);
  expect(await newsOf(app, user)).toEqual([]);
  const { plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  await updateItems(app, { status: "login_required" });
  await goThroughLink(app, await openLink(app, user, body.item.id));
  await pass(app, 6);
  expect(await newsOf(app, user)).toMatchObject([{ outcome: "reconnected" }]);
});

test("Without Link events, Plaid's list of the user's Items shows which bank it was", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await closeTab(app, user, "ins_109511");
  await tellResults(app, false);
  await pass(app, 6);
  expect(await newsOf(app, user)).toMatchObject([{ outcome: "not_received", bank: "Tartan Bank" }]);
  await pass(app, 300);
  expect(await newsOf(app, user)).toHaveLength(1);
  expect(await itemsOf(app)).toEqual([]);
});

test("Without Link events, nothing is shown of a Link that the user left, or that an attempt may be about", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  await openLink(app, user);
  await pass(app, 6);
  const { publicToken } = await closeTab(app, user);
  await tellResults(app, false);
  expect((await app.post("/trpc/connectAccount", { publicToken }, user)).status).not.toBe(200);
  await pass(app, 6);
  await pass(app, 300);
  expect(await newsOf(app, user)).toEqual([]);
});

test("The job backs off until thirty minutes after the link_token has expired", async ({ app }) => {
  const user = await app.signUp("cfo");
  await openLink(app, user);
  const at: number[] = [];
  for (let minute = 5; minute <= 300; minute += 5) {
    const before = await linkTokenCalls(app);
    await pass(app, 5);
    if ((await linkTokenCalls(app)) > before) at.push(minute);
  }
  expect(at).toEqual([5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220, 240, 260, 270]);
  expect((await links(app))[0]).toMatchObject({ status: "closed", outcome: null });
  await pass(app, 31 * 24 * 60);
  expect(await links(app)).toEqual([]);
});

test("A returning user's Links are checked now, at most once a minute", async ({ app }) => {
  const user = await app.signUp("cfo");
  await closeTab(app, user);
  await newsOf(app, user);
  expect((await links(app))[0].asked_at).toBeNull();
  await app.query("update link_tokens set created_at = created_at - interval '6 minutes'");
  await newsOf(app, user);
  const [{ asked_at: first, due_at: due }] = await links(app);
  expect(due <= new Date()).toBe(true);
  await app.query("update link_tokens set due_at = now() + interval '1 hour'");
  await newsOf(app, user);
  expect((await links(app))[0].asked_at).toEqual(first);
  expect(
    await app.query("select 1 from graphile_worker.jobs where task_identifier = 'finish_links'"),
  ).toHaveLength(1);
});

test("At most ten open Links of a user are followed", async ({ app }) => {
  const user = await app.signUp("cfo");
  for (let n = 0; n < 12; n += 1) await openLink(app, user);
  expect(await links(app)).toHaveLength(10);
});

test("getLinkSessions reads the results, the older on_success, and ignores everything else", () => {
  const account = {
    id: "a1",
    name: "Checking",
    mask: "0000",
    type: "depository",
    subtype: "checking",
  };
  const institution = { institution_id: "ins_1", name: "Mill Bank" };
  const read = (...link_sessions: unknown[]) =>
    linkTokenSessionsResponse
      .parse({ request_id: "r", link_sessions })
      .link_sessions?.map((session) => session && [session.isExited, session.added]);
  const success = {
    publicToken: "public-1",
    institution: { id: "ins_1", name: "Mill Bank" },
    accounts: [account],
  };
  const result = { public_token: "public-1", accounts: [account], institution };
  expect(read({ link_session_id: "s", results: { item_add_results: [result] } })).toEqual([
    [false, [success]],
  ]);
  const old = { public_token: "public-1", metadata: { accounts: [account], institution } };
  expect(read({ link_session_id: "s", results: null, on_success: old })).toEqual([
    [false, [success]],
  ]);
  expect(read({ exit: { error: null } }, { on_exit: {} }, null, 7, { results: 7 })).toEqual([
    [true, []],
    [true, []],
    null,
    null,
    [false, []],
  ]);
  expect(linkTokenSessionsResponse.parse({ link_sessions: "x" })).toMatchObject({
    link_sessions: null,
  });
});
