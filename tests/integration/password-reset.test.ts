import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { mailAbout, mailTo, sendForm, tokenIn, workFor } from "../support/mail.ts";
import { apiKeysOf, mailLinksOf, mailsOf, securityEventsOf, sessionsOf } from "../support/rows.ts";

const test = testWithApp();

test.beforeEach(async ({ app, onTestFinished }) => {
  const worker = await workFor(app);
  onTestFinished(() => worker.stop());
});

const newPassword = "a brand new password";
const requestReset = (app: TestApp, email: string) => sendForm(app, "/forgot-password", { email });
const reset = (app: TestApp, token: string, fields: Record<string, string> = {}, cookie?: string) =>
  sendForm(app, "/reset-password", { token, newPassword, ...fields }, cookie);
const logIn = (app: TestApp, { email }: TestUser, password: string) =>
  app.post("/api/auth/sign-in/email", { email, password });
const isLoggedIn = async (app: TestApp, { cookie }: TestUser) =>
  (await fetch(`${app.url}/dashboard`, { headers: { cookie }, redirect: "manual" })).status === 200;

/** A user with an API key, and the token of a link that was mailed to them. */
async function userWithoutPassword(app: TestApp) {
  const ada = await app.signUp();
  await app.stepUp(ada);
  const key = { name: "Notebook", scopes: ["accounts:read"], expires_in_days: 30 };
  expect((await app.post("/api/v1/api-keys", key, ada)).status).toBe(200);
  await requestReset(app, ada.email);
  const mail = await mailAbout(app, ada.email, "Choose a new password");
  return { ada, mail, token: tokenIn(mail) };
}

test("A mailed link sets a new password once, ends every session, and keeps API keys unless they are to be revoked", async ({
  app,
}) => {
  const { ada, mail, token } = await userWithoutPassword(app);
  expect(mail.links[0]).toBe(`${app.url}/reset-password?token=${token}`);
  const page = await fetch(`${app.url}/reset-password?token=${token}`);
  const html = await page.text();
  expect(html).toContain(ada.email);
  expect(html).toContain("Revoke all API keys");
  // An unacceptable password does not use up the link.
  expect((await reset(app, token, { newPassword: "short" })).status).toBe(400);
  expect((await reset(app, token, { newPassword: "password123" })).html).toContain(
    "known from leaks",
  );
  expect(await isLoggedIn(app, ada)).toBe(true);

  const done = await reset(app, token);
  expect([done.status, done.headers.get("location")]).toEqual([302, "/login?reset"]);
  expect(await isLoggedIn(app, ada)).toBe(false);
  expect(await sessionsOf(app, ada)).toEqual([]);
  expect((await apiKeysOf(app, ada))[0]?.revoked_at).toBeNull();
  expect((await logIn(app, ada, ada.password)).status).toBe(401);
  expect((await logIn(app, ada, newPassword)).status).toBe(200);
  expect((await reset(app, token)).html).toContain("used already");
  const notice = await mailAbout(app, ada.email, "Your password was changed");
  expect(notice.text).toContain("with a link");
  const kinds = (await securityEventsOf(app, ada)).map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(["password_reset_requested", "password_reset"]));

  await requestReset(app, ada.email);
  await expect.poll(async () => (await mailTo(app, ada.email)).length).toBeGreaterThan(3);
  const again = tokenIn(await mailAbout(app, ada.email, "Choose a new password"));
  await reset(app, again, { revokeKeys: "on" });
  expect((await apiKeysOf(app, ada))[0]?.revoked_at).not.toBeNull();
});

test("Only the newest link works, for 30 minutes, and not in the browser of another user", async ({
  app,
}) => {
  const { ada, token } = await userWithoutPassword(app);
  const [{ minutes }] = await app.query(
    "select extract(epoch from expires_at - created_at) / 60 as minutes from mail_links where user_id = $1",
    [ada.id],
  );
  expect(Number(minutes)).toBeCloseTo(30, 0);
  await requestReset(app, ada.email);
  await expect
    .poll(
      async () =>
        (await mailTo(app, ada.email)).filter(({ subject }) => subject === "Choose a new password")
          .length,
    )
    .toBe(2);
  const newest = tokenIn(await mailAbout(app, ada.email, "Choose a new password"));
  expect((await reset(app, token)).html).toContain("does not work");

  const eve = await app.signUp();
  expect((await reset(app, newest, {}, eve.cookie)).html).toContain("logged in to another account");
  await app.query("update mail_links set expires_at = now() where user_id = $1", [ada.id]);
  expect((await reset(app, newest)).html).toContain("has expired");
  expect((await logIn(app, ada, ada.password)).status).toBe(200);
});

test("Two resets at once: one sets its password, the other changes nothing", async ({ app }) => {
  const { ada, token } = await userWithoutPassword(app);
  const passwords = ["the first new one", "the second new one"];
  const both = await Promise.all(
    passwords.map((newPassword) => reset(app, token, { newPassword })),
  );
  const winner = both.findIndex(({ status }) => status === 302);
  expect(both.map(({ status }) => status).sort()).toEqual([302, 400]);
  expect((await logIn(app, ada, passwords[winner] as string)).status).toBe(200);
  expect((await logIn(app, ada, passwords[1 - winner] as string)).status).toBe(401);
  // Two concurrent requests leave one link that works.
  await Promise.all([requestReset(app, ada.email), requestReset(app, ada.email)]);
  await expect
    .poll(async () => (await mailsOf(app, ada)).every(({ sent_at }) => sent_at !== null))
    .toBe(true);
  const open = (await mailLinksOf(app, ada)).filter(({ used_at }) => used_at === null);
  expect(open).toHaveLength(1);
});

test("A link stops working when the password is changed another way", async ({ app }) => {
  const { ada, token } = await userWithoutPassword(app);
  const changed = await sendForm(
    app,
    "/settings/security",
    { currentPassword: ada.password, newPassword },
    ada.cookie,
  );
  expect(changed.status).toBe(200);
  expect((await reset(app, token, { newPassword: "the thief's own" })).status).toBe(400);
  await mailAbout(app, ada.email, "Your password was changed");
});

test("A request has the same response and time whether or not the email has an account, and requests are limited", async ({
  app,
}) => {
  const ada = await app.signUp();
  const unknown = `${randomUUID()}@example.com`;
  const pages = [];
  for (const email of [ada.email, unknown]) {
    const { status, html } = await sendForm(app, "/forgot-password", { email });
    const text = html.replaceAll(email, "").replace(/<script.*?<\/script>/gs, "");
    pages.push([status, text.replace(/nonce="[^"]*"/g, "")]);
  }
  expect(pages[0]).toEqual(pages[1]);
  await mailAbout(app, ada.email, "Choose a new password");
  expect(await mailTo(app, unknown)).toEqual([]);
  // To one account: five an hour, and the page shows the same.
  for (let n = 0; n < 6; n += 1) expect((await requestReset(app, ada.email)).status).toBe(200);
  expect(await mailsOf(app, ada)).toHaveLength(5);
  // From one address: thirty an hour.
  const statuses = [];
  for (let n = 0; n < 30; n += 1)
    statuses.push((await requestReset(app, `${n}@example.com`)).status);
  expect(statuses).toContain(429);
});
