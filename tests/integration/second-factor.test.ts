import { expect } from "vitest";
import { endPendingLogIn } from "../../db/pending-log-ins.ts";
import { findTotp, spendTotpStep } from "../../db/totp-factors.ts";
import { hashToken } from "../../server/auth/token-cookie.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { lockUser } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import { deleteStepUps, lockWaiters, sessionsOf } from "../support/rows.ts";
import {
  addAuthenticator,
  authenticator,
  beginLogIn,
  cookiesOf,
  endLogIn,
} from "../support/second-factor.ts";

const test = testWithApp();

/** Whether these cookies have a valid session. */
const isLoggedIn = async (app: TestApp, cookie: string) =>
  (await fetch(`${app.url}/api/v1/plan`, { headers: { cookie } })).status === 200;

const kindsOf = async (app: TestApp, { id }: TestUser): Promise<string[]> =>
  (await app.query("select kind from security_events where user_id = $1 order by at", [id])).map(
    ({ kind }) => kind,
  );
const mailsOf = async (app: TestApp, { id }: TestUser): Promise<string[]> =>
  (
    await app.query(
      "select details->>'change' as change from mails where user_id = $1 order by created_at",
      [id],
    )
  ).map(({ change }) => change);

/** Starts to set up an authenticator app, without a code that confirms it. */
async function startAuthenticator(app: TestApp, user: TestUser) {
  await app.stepUp(user);
  const { body } = await app.post("/api/v1/second-factors/authenticator", {}, user);
  return authenticator(body.secret);
}

const confirm = (app: TestApp, user: TestUser, code: string) =>
  app.post("/api/v1/second-factors/authenticator/confirmation", { code }, user);

const removeAuthenticator = (app: TestApp, { cookie }: TestUser) =>
  fetch(`${app.url}/api/v1/second-factors/authenticator`, {
    method: "DELETE",
    headers: { cookie },
  });

test("A log-in with the right password opens nothing before the authenticator app's code, when one is set up", async ({
  app,
}) => {
  const ada = await app.signUp();
  const own = await addAuthenticator(app, ada);
  const sessions = (await sessionsOf(app, ada)).length;
  const first = await beginLogIn(app, ada);
  expect([first.status, first.body]).toEqual([200, { secondStep: { totp: true, passkey: false } }]);
  expect(first.headers.getSetCookie().join()).not.toContain("session_token");
  expect(await isLoggedIn(app, first.cookie)).toBe(false);
  expect(await sessionsOf(app, ada)).toHaveLength(sessions);
  const wrong = await endLogIn(app, first.cookie, { code: "000000" });
  expect([wrong.status, wrong.body.code]).toEqual([401, "CODE_INCORRECT"]);
  const second = await endLogIn(app, first.cookie, { code: own.code() });
  expect([second.status, second.body]).toEqual([200, { loggedIn: true }]);
  expect(await isLoggedIn(app, cookiesOf(second).cookie)).toBe(true);
  expect(await kindsOf(app, ada)).toEqual(
    expect.arrayContaining(["authenticator_added", "factor_failed"]),
  );
  expect(await mailsOf(app, ada)).toEqual(["authenticator_added"]);
});

test("A code of the authenticator app works once: not again, not an older one, and for one of two requests at once", async ({
  app,
}) => {
  const ada = await app.signUp();
  const own = await addAuthenticator(app, ada);
  const code = own.code();
  const [one, two] = [await beginLogIn(app, ada), await beginLogIn(app, ada)];
  const responses = await Promise.all(
    [one, two].map(({ cookie }) => endLogIn(app, cookie, { code })),
  );
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 401]);
  const again = await beginLogIn(app, ada);
  for (const old of [code, own.code(-1), own.code(-3), own.code(3)])
    expect((await endLogIn(app, again.cookie, { code: old })).status).toBe(401);
  expect((await endLogIn(app, again.cookie, { code: own.code(1) })).status).toBe(200);
});

test("A log-in between its two steps ends once: not late, not twice, not in another browser, not for another user", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const adas = await addAuthenticator(app, ada);
  const eves = await addAuthenticator(app, eve);
  const [begun, evesLogIn] = [await beginLogIn(app, ada), await beginLogIn(app, eve)];
  expect((await endLogIn(app, "", { code: adas.code() })).body.code).toBe("LOG_IN_EXPIRED");
  const foreign = await endLogIn(app, evesLogIn.cookie, { code: adas.code() });
  expect(foreign.body.code).toBe("CODE_INCORRECT");
  expect((await endLogIn(app, begun.cookie, { code: eves.code() })).body.code).toBe(
    "CODE_INCORRECT",
  );
  expect((await endLogIn(app, begun.cookie, { code: adas.code() })).status).toBe(200);
  expect((await endLogIn(app, begun.cookie, { code: adas.code(1) })).body.code).toBe(
    "LOG_IN_EXPIRED",
  );
  // Two concurrent requests with the right code, which both found the log-in.
  const { cookie } = await beginLogIn(app, ada);
  const hash = hashToken(/log-in=([^;]+)/.exec(cookie)?.[1] ?? "");
  const end = (userId: string) => endPendingLogIn(app.services.db, userId, hash);
  expect([await end(eve.id), await end(ada.id), await end(ada.id)]).toEqual([false, true, false]);
});

test.for<[when: string, sql: string]>([
  ["late", "update pending_log_ins set expires_at = now() where user_id = $1"],
  ["of a disabled user", "update users set disabled_at = now() where id = $1"],
  ["of a deleted user", "update users set deleted_at = now() where id = $1"],
])("A log-in between its two steps cannot end when it is %s", async ([_when, sql], { app }) => {
  const ada = await app.signUp();
  const own = await addAuthenticator(app, ada);
  const { cookie } = await beginLogIn(app, ada);
  await app.query(sql, [ada.id]);
  const response = await endLogIn(app, cookie, { code: own.code() });
  expect([response.status, response.body.code]).toEqual([401, "LOG_IN_EXPIRED"]);
});

test("A backup code logs its user in once instead of the app, however it is typed, and is mailed", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const { backupCodes } = await addAuthenticator(app, ada);
  await addAuthenticator(app, eve);
  expect(new Set(backupCodes).size).toBe(10);
  const [code = "", other = ""] = backupCodes;
  const eves = await beginLogIn(app, eve);
  expect((await endLogIn(app, eves.cookie, { code })).status).toBe(401);
  const typed = code.toUpperCase().replaceAll("-", " ");
  const both = [await beginLogIn(app, ada), await beginLogIn(app, ada)];
  const responses = await Promise.all(
    both.map(({ cookie }) => endLogIn(app, cookie, { code: typed })),
  );
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 401]);
  expect((await app.get("/api/v1/second-factors", ada)).backup_codes_left).toBe(9);
  expect(await mailsOf(app, ada)).toEqual(["authenticator_added", "backup_code_used"]);

  const fresh = await app.post("/api/v1/second-factors/backup-codes", {}, ada);
  expect(fresh.body.backup_codes).toHaveLength(10);
  const begun = await beginLogIn(app, ada);
  expect((await endLogIn(app, begun.cookie, { code: other })).status).toBe(401);
  const stored = JSON.stringify(await app.query("select * from backup_codes"));
  for (const each of fresh.body.backup_codes) expect(stored).not.toContain(each.slice(0, 4));
});

test("A trusted browser skips the second step for 30 days, until the password or the factor changes, and only for its user", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const own = await addAuthenticator(app, ada);
  await addAuthenticator(app, eve);
  const first = await beginLogIn(app, ada);
  const second = await endLogIn(app, first.cookie, { code: own.code(), trustDevice: true });
  const { cookie } = cookiesOf(second);
  expect(cookie).toContain("fiscility.device=");
  const skips = async (user: TestUser) =>
    !("secondStep" in (await beginLogIn(app, user, cookie)).body);
  expect([await skips(ada), await skips(eve)]).toEqual([true, false]);
  const [{ days }] = await app.query(
    "select extract(epoch from max(trusted_until) - now()) / 86400 as days from known_devices where user_id = $1",
    [ada.id],
  );
  expect(Number(days)).toBeCloseTo(30, 1);
  await app.query("update known_devices set trusted_until = now() where user_id = $1", [ada.id]);
  expect(await skips(ada)).toBe(false);
  await app.query(
    "update known_devices set trusted_until = now() + interval '1 day' where user_id = $1",
    [ada.id],
  );
  expect(await skips(ada)).toBe(true);
  await removeAuthenticator(app, ada);
  await addAuthenticator(app, ada);
  expect(await skips(ada)).toBe(false);
  await app.query(
    "update known_devices set trusted_until = now() + interval '1 day' where user_id = $1",
    [ada.id],
  );
  const fields = { currentPassword: ada.password, newPassword: "another battery staple" };
  await fetch(`${app.url}/settings/security`, {
    method: "POST",
    headers: { cookie: ada.cookie },
    body: new URLSearchParams(fields),
  });
  expect(await skips({ ...ada, password: "another battery staple" })).toBe(false);
});

test("A browser that is not trusted needs the second step each time", async ({ app }) => {
  const ada = await app.signUp();
  const own = await addAuthenticator(app, ada);
  const first = await beginLogIn(app, ada);
  const second = await endLogIn(app, first.cookie, { code: own.code() });
  const again = await beginLogIn(app, ada, cookiesOf(second).cookie);
  expect(again.body).toHaveProperty("secondStep");
});

test("Codes are throttled for each account over log-ins and step-ups, and then the right one is refused too", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const own = await addAuthenticator(app, ada);
  const logIns = [await beginLogIn(app, ada), await beginLogIn(app, ada)];
  await startAuthenticator(app, eve);
  const wrong = { code: "000000" };
  const guesses = [
    () => endLogIn(app, logIns[0]?.cookie ?? "", wrong),
    () => endLogIn(app, logIns[1]?.cookie ?? "", { passkey: "{}" }),
    () => app.post("/api/v1/session/step-up", wrong, ada),
    () => app.post("/api/v1/session/step-up", { passkey: "{}" }, ada),
    () => endLogIn(app, logIns[0]?.cookie ?? "", { code: "abcd-efgh" }),
  ];
  for (const guess of [...guesses, ...guesses])
    expect([400, 401]).toContain((await guess()).status);
  const late = await endLogIn(app, logIns[0]?.cookie ?? "", { code: own.code() });
  expect([late.status, Number(late.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
  const stepUp = await app.post("/api/v1/session/step-up", { code: own.code() }, ada);
  expect([stepUp.status, stepUp.body.error.reason]).toEqual([429, "too_many_attempts"]);
  // The first codes of an app that is being set up are throttled as well.
  for (let n = 0; n < 10; n++) expect((await confirm(app, eve, "000000")).status).toBe(400);
  expect((await confirm(app, eve, "000000")).body.error.reason).toBe("too_many_attempts");
  // Other users are not affected.
  const bob = await app.signUp();
  const bobs = await addAuthenticator(app, bob);
  const his = await beginLogIn(app, bob);
  expect((await endLogIn(app, his.cookie, { code: bobs.code() })).status).toBe(200);
});

test("The secret of an authenticator app is encrypted, and is in no log", async ({ app }) => {
  const ada = await app.signUp();
  await app.stepUp(ada);
  const { body } = await app.post("/api/v1/second-factors/authenticator", {}, ada);
  expect(body.uri).toContain(`secret=${body.secret}`);
  await app.post(
    "/api/v1/second-factors/authenticator/confirmation",
    { code: authenticator(body.secret).code() },
    ada,
  );
  const [row] = await app.query("select * from totp_factors where user_id = $1", [ada.id]);
  expect(row.secret_sealed).toMatch(/^v2\.t1\./);
  expect(JSON.stringify([row, app.logLines])).not.toContain(body.secret);
  // It cannot be decrypted in another user's row.
  const eve = await app.signUp();
  await addAuthenticator(app, eve);
  await app.query("update totp_factors set secret_sealed = $1 where user_id = $2", [
    row.secret_sealed,
    eve.id,
  ]);
  const begun = await beginLogIn(app, eve);
  const response = await endLogIn(app, begun.cookie, { code: authenticator(body.secret).code(1) });
  expect(response.status).toBeGreaterThanOrEqual(400);
});

test("An authenticator app protects nothing before its first code, and only a step-up can set one up", async ({
  app,
}) => {
  const ada = await app.signUp();
  await deleteStepUps(app, ada);
  const refused = await app.post("/api/v1/second-factors/authenticator", {}, ada);
  expect([refused.status, refused.body.error.reason]).toEqual([403, "step_up_required"]);
  await app.stepUp(ada);
  const own = await startAuthenticator(app, ada);
  expect((await beginLogIn(app, ada)).body).not.toHaveProperty("secondStep");
  const stepUp = await app.post("/api/v1/session/step-up", { code: own.code() }, ada);
  expect(stepUp.body.error.reason).toBe("code_incorrect");
  expect((await removeAuthenticator(app, ada)).status).toBe(404);
  expect((await app.post("/api/v1/second-factors/backup-codes", {}, ada)).status).toBe(404);
  const wrong = await confirm(app, ada, "000000");
  expect([wrong.status, wrong.body.error.reason]).toEqual([400, "code_incorrect"]);
  const code = own.code();
  expect((await confirm(app, ada, ` ${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(200);
  expect((await confirm(app, ada, own.code(1))).body.error.reason).toBe("code_incorrect");
  const another = await app.post("/api/v1/second-factors/authenticator", {}, ada);
  expect(another.body.error.reason).toBe("authenticator_exists");
});

test("An authenticator app is not confirmed by the code of a secret that was replaced meanwhile", async ({
  app,
}) => {
  const ada = await app.signUp();
  await startAuthenticator(app, ada);
  const secretOf = async () => (await findTotp(app.services.db, ada.id))?.secretSealed ?? "";
  const replaced = await secretOf();
  await startAuthenticator(app, ada);
  const step = Math.floor(Date.now() / 30_000);
  const spend = (secretSealed: string) =>
    spendTotpStep(app.services.db, ada.id, { secretSealed, step });
  expect([await spend(replaced), await spend(await secretOf())]).toEqual([false, true]);
});

test("A factor stays when the step-up ends while its removal waits for the user's lock", async ({
  app,
}) => {
  const ada = await app.signUp();
  await addAuthenticator(app, ada);
  const release = await lockUser(app, ada);
  try {
    const removed = removeAuthenticator(app, ada);
    await expect.poll(() => lockWaiters(app)).toHaveLength(1);
    await deleteStepUps(app, ada);
    await release();
    expect((await removed).status).toBe(403);
  } finally {
    await release();
  }
  expect((await beginLogIn(app, ada)).body).toHaveProperty("secondStep");
});

test("Removing the last factor removes its backup codes, and a log-in is by password again", async ({
  app,
}) => {
  const ada = await app.signUp();
  const { backupCodes } = await addAuthenticator(app, ada);
  const begun = await beginLogIn(app, ada);
  await deleteStepUps(app, ada);
  expect((await removeAuthenticator(app, ada)).status).toBe(403);
  await app.stepUp(ada);
  expect((await removeAuthenticator(app, ada)).status).toBe(200);
  expect((await removeAuthenticator(app, ada)).status).toBe(404);
  expect((await endLogIn(app, begun.cookie, { code: backupCodes[0] })).status).toBe(401);
  expect((await beginLogIn(app, ada)).body).not.toHaveProperty("secondStep");
  expect(await mailsOf(app, ada)).toEqual(["authenticator_added", "authenticator_removed"]);
});
