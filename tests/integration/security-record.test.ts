import { expect } from "vitest";
import { privacyNoticeVersion } from "../../server/contracts/privacy-notice.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { sendForm } from "../support/mail.ts";
import { securityEventsOf } from "../support/rows.ts";

const test = testWithApp();

const kindsOf = async (app: TestApp, user: TestUser) =>
  (await securityEventsOf(app, user)).map(({ kind }) => kind);
const exportOf = async (app: TestApp, { cookie }: TestUser) =>
  (await (
    await fetch(`${app.url}/settings/export/everything.json`, { headers: { cookie } })
  ).json()) as { securityEvents: { kind: string; details: object }[]; consents: object[] };

test("Log-ins, failures, log-outs, step-ups, keys, sessions, passwords and exports are in the security history, on the page and in the export", async ({
  app,
}) => {
  const ada = await app.signUp();
  const logIn = (password: string) =>
    app.post("/api/auth/sign-in/email", { email: ada.email, password });
  await logIn("not the password");
  const { headers } = await logIn(ada.password);
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  await app.post("/api/auth/sign-out", {}, { cookie });
  await app.post("/api/v1/session/step-up", { password: "wrong" }, ada);
  await app.post("/api/v1/session/step-up", { password: ada.password }, ada);
  const key = { name: "Notebook", scopes: ["accounts:read"], expires_in_days: 30 };
  const { body } = await app.post("/api/v1/api-keys", key, ada);
  for (const _ of [1, 2])
    await fetch(`${app.url}/api/v1/api-keys/${body.api_key.id}`, {
      method: "DELETE",
      headers: { cookie: ada.cookie },
    });
  await sendForm(app, "/settings/security", { intent: "end-others" }, ada.cookie);
  const passwords = { currentPassword: ada.password, newPassword: "a brand new one" };
  await sendForm(app, "/settings/security", passwords, ada.cookie);
  await exportOf(app, ada);
  const expected = [
    "log_in_failed",
    "log_in",
    "log_out",
    "step_up_failed",
    "step_up",
    "api_key_made",
    "api_key_revoked",
    "other_sessions_ended",
    "password_changed",
    "data_exported",
  ];
  await expect.poll(async () => (await kindsOf(app, ada)).sort()).toEqual([...expected].sort());
  const events = await securityEventsOf(app, ada);
  for (const { ip_address } of events) expect(ip_address).toBe("127.0.0.1");
  for (const secret of [ada.password, "a brand new one", body.key])
    expect(JSON.stringify(events)).not.toContain(secret);

  const { securityEvents } = await exportOf(app, ada);
  expect(securityEvents.map(({ kind }) => kind)).toEqual(expect.arrayContaining(expected));
  expect(securityEvents.find(({ kind }) => kind === "api_key_made")?.details).toEqual({
    name: "Notebook",
    scopes: "accounts:read",
  });
  const page = await fetch(`${app.url}/settings/security`, { headers: { cookie: ada.cookie } });
  const html = await page.text();
  for (const words of ["API key made: Notebook", "Your data was downloaded", "Password changed"])
    expect(html).toContain(words);
});

test("A connection records which privacy notice was shown, when, and Link's session, and the user sees and exports it", async ({
  app,
}) => {
  const ada = await app.signUp("analyst");
  const opened = await app.post(
    "/trpc/plaid.createLinkToken",
    { noticeVersion: privacyNoticeVersion },
    ada,
  );
  expect(opened.status).toBe(200);
  const connect = async (institution: string, linkSessionId: string) => {
    const publicToken = await app.publicToken(institution);
    const input = { publicToken, metadata: { linkSessionId } };
    expect((await app.post("/trpc/connectAccount", input, ada)).status).toBe(200);
  };
  await connect("ins_109508", "link-session-1");
  // A program opens Link without a page of ours.
  await app.post("/plaid/create-link-token", {}, ada);
  await connect("ins_109510", "link-session-2");
  const { consents } = await exportOf(app, ada);
  expect(consents).toMatchObject([
    { noticeVersion: null, shownAt: null, linkSessionId: "link-session-2" },
    {
      institutionName: "First Platypus Bank",
      noticeVersion: privacyNoticeVersion,
      shownAt: expect.stringMatching(/^\d{4}-/),
      linkSessionId: "link-session-1",
    },
  ]);
  // It outlives the connection.
  await app.query("delete from items where user_id = $1", [ada.id]);
  const page = await fetch(`${app.url}/settings/account`, { headers: { cookie: ada.cookie } });
  const html = await page.text();
  expect(html).toContain(`Privacy notice of ${privacyNoticeVersion}`);
  expect(html).toContain("Link session link-session-1");
  expect((await fetch(`${app.url}/privacy`)).status).toBe(200);
});

test("No query changes a security event", async ({ app }) => {
  const { readdirSync, readFileSync } = await import("node:fs");
  const sources = ["db", "server"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(`${folder}/${name}`, "utf8")),
  );
  for (const text of sources) expect(text).not.toMatch(/update(Table\()?\s*"?security_events/i);
  expect(app.url).toContain("http");
});
