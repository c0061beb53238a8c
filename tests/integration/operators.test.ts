import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { createApiKey, revokeApiKey } from "../../server/auth/api-keys.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { operateUser } from "../../server/users/operate-user.ts";
import type { TestApp } from "../support/app.ts";
import { built } from "../support/built.ts";
import { testWithApp } from "../support/fixtures.ts";
import { apiKeysOf, itemsOf, makeSyncsDue, sessionsOf } from "../support/rows.ts";
import {
  addAuthenticator,
  addPasskey,
  askToLogIn,
  beginLogIn,
  endLogIn,
  logInByPasskey,
} from "../support/second-factor.ts";
import { openStream } from "../support/sse.ts";

const test = testWithApp();

/** Runs `npm run user`. Returns its exit code and output. */
async function run(app: TestApp, ...args: string[]) {
  const argv = [...built("user"), ...args];
  const env = { ...process.env, DATABASE_URL: app.databaseUrl };
  const {
    stdout,
    stderr,
    code = 0,
  } = await promisify(execFile)(process.execPath, argv, {
    env,
  }).then(
    (done) => ({ ...done, code: 0 }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code, stdout, stderr };
}

/** Returns the token of a session, as stored in its row. */
const tokenIn = (cookie: string) =>
  decodeURIComponent(/session_token=([^;]+)/.exec(cookie)?.[1] ?? "").replace(/\.[^.]*$/, "");

test("npm run user -- disable ends sessions, keys, streams and syncs, keeps the data, and enable brings the user back", async ({
  app,
}) => {
  const ada = await app.signUp("analyst");
  const connect = { public_token: await app.publicToken() };
  const { body } = await app.post("/plaid/exchange-token", connect, ada);
  const item = { userId: ada.id, itemId: body.item.id as string };
  const input = { name: "Nightly", scopes: ["accounts:read" as const], expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, ada.id, input);
  const passkey = await addPasskey(app, ada);
  const stream = await openStream(`${app.url}/trpc/live.changes`, { cookie: ada.cookie });
  await expect.poll(() => stream.messages().length).toBeGreaterThan(0);

  const { code, stdout, stderr } = await run(app, "disable", ada.email, "--reason", "Fraud, #4711");
  expect([code, stdout]).toEqual([0, expect.stringContaining("is disabled")]);
  expect(JSON.parse(stderr)).toMatchObject({ event: "operator", reason: "Fraud, #4711" });
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${app.url}/api/v1/accounts`, { headers })).status;
  expect(await status({ cookie: ada.cookie })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}` })).toBe(401);
  await stream.ended;
  const pending = await askToLogIn(app);
  for (const refused of [
    await beginLogIn(app, ada),
    await logInByPasskey(app, pending.cookie, passkey.sign(pending.options)),
  ]) {
    expect([refused.status, refused.body.code]).toEqual([403, "ACCOUNT_DISABLED"]);
    expect(refused.headers.getSetCookie().join()).not.toContain("session_token");
  }
  const form = await fetch(`${app.url}/login`, {
    method: "POST",
    body: new URLSearchParams({ email: ada.email, password: ada.password }),
  });
  expect(await form.text()).toContain("This account is disabled");
  expect(await sessionsOf(app, ada)).toEqual([]);
  // What a concurrent log-in or `npm run api-key` has created does not work.
  await app.query(
    "insert into sessions (user_id, token, expires_at) values ($1, $2, now() + interval '1 day')",
    [ada.id, tokenIn(ada.cookie)],
  );
  expect(await status({ cookie: ada.cookie })).toBe(401);
  const late = await createApiKey(app.services.db, ada.id, input);
  expect(await status({ authorization: `Bearer ${late.key}` })).toBe(401);
  await revokeApiKey(app.services.db, ada.id, late.apiKey.id);
  const { signal } = new AbortController();
  expect(await syncItem(app.services, item, app.services.log, signal)).toBe("user_disabled");
  await makeSyncsDue(app, -1);
  expect(await sweep(app.services)).toBe(0);
  expect(await itemsOf(app, ada)).toHaveLength(1);

  const { db } = app.services;
  expect(await operateUser(db, ada, "disable", "Again")).toContain("already");
  await makeSyncsDue(app, 60);
  await operateUser(db, ada, "enable", "It was not fraud");
  expect(await sweep(app.services)).toBe(1);
  expect((await beginLogIn(app, ada)).status).toBe(200);
  expect((await apiKeysOf(app, ada)).every(({ revoked_at }) => revoked_at !== null)).toBe(true);
  const events = await app.query(
    "select kind, details->>'reason' as reason from security_events where user_id = $1 and kind like 'operator%' order by at",
    [ada.id],
  );
  expect(events).toEqual([
    { kind: "operator_disabled", reason: "Fraud, #4711" },
    { kind: "operator_enabled", reason: "It was not fraud" },
  ]);
  const mails = await app.query(
    "select details->>'act' as act from mails where user_id = $1 and kind = 'operator_acted' order by created_at",
    [ada.id],
  );
  expect(mails).toEqual([{ act: "disabled" }, { act: "enabled" }]);
});

test("npm run user -- reset-factor lets a user who lost everything log in by password, and is recorded and mailed", async ({
  app,
}) => {
  const ada = await app.signUp();
  const { backupCodes } = await addAuthenticator(app, ada);
  const passkey = await addPasskey(app, ada);
  const begun = await beginLogIn(app, ada);
  await operateUser(app.services.db, ada, "reset-factor", "Called, passport seen");
  const ended = await endLogIn(app, begun.cookie, { code: backupCodes[0] });
  expect(ended.body.code).toBe("LOG_IN_EXPIRED");
  const pending = await askToLogIn(app);
  const byPasskey = await logInByPasskey(app, pending.cookie, passkey.sign(pending.options));
  expect(byPasskey.status).toBe(401);
  expect((await beginLogIn(app, ada)).body).not.toHaveProperty("secondStep");
  expect(await operateUser(app.services.db, ada, "reset-factor", "Again")).toContain(
    "has no second factor",
  );
  const [event] = await app.query(
    "select details from security_events where user_id = $1 and kind = 'operator_reset_factor'",
    [ada.id],
  );
  expect(event.details).toEqual({ reason: "Called, passport seen" });
  const [mail] = await app.query(
    "select details from mails where user_id = $1 order by created_at desc limit 1",
    [ada.id],
  );
  expect(mail.details).toEqual({ change: "reset_by_operator" });
});

test("npm run user -- end-sessions logs the user out everywhere, and show prints their state without secrets", async ({
  app,
}) => {
  const ada = await app.signUp();
  const own = await addAuthenticator(app, ada);
  const begun = await beginLogIn(app, ada);
  await operateUser(app.services.db, ada, "end-sessions", "Lost laptop");
  const ended = await endLogIn(app, begun.cookie, { code: own.code() });
  expect(ended.body.code).toBe("LOG_IN_EXPIRED");
  expect(await sessionsOf(app, ada)).toEqual([]);
  const { stdout } = await run(app, "show", ada.email.toUpperCase());
  expect(stdout).toContain("second factor: authenticator app, backup codes left: 10");
  expect(stdout).toContain("operator_ended_sessions  Lost laptop");
  expect(stdout).not.toMatch(/scrypt|v2\./);
  for (const reason of [[], ["--reason", "x".repeat(501)]]) {
    const { code, stderr } = await run(app, "disable", ada.email, ...reason);
    expect([code, stderr]).toEqual([1, expect.stringContaining("--reason <text>")]);
  }
});
