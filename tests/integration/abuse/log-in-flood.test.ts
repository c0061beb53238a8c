import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passwordCost } from "../../../server/auth/passwords.ts";
import { FiscilityError } from "../../../server/contracts/errors.ts";
import { type Person, startTestApp, type TestApp } from "../../support/app.ts";
import { countHashes } from "../../support/count-hashes.ts";
import { throttleOf, tryTo } from "../../support/log-in-tries.ts";
import { oldPasswordHash } from "../../support/people.ts";

/** Issue I, finding 3: parallel log-ins took all of libuv's threads, and nothing limited those that succeed. */
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { passwordCost });
});
afterAll(() => app?.close());

const logIn = ({ email, password }: Person) =>
  app.post("/api/auth/sign-in/email", { email, password });
const sessionsOf = async ({ id }: Person): Promise<{ token: string }[]> =>
  (await app.query("select token from sessions where user_id = $1 order by created_at desc, id", [
    id,
  ])) as { token: string }[];
const hashOf = async ({ id }: Person): Promise<string> =>
  (await app.query("select password from credentials where user_id = $1", [id]))[0].password;

describe("many log-ins at once", () => {
  test("hash on half the cores, refuse what is too many with Retry-After, and disturb nobody who is logged in", async () => {
    const reader = await app.signUp();
    const people = await Promise.all(Array.from({ length: 30 }, () => app.signUp()));
    // A cheaper hash would be replaced.
    const hash = await app.services.auth.hashPassword(reader.password);
    await app.query("update credentials set password = $1", [hash]);
    const hashes = countHashes();
    const byForm = async ({ email, password }: Person) => {
      const body = new URLSearchParams({ email, password });
      const answer = await fetch(`${app.url}/login`, { method: "POST", redirect: "manual", body });
      return { status: answer.status, page: await answer.text() };
    };
    // Some of each kind are taken before the rest comes.
    const [first, firstForms] = [people.splice(0, 3).map(logIn), people.splice(0, 3).map(byForm)];
    await Promise.all([first[0], firstForms[0]]);
    let over = false;
    const logIns = Promise.all([
      Promise.all([...first, ...people.splice(0, 17).map(logIn)]),
      Promise.all([...firstForms, ...people.map(byForm)]),
    ]).finally(() => {
      over = true;
    });
    const reads: number[] = [];
    while (!over) {
      const headers = { cookie: reader.cookie };
      reads.push((await fetch(`${app.url}/trpc/accounts.list`, { headers })).status);
      // Below the limit on one session.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [answers, pages] = await logIns;
    hashes.stop();

    expect(reads.length).toBeGreaterThan(0);
    expect(new Set(reads)).toEqual(new Set([200]));
    expect(hashes.atOnce).toBe(Math.max(1, availableParallelism() >> 1));
    const statuses = [...answers, ...pages].map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 302, 503]));
    expect(hashes.begun).toBe(statuses.filter((status) => status !== 503).length);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.body.error).toMatchObject({
      reason: "log_in_busy",
      requestId: expect.any(String),
      details: { retryAfterSeconds: 2 },
    });
    expect(refused?.headers.get("retry-after")).toBe("2");
    const page = pages.find(({ status }) => status === 503)?.page;
    expect(page).toContain("Many people are logging in right now. Nothing was changed.");
    // Nobody was logged in but those who were told so.
    const [{ count }] = await app.query("select count(*) from known_devices");
    expect(Number(count)).toBe(hashes.begun);
  });

  test("are no guesses where they are refused", async () => {
    const throttle = throttleOf(app);
    const busy = new FiscilityError("log_in_busy");
    for (let n = 0; n < 30; n++) {
      await expect(tryTo("sign-in/email", throttle, { outcome: busy })).rejects.toBe(busy);
    }
    for (let n = 0; n < 10; n++) {
      expect((await tryTo("sign-in/email", throttle, { outcome: 401 })).status).toBe(401);
    }
    expect((await tryTo("sign-in/email", throttle, { outcome: 200 })).status).toBe(429);
  });

  test("are guesses where we cannot say how they ended", async () => {
    const throttle = throttleOf(app);
    const lost = new Error("the connection is gone");
    for (let n = 0; n < 10; n++) {
      await expect(tryTo("sign-in/email", throttle, { outcome: lost })).rejects.toBe(lost);
    }
    expect((await tryTo("sign-in/email", throttle, { outcome: 200 })).status).toBe(429);
  });
});

describe("log-ins that succeed", () => {
  test.each([
    ["to one account, whatever the address", (n: number) => ({ address: `198.51.100.${n}` })],
    ["from one address, whoever logs in", (n: number) => ({ email: `p${n}@example.com` })],
  ])("are limited to sixty in a quarter of an hour %s", async (_name, of) => {
    const throttle = throttleOf(app);
    const attempt = (n: number, outcome: number) =>
      tryTo("sign-in/email", throttle, { ...of(n), outcome });
    for (let n = 0; n < 60; n++) expect((await attempt(n, 200)).status).toBe(200);
    const refused = await attempt(60, 200);
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(800);
    expect(wait).toBeLessThanOrEqual(900);
  });

  test("are not used up by those that fail, nor do they use up guesses", async () => {
    const throttle = throttleOf(app);
    const attempt = async (address: string, outcome: number) =>
      (await tryTo("sign-in/email", throttle, { address, outcome })).status;
    for (let n = 0; n < 9; n++) expect(await attempt("198.51.100.1", 401)).toBe(401);
    for (let n = 0; n < 60; n++) expect(await attempt("198.51.100.1", 200)).toBe(200);
    expect(await attempt("198.51.100.2", 401)).toBe(429);
    expect(
      (await tryTo("sign-in/email", throttle, { email: "eve@example.com", outcome: 200 })).status,
    ).toBe(200);
  });

  test("are counted for changes of the password as well", async () => {
    const throttle = throttleOf(app);
    const change = (userId: string) => tryTo("change-password", throttle, { outcome: 200, userId });
    for (let n = 0; n < 60; n++) expect((await change("ada")).status).toBe(200);
    expect((await change("ada")).status).toBe(429);
    expect((await change("eve")).status).toBe(200);
    await expect(tryTo("change-password", throttle, { outcome: 200 })).rejects.toMatchObject({
      reason: "unauthenticated",
    });
  });

  test("at once do not get around it", async () => {
    const throttle = throttleOf(app);
    const answers = await Promise.all(
      Array.from({ length: 70 }, (_, n) =>
        tryTo("sign-in/email", throttle, { address: `198.51.100.${n}`, outcome: 200 }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
  });
});

describe("sessions", () => {
  test("a user has at most twenty: the oldest ends when there is one more", async () => {
    const ada = await app.signUp();
    await app.query(
      `insert into sessions (user_id, token, expires_at, created_at)
       select $1, 'ada ' || n, now() + interval '1 day', now() - n * interval '1 minute'
       from generate_series(1, 19) n`,
      [ada.id],
    );
    const before = await sessionsOf(ada);
    expect(before).toHaveLength(20);
    const { body } = await logIn(ada);
    const after = await sessionsOf(ada);
    expect(after.map(({ token }) => token)).toEqual([
      body.token,
      ...before.slice(0, 19).map(({ token }) => token),
    ]);
  });

  test("log-ins at once do not get around it", async () => {
    const ada = await app.signUp();
    await app.query(
      `insert into sessions (user_id, token, expires_at, created_at)
       select $1, 'at once ' || n, now() + interval '1 day', now() - n * interval '1 minute'
       from generate_series(1, 19) n`,
      [ada.id],
    );
    const answers = await Promise.all(Array.from({ length: 6 }, () => logIn(ada)));
    const tokens = answers.filter(({ status }) => status === 200).map(({ body }) => body.token);
    expect(tokens.length).toBeGreaterThan(1);
    const left = (await sessionsOf(ada)).map(({ token }) => token);
    expect(left).toHaveLength(20);
    expect(left).toEqual(expect.arrayContaining(tokens));
  });

  test("nobody else's session ends", async () => {
    const [ada, eve] = [await app.signUp(), await app.signUp()];
    await logIn(ada);
    expect(await sessionsOf(eve)).toHaveLength(1);
  });
});

describe("the hash that is kept", () => {
  test("has OWASP's parameters beside it, of a sign-up and of a changed password", async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const password = "another good one";
    await app.post("/api/auth/sign-up/email", { name: "Eve", email, password });
    const [{ id }] = await app.query("select id from users where email = $1", [email]);
    const eve = { ...(await app.signUp()), id, email, password };
    expect(await hashOf(eve)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
    expect((await logIn(eve)).status).toBe(200);
    const ada = await app.signUp();
    const changed = await fetch(`${app.url}/settings/security`, {
      method: "POST",
      headers: { cookie: ada.cookie, origin: app.url },
      body: new URLSearchParams({ currentPassword: ada.password, newPassword: password }),
    });
    expect(changed.status).toBe(200);
    expect(await hashOf(ada)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect((await logIn({ ...ada, password })).status).toBe(200);
    expect((await logIn(ada)).status).toBe(401);
  });

  test("of an earlier version still fits its password, and is replaced at the log-in, once", async () => {
    const ada = await app.signUp();
    await app.query("update credentials set password = $2 where user_id = $1", [
      ada.id,
      oldPasswordHash,
    ]);
    expect((await logIn({ ...ada, password: "not the password" })).status).toBe(401);
    expect(await hashOf(ada)).toBe(oldPasswordHash);
    expect((await logIn(ada)).status).toBe(200);
    const replaced = await hashOf(ada);
    expect(replaced).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect((await logIn(ada)).status).toBe(200);
    expect(await hashOf(ada)).toBe(replaced);
    await expect.poll(() => sessionsOf(ada)).toHaveLength(3);
  });
});
