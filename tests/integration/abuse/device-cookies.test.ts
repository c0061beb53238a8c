import { afterAll, beforeAll, expect, test } from "vitest";
import { type Person, startTestApp, type TestApp } from "../../support/app.ts";
import { oldPasswordHash } from "../../support/people.ts";

/**
 * Issue I, finding 9: the cookie of a known browser, which strangers' guesses do not hold back, went on
 * after a change of the password, and anybody could collect as many as they liked.
 */
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

const send = ({ email, password }: { email: string; password: string }, cookie = "") =>
  fetch(`${app.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify({ email, password }),
  });

/** Logs in as a browser that has `cookie`; what it is given to be known by. */
async function deviceOf(person: Person, cookie = ""): Promise<string> {
  const answer = await send(person, cookie);
  expect(answer.status).toBe(200);
  const lines = answer.headers.getSetCookie();
  return lines.find((line) => line.startsWith("fiscility.device="))?.split(";")[0] ?? "";
}

/** Uses up the ten guesses of a browser, or of everybody at this address who is not known by one. */
async function guess({ email }: Person, cookie = ""): Promise<void> {
  // They count as any others and cost no hash: they are too long to be passwords.
  for (let n = 0; n < 10; n++) {
    expect((await send({ email, password: `${n}`.padEnd(200, "x") }, cookie)).status).toBe(400);
  }
}

const changePassword = (person: Person, newPassword: string) =>
  fetch(`${app.url}/settings/security`, {
    method: "POST",
    headers: { cookie: person.cookie, origin: app.url },
    body: new URLSearchParams({ currentPassword: person.password, newPassword }),
  });

test("a known browser is known no more when the password is changed", async () => {
  const ada = await app.signUp();
  const before = await deviceOf(ada);
  const changed = { ...ada, password: "another battery staple" };
  expect((await changePassword(ada, changed.password)).status).toBe(200);
  const after = await deviceOf(changed);
  await guess(ada);
  expect((await send(changed, before)).status).toBe(429);
  expect((await send(changed, after)).status).toBe(200);
});

test("nor when the password is changed in the database", async () => {
  const ada = await app.signUp();
  const device = await deviceOf(ada);
  await guess(ada);
  expect((await send(ada, device)).status).toBe(200);
  await app.query("update credentials set password = $2 where user_id = $1", [
    ada.id,
    oldPasswordHash,
  ]);
  expect((await send(ada, device)).status).toBe(429);
});

test("a hash that is replaced by a better one of the same password leaves browsers known", async () => {
  const ada = await app.signUp();
  await app.query("update credentials set password = $2 where user_id = $1", [
    ada.id,
    oldPasswordHash,
  ]);
  // Each of these was made for the old hash; the first log-in replaces it.
  const devices = [await deviceOf(ada), await deviceOf(ada)];
  await guess(ada);
  for (const device of devices) expect((await send(ada, device)).status).toBe(200);
});

test("a user has at most ten known browsers: the one that logged in longest ago is forgotten", async () => {
  const ada = await app.signUp();
  const first = await deviceOf(ada);
  // Nine more, each a minute older than the one before.
  await app.query(
    `insert into known_devices (user_id, token_hash, password_digest, used_at)
     select $1, sha256(convert_to('device ' || n, 'UTF8')), password_digest,
       now() - n * interval '1 minute'
     from known_devices, generate_series(1, 9) n where user_id = $1`,
    [ada.id],
  );
  const [newest, oldest] = ["fiscility.device=device 1", "fiscility.device=device 9"];
  // The oldest logs in again, so that the one before it is the oldest now.
  expect(await deviceOf(ada, oldest)).toBe(oldest);
  const one = await deviceOf(ada);
  const rows = await app.query("select * from known_devices where user_id = $1", [ada.id]);
  expect(rows).toHaveLength(10);
  // What is kept of them lets nobody in.
  for (const device of [first, one]) {
    expect(JSON.stringify(rows)).not.toContain(device.split("=")[1]);
  }
  await guess(ada);
  expect((await send(ada, "fiscility.device=device 8")).status).toBe(429);
  for (const device of [first, newest, oldest, one]) {
    expect((await send(ada, device)).status).toBe(200);
  }
});

test("one browser's cookie, however often it is copied, is worth ten guesses; another's none", async () => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const [hers, eves] = [await deviceOf(ada), await deviceOf(eve)];
  await guess(ada);
  for (const forged of [eves, "fiscility.device=", `${hers}x`, hers.slice(0, -1)]) {
    expect((await send(ada, forged)).status, forged).toBe(429);
  }
  await guess(ada, hers);
  expect((await send(ada, hers)).status).toBe(429);
});

test("with the account its known browsers go", async () => {
  const ada = await app.signUp();
  await deviceOf(ada);
  const gone = await fetch(`${app.url}/api/v1/account?confirmation=delete+my+account`, {
    method: "DELETE",
    headers: { cookie: ada.cookie },
  });
  expect(gone.status).toBe(200);
  expect(await app.query("select 1 from known_devices where user_id = $1", [ada.id])).toEqual([]);
});
