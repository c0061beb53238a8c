import { expect } from "vitest";
import type { TestApp, TestUser } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { devicesOf, setPasswordHash } from "../../support/rows.ts";
import { oldPasswordHash } from "../../support/test-users.ts";

/**
 * A bug that these tests prevent: the cookie of a known browser, which strangers' guesses do not throttle, stayed valid
 * after a password change, and an attacker could collect any number of them.
 */
const test = testWithApp();

const send = (
  app: TestApp,
  { email, password }: { email: string; password: string },
  cookie = "",
) =>
  fetch(`${app.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify({ email, password }),
  });

/** Logs in as a browser that has `cookie`. Returns the cookie that makes it a known browser. */
async function deviceOf(app: TestApp, user: TestUser, cookie = ""): Promise<string> {
  const response = await send(app, user, cookie);
  expect(response.status).toBe(200);
  const lines = response.headers.getSetCookie();
  return lines.find((line) => line.startsWith("fiscility.device="))?.split(";")[0] ?? "";
}

/** Uses up the ten guesses of a known browser, or of all unknown browsers at this address. */
async function guess(app: TestApp, { email }: TestUser, cookie = ""): Promise<void> {
  // They count as guesses but cost no hash, because they are too long to be passwords.
  for (let n = 0; n < 10; n++) {
    expect((await send(app, { email, password: `${n}`.padEnd(200, "x") }, cookie)).status).toBe(
      400,
    );
  }
}

const changePassword = (app: TestApp, user: TestUser, newPassword: string) =>
  fetch(`${app.url}/settings/security`, {
    method: "POST",
    headers: { cookie: user.cookie, origin: app.url },
    body: new URLSearchParams({ currentPassword: user.password, newPassword }),
  });

test("A known browser becomes unknown when the password changes", async ({ app }) => {
  const ada = await app.signUp();
  const before = await deviceOf(app, ada);
  const changed = { ...ada, password: "another battery staple" };
  expect((await changePassword(app, ada, changed.password)).status).toBe(200);
  const after = await deviceOf(app, changed);
  await guess(app, ada);
  expect((await send(app, changed, before)).status).toBe(429);
  expect((await send(app, changed, after)).status).toBe(200);
});

test("A known browser becomes unknown when the password changes in the database", async ({
  app,
}) => {
  const ada = await app.signUp();
  const device = await deviceOf(app, ada);
  await guess(app, ada);
  expect((await send(app, ada, device)).status).toBe(200);
  await setPasswordHash(app, oldPasswordHash, ada);
  expect((await send(app, ada, device)).status).toBe(429);
});

test("A known browser stays known when the hash of the same password is upgraded", async ({
  app,
}) => {
  const ada = await app.signUp();
  await setPasswordHash(app, oldPasswordHash, ada);
  // Each cookie was made for the old hash, which the first log-in replaces.
  const devices = [await deviceOf(app, ada), await deviceOf(app, ada)];
  await guess(app, ada);
  for (const device of devices) expect((await send(app, ada, device)).status).toBe(200);
});

test("A user has at most ten known browsers, and the one that logged in longest ago becomes unknown", async ({
  app,
}) => {
  const ada = await app.signUp();
  const first = await deviceOf(app, ada);
  // Nine more, each a minute older than the one before.
  await app.query(
    `insert into known_devices (user_id, token_hash, password_digest, used_at)
     select $1, sha256(convert_to('device-' || n, 'UTF8')), password_digest,
       now() - n * interval '1 minute'
     from known_devices, generate_series(1, 9) n where user_id = $1`,
    [ada.id],
  );
  const [newest, oldest] = ["fiscility.device=device-1", "fiscility.device=device-9"];
  // The oldest logs in again, so the next one is the oldest now.
  expect(await deviceOf(app, ada, oldest)).toBe(oldest);
  const one = await deviceOf(app, ada);
  const rows = await devicesOf(app, ada);
  expect(rows).toHaveLength(10);
  // The stored hash is not a valid cookie.
  for (const device of [first, one]) {
    expect(JSON.stringify(rows)).not.toContain(device.split("=")[1]);
  }
  await guess(app, ada);
  expect((await send(app, ada, "fiscility.device=device-8")).status).toBe(429);
  for (const device of [first, newest, oldest, one]) {
    expect((await send(app, ada, device)).status).toBe(200);
  }
});

test("A browser's cookie allows ten guesses, however often it is copied, and another user's cookie allows none", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const [hers, eves] = [await deviceOf(app, ada), await deviceOf(app, eve)];
  await guess(app, ada);
  for (const forged of [eves, "fiscility.device=", `${hers}x`, hers.slice(0, -1)]) {
    expect((await send(app, ada, forged)).status, forged).toBe(429);
  }
  await guess(app, ada, hers);
  expect((await send(app, ada, hers)).status).toBe(429);
});

test("Deleting the account deletes its known browsers", async ({ app }) => {
  const ada = await app.signUp();
  await deviceOf(app, ada);
  const gone = await fetch(`${app.url}/api/v1/account?confirmation=delete+my+account`, {
    method: "DELETE",
    headers: { cookie: ada.cookie },
  });
  expect(gone.status).toBe(200);
  expect(await devicesOf(app, ada)).toEqual([]);
});
