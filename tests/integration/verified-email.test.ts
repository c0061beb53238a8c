import { randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { dropUnconfirmedUsers } from "../../db/sign-ups.ts";
import type { TestApp } from "../support/app.ts";
import { countHashes } from "../support/count-hashes.ts";
import { testWithApp } from "../support/fixtures.ts";
import { mailAbout, mailTo, sendForm, tokenIn, workFor } from "../support/mail.ts";
import { mailsOf, securityEventsOf, setPlan, usersIn } from "../support/rows.ts";

const test = testWithApp({ VERIFIED_EMAIL: "required" });

const password = "correct horse battery";
const newEmail = () => `${randomUUID()}@example.com`;
const signUp = (app: TestApp, email: string, chosen = password) =>
  app.post("/api/auth/sign-up/email", { name: "Ada", email, password: chosen });
const logIn = (app: TestApp, email: string, chosen = password) =>
  app.post("/api/auth/sign-in/email", { email, password: chosen });
const cookieOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
/** Signs up, logs in, and reads the token of the mailed link. */
async function newcomer(app: TestApp, email = newEmail()) {
  await signUp(app, email);
  const { headers } = await logIn(app, email);
  const token = tokenIn(await mailAbout(app, email, "Confirm your email address"));
  return { email, cookie: cookieOf(headers), token };
}
const confirm = (app: TestApp, token: string, cookie?: string) =>
  sendForm(app, "/verify-email", { token }, cookie);

test.beforeEach(async ({ app, onTestFinished }) => {
  const worker = await workFor(app);
  onTestFinished(() => worker.stop());
});

test("A new user can look around, and connect a bank or create a key only once the email is confirmed", async ({
  app,
}) => {
  const { email, cookie, token } = await newcomer(app);
  const page = await fetch(`${app.url}/dashboard`, { headers: { cookie } });
  const html = await page.text();
  expect([page.status, html.includes("Confirm your email to connect a bank")]).toEqual([200, true]);
  expect(html).toContain(email);
  expect(html).not.toContain("unconfirmed.invalid");

  const id = (await usersIn(app)).find(({ claimed_email }) => claimed_email === email)?.id ?? "";
  await app.stepUp({ id } as never);
  await setPlan(app, "cfo", { id });
  const key = { name: "k", scopes: ["accounts:read"], expires_in_days: 30 };
  const calls: [string, object][] = [
    ["/plaid/create-link-token", {}],
    ["/api/v1/link-tokens", {}],
    ["/plaid/exchange-token", { public_token: await app.publicToken() }],
    ["/api/v1/connections", { public_token: await app.publicToken() }],
    ["/trpc/connectAccount", { publicToken: await app.publicToken() }],
    ["/api/v1/api-keys", key],
  ];
  for (const [path, body] of calls) {
    const { status, body: response } = await app.post(path, body, { cookie });
    expect([path, status, JSON.stringify(response).includes("email_unverified")]).toEqual([
      path,
      403,
      true,
    ]);
  }
  expect((await confirm(app, token)).html).toContain("Your email is confirmed");
  for (const [path, body] of calls.filter(([path]) => !path.startsWith("/trpc"))) {
    const { status } = await app.post(path, body, { cookie });
    expect([path, status]).toEqual([path, 200]);
  }
  const kinds = (await securityEventsOf(app, { id })).map(({ kind }) => kind);
  expect(kinds).toContain("email_verified");
  expect((await logIn(app, email)).body.user.email).toBe(email);
});

test("A link works once: not twice, not concurrently, not late, not as another user; in another browser it does", async ({
  app,
}) => {
  const [one, two, three] = [await newcomer(app), await newcomer(app), await newcomer(app)];
  // Another user's browser does not use it up. A browser that is logged out may use it.
  const other = await app.signUp();
  const foreign = await confirm(app, one.token, other.cookie);
  expect([foreign.status, foreign.html.includes("logged in to another account")]).toEqual([
    400,
    true,
  ]);
  const both = await Promise.all([confirm(app, one.token), confirm(app, one.token, one.cookie)]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  expect((await confirm(app, one.token)).html).toContain("used already");

  await app.query(
    "update mail_links set expires_at = now() - interval '1 second' where email = $1",
    [two.email],
  );
  expect((await confirm(app, two.token)).html).toContain("has expired");
  for (const token of ["", "x", `${three.token}x`, three.token.slice(0, -1), "é".repeat(43)])
    expect((await confirm(app, token)).html).toContain("does not work");
  // Opening the page does not use it up, because mail programs open links by themselves.
  const page = await fetch(`${app.url}/verify-email?token=${three.token}`);
  expect(await page.text()).toContain(three.email);
  expect(page.headers.get("cache-control")).toBe("no-store");
  expect((await confirm(app, three.token)).status).toBe(200);
  // The link is bound to its purpose.
  const reset = await sendForm(app, "/reset-password", { token: two.token, newPassword: password });
  expect(reset.status).toBe(400);
});

test("A link is valid for an hour, and sending another one does not invalidate it", async ({
  app,
}) => {
  const { email, cookie, token } = await newcomer(app);
  const [{ minutes }] = await app.query(
    "select extract(epoch from expires_at - created_at) / 60 as minutes from mail_links where email = $1",
    [email],
  );
  expect(Number(minutes)).toBeCloseTo(60, 0);
  expect((await sendForm(app, "/confirm-email", {}, cookie)).status).toBe(200);
  await expect.poll(async () => (await mailTo(app, email)).length).toBe(2);
  expect((await confirm(app, token)).status).toBe(200);
  // It is confirmed by now, so another mail would only confuse.
  await sendForm(app, "/confirm-email", {}, cookie);
  const mails = await mailsOf(app);
  expect(mails.filter(({ recipient }) => recipient === email)).toHaveLength(2);
});

describe("Nobody can find out who has an account:", () => {
  test("a sign-up followed by a log-in is the same for a free and a taken email, in its response and its computation", async ({
    app,
  }) => {
    const taken = await app.signUp();
    const seen = [];
    for (const email of [newEmail(), taken.email]) {
      const hashes = countHashes();
      const made = await signUp(app, email, "another good one");
      const { status, body, headers } = await logIn(app, email, "another good one");
      const wrong = await logIn(app, email, "not the password");
      hashes.stop();
      const cookie = cookieOf(headers);
      const page = await fetch(`${app.url}/settings/account`, { headers: { cookie } });
      const html = await page.text();
      seen.push({
        made: [made.status, Object.keys(made.body.user).sort()],
        loggedIn: [status, Object.keys(body.user).sort(), body.user.email === email],
        cookies: headers.getSetCookie().map((line) => line.split("=")[0]),
        wrong: [wrong.status, wrong.body],
        page: [page.status, html.includes(email), html.includes("Confirm your email")],
        hashes: hashes.begun,
      });
    }
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]?.loggedIn[0]).toBe(200);
    // The owner gets a mail that reveals nothing and confirms nothing.
    const notice = await mailAbout(app, taken.email, "You already have an account");
    expect(notice.links).toEqual([`${app.url}/forgot-password`]);
    expect((await mailTo(app, taken.email)).map(({ subject }) => subject)).not.toContain(
      "Confirm your email address",
    );
    // The owner can still log in, and the other browser is not one of their known ones.
    expect((await logIn(app, taken.email, taken.password)).body.user.id).toBe(taken.id);
    const devices = await app.query("select 1 from known_devices where user_id = $1", [taken.id]);
    expect(devices).toHaveLength(1);
  });

  test("mail to one address is limited for all senders together, and the response does not reveal it", async ({
    app,
  }) => {
    const email = newEmail();
    const responses = [];
    for (let n = 0; n < 8; n += 1) responses.push((await signUp(app, email)).status);
    expect(new Set(responses)).toEqual(new Set([200]));
    const mails = (await mailsOf(app)).filter(({ recipient }) => recipient === email);
    expect(mails).toHaveLength(5);
  });
});

test("Nobody can occupy an address: its owner signs up and confirms it, and every other claim ends", async ({
  app,
}) => {
  const email = newEmail();
  const squatter = await newcomer(app, email);
  await signUp(app, email.toUpperCase(), "the owner's own one");
  await expect.poll(async () => (await mailTo(app, email)).length).toBe(2);
  const [newest] = await mailTo(app, email);
  expect((await confirm(app, tokenIn(newest ?? { links: [] }))).status).toBe(200);
  expect((await logIn(app, email, "the owner's own one")).status).toBe(200);
  expect((await logIn(app, email)).status).toBe(401);
  const page = await fetch(`${app.url}/dashboard`, {
    headers: { cookie: squatter.cookie },
    redirect: "manual",
  });
  expect(page.status).toBe(302);
  expect((await confirm(app, squatter.token)).html).toContain("does not work");
});

test("An address is claimed for seven days, and a confirmed user stays", async ({ app }) => {
  const [one, two] = [await newcomer(app), await newcomer(app)];
  await confirm(app, two.token);
  await app.query("update users set created_at = now() - interval '8 days'");
  await dropUnconfirmedUsers(app.services.db, 7);
  expect((await logIn(app, one.email)).status).toBe(401);
  expect((await logIn(app, two.email)).status).toBe(200);
});

test("An email changes only once the new one is confirmed; the old one gets a mail, and its links stop working", async ({
  app,
}) => {
  const ada = await app.signUp();
  const to = newEmail();
  const requestChange = (fields: Record<string, string>) =>
    sendForm(app, "/settings/account", { intent: "change-email", ...fields }, ada.cookie);
  expect((await requestChange({ newEmail: to, currentPassword: "wrong" })).status).toBe(403);
  expect(
    (await requestChange({ newEmail: "nonsense", currentPassword: ada.password })).status,
  ).toBe(400);
  await sendForm(app, "/forgot-password", { email: ada.email });
  const reset = tokenIn(await mailAbout(app, ada.email, "Choose a new password"));
  expect((await requestChange({ newEmail: to, currentPassword: ada.password })).status).toBe(200);
  const token = tokenIn(await mailAbout(app, to, "Confirm your new email address"));
  expect((await logIn(app, ada.email)).status).toBe(200);
  expect((await logIn(app, to)).status).toBe(401);

  expect((await confirm(app, token)).status).toBe(200);
  expect((await logIn(app, to)).status).toBe(200);
  expect((await logIn(app, ada.email)).status).toBe(401);
  const notice = await mailAbout(app, ada.email, "Your email address was changed");
  expect(notice.text).toContain(to);
  const late = await sendForm(app, "/reset-password", {
    token: reset,
    newPassword: "a brand new one",
  });
  expect(late.status).toBe(400);
  const events = await securityEventsOf(app, ada);
  expect(events.find(({ kind }) => kind === "email_changed")?.details).toEqual({
    from: ada.email,
    to,
  });
});

test("A change to an address that another user has gets the same response, and they get a mail", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const [free, taken] = [newEmail(), eve.email];
  const pages = [];
  for (const email of [free, taken]) {
    const fields = { intent: "change-email", newEmail: email, currentPassword: ada.password };
    const { status, html } = await sendForm(app, "/settings/account", fields, ada.cookie);
    pages.push([status, html.includes(`We mailed a link to ${email}`)]);
  }
  expect(pages[0]).toEqual(pages[1]);
  expect((await mailAbout(app, taken, /./)).subject).toBe("You already have an account");
  // The first to confirm it gets the address.
  const token = tokenIn(await mailAbout(app, free, "Confirm your new email address"));
  await app.query("update users set email = $1 where id = $2", [free, eve.id]);
  expect((await confirm(app, token)).html).toContain("belongs to another account");
});

test("Guesses at the password in the form that changes the email count with all others of the session", async ({
  app,
}) => {
  const ada = await app.signUp();
  const requestChange = (currentPassword: string) => {
    const fields = { intent: "change-email", newEmail: newEmail(), currentPassword };
    return sendForm(app, "/settings/account", fields, ada.cookie);
  };
  const statuses = [];
  for (let n = 0; n < 10; n += 1) statuses.push((await requestChange(`wrong ${n}`)).status);
  expect(new Set(statuses)).toEqual(new Set([403]));
  expect((await requestChange(ada.password)).status).toBe(429);
});
