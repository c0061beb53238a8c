import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { setPlan } from "../../db/plans.ts";
import { noticeKinds } from "../../server/contracts/mail.ts";
import { remind } from "../../server/mail/remind.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { mailAbout, mailTo, sendForm, workFor } from "../support/mail.ts";
import { doneSyncsOf, itemsOf, mailsOf, only, updateItems } from "../support/rows.ts";

const test = testWithApp();

test.beforeEach(async ({ app, onTestFinished }) => {
  const worker = await workFor(app);
  onTestFinished(() => worker.stop());
});

/** A user who has every notice turned on. */
async function attentive(app: TestApp): Promise<TestUser> {
  const ada = await app.signUp("analyst");
  await app.query("delete from declined_notices where user_id = $1", [ada.id]);
  return ada;
}
async function connect(app: TestApp, user: TestUser) {
  const body = { public_token: await app.publicToken() };
  expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
  // A sync that ends later would set the bank's status to good.
  await expect.poll(async () => (await doneSyncsOf(app, user)).length).toBe(1);
  return only(itemsOf(app, user));
}
const kindsOf = async (app: TestApp, user: TestUser) =>
  (await mailsOf(app, user)).map(({ kind }) => kind);
const logIn = (app: TestApp, user: TestUser, agent: string, cookie = "") =>
  fetch(`${app.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": agent, cookie },
    body: JSON.stringify({ email: user.email, password: user.password }),
  });

test("A user is mailed when a bank is connected or disconnected, a key is created, or the plan changes", async ({
  app,
}) => {
  const ada = await attentive(app);
  const item = await connect(app, ada);
  const connected = await mailAbout(app, ada.email, "First Platypus Bank is connected");
  expect(connected.text).toMatch(/with \d+ accounts/);
  await app.stepUp(ada);
  const key = { name: "Notebook", scopes: ["accounts:read"], expires_in_days: 30 };
  await app.post("/api/v1/api-keys", key, ada);
  await mailAbout(app, ada.email, "A new API key was made");
  const words = { item_id: item.id, confirmation: "disconnect First Platypus Bank" };
  const gone = await app.post("/api/v1/disconnections", words, ada);
  expect(gone.status).toBe(200);
  await mailAbout(app, ada.email, "First Platypus Bank is disconnected");
  await setPlan(app.services.db, ada.email, "cfo");
  await setPlan(app.services.db, ada.email, "cfo");
  await mailAbout(app, ada.email, "You are on the CFO plan");
  expect(await mailsOf(app, ada)).toHaveLength(4);
});

test("A log-in on a new device is mailed; the first one ever, and one from where the user logs in, are not", async ({
  app,
}) => {
  const ada = await attentive(app);
  const first = await logIn(app, ada, "Chrome/130 (X11; Linux x86_64)");
  const device = first.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .find((line) => line?.includes("device"));
  await logIn(app, ada, "Chrome/130 (X11; Linux x86_64)");
  await logIn(app, ada, "another agent", device);
  expect(await kindsOf(app, ada)).toEqual([]);
  await logIn(app, ada, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1");
  const { text } = await mailAbout(app, ada.email, "New log-in to your account");
  expect(text).toMatch(/iOS, address 127\.0\.0\.1/);
  expect(await mailsOf(app, ada)).toHaveLength(1);
});

test("A bank that needs its user is mailed about once, then every week, and at once when it breaks again", async ({
  app,
}) => {
  const ada = await attentive(app);
  const item = await connect(app, ada);
  const count = async () =>
    (await kindsOf(app, ada)).filter((kind) => kind === "bank_needs_you").length;
  await remind(app.services);
  expect(await count()).toBe(0);
  await updateItems(app, { status: "login_required", problem: "log_in" }, { itemId: item.id });
  // On two nodes at once.
  await Promise.all([remind(app.services), remind(app.services)]);
  await remind(app.services);
  expect(await count()).toBe(1);
  await mailAbout(app, ada.email, "First Platypus Bank needs you");
  await app.query("update items set reminded_at = now() - interval '6 days 23 hours'");
  await remind(app.services);
  expect(await count()).toBe(1);
  await app.query("update items set reminded_at = now() - interval '7 days 1 minute'");
  await remind(app.services);
  expect(await count()).toBe(2);
  await updateItems(app, { status: "good", problem: null }, { itemId: item.id });
  await remind(app.services);
  await updateItems(app, { status: "revoked", problem: "connect_again" }, { itemId: item.id });
  await remind(app.services);
  expect(await count()).toBe(3);
});

test("A connection that ends is mailed about seven days before, once for each end", async ({
  app,
}) => {
  const ada = await attentive(app);
  const { id: itemId } = await connect(app, ada);
  const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60_000);
  const count = async () =>
    (await kindsOf(app, ada)).filter((kind) => kind === "connection_ends_soon").length;
  await updateItems(app, { status: "expiring", expires_at: inDays(8) }, { itemId });
  await remind(app.services);
  expect(await count()).toBe(0);
  await updateItems(app, { expires_at: inDays(6.9) }, { itemId });
  await remind(app.services);
  await remind(app.services);
  expect(await count()).toBe(1);
  await mailAbout(app, ada.email, "Your connection to First Platypus Bank ends soon");
  await updateItems(app, { expires_at: inDays(5) }, { itemId });
  await remind(app.services);
  expect(await count()).toBe(2);
});

test("Each user chooses their notices, and security mail cannot be turned off", async ({ app }) => {
  const [ada, eve] = [await attentive(app), await attentive(app)];
  const choose = (fields: [string, string][]) =>
    fetch(`${app.url}/settings/notifications`, {
      method: "POST",
      headers: { cookie: ada.cookie },
      body: new URLSearchParams(fields),
    });
  expect((await choose([["wanted", "bank_connected"]])).status).toBe(200);
  expect((await choose([["wanted", "password_changed"]])).status).toBe(400);
  await setPlan(app.services.db, ada.email, "cfo");
  await setPlan(app.services.db, eve.email, "cfo");
  expect(await kindsOf(app, ada)).toEqual([]);
  expect(await kindsOf(app, eve)).toEqual(["plan_changed"]);
  await connect(app, ada);
  expect(await kindsOf(app, ada)).toEqual(["bank_connected"]);
  expect((await choose(noticeKinds.map((kind) => ["wanted", kind]))).status).toBe(200);
  await setPlan(app.services.db, ada.email, "analyst");
  expect(await kindsOf(app, ada)).toEqual(["bank_connected", "plan_changed"]);
});

test("One click in a mail program turns one kind off, without a session; a forged link turns off nothing", async ({
  app,
}) => {
  const ada = await attentive(app);
  await setPlan(app.services.db, ada.email, "cfo");
  const { headers, links } = await mailAbout(app, ada.email, "You are on the CFO plan");
  const url = headers["list-unsubscribe"]?.replace(/^<|>$/g, "") ?? "";
  expect(links).toContain(url);
  const page = await fetch(url);
  expect(await page.text()).toContain("Your plan was changed");
  const forged = [
    url.replace("plan_changed", "bank_connected"),
    url.replace(ada.id, randomUUID()),
    url.slice(0, -2),
    url.replace("plan_changed", "password_changed"),
  ];
  for (const one of forged) {
    const response = await fetch(one, {
      method: "POST",
      body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
    });
    expect(response.status).toBe(400);
  }
  expect(await app.query("select 1 from declined_notices where user_id = $1", [ada.id])).toEqual(
    [],
  );
  // RFC 8058 allows either content type.
  const form = new FormData();
  form.set("List-Unsubscribe", "One-Click");
  for (const body of [new URLSearchParams({ "List-Unsubscribe": "One-Click" }), form])
    expect((await fetch(url, { method: "POST", body })).status).toBe(200);
  await setPlan(app.services.db, ada.email, "analyst");
  expect(await mailsOf(app, ada)).toHaveLength(1);
  const settings = await fetch(`${app.url}/settings/notifications`, {
    headers: { cookie: ada.cookie },
  });
  const html = await settings.text();
  expect(html.match(/checked=""/g)).toHaveLength(noticeKinds.length - 1);
  expect(await mailTo(app, ada.email)).toHaveLength(1);
  await sendForm(app, "/settings/notifications", {}, ada.cookie);
});
