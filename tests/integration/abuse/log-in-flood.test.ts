import { availableParallelism } from "node:os";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { describe, expect, onTestFinished, vi } from "vitest";
import { passwordCost } from "../../../server/auth/passwords.ts";
import { FiscilityError } from "../../../server/contracts/errors.ts";
import type { TestApp, TestUser } from "../../support/app.ts";
import { countHashes } from "../../support/count-hashes.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { knownBrowser, throttleOf, tryTo } from "../../support/log-in-tries.ts";
import {
  addSessions,
  devicesOf,
  sessionsOf,
  setPasswordHash,
  usersIn,
} from "../../support/rows.ts";
import { oldPasswordHash } from "../../support/test-users.ts";

/** Bugs that these tests prevent: parallel log-ins took all of libuv's threads, and nothing limited successful ones. */
const test = testWithApp({}, { passwordCost });

const logIn = (app: TestApp, { email, password }: TestUser) =>
  app.post("/api/auth/sign-in/email", { email, password });
const hashOf = async (app: TestApp, { id }: TestUser): Promise<string> =>
  (await app.query("select password from credentials where user_id = $1", [id]))[0].password;

describe("Many log-ins at once", () => {
  test("hash on half the cores, are refused with Retry-After beyond that, and do not disturb logged-in users", async ({
    app,
  }) => {
    const reader = await app.signUp();
    const users = await Promise.all(Array.from({ length: 30 }, () => app.signUp()));
    // A log-in would replace a cheaper hash.
    const hash = await app.services.auth.hashPassword(reader.password);
    await setPasswordHash(app, hash);
    const devices = (await devicesOf(app)).length;
    const hashes = countHashes();
    const byForm = async ({ email, password }: TestUser) => {
      const body = new URLSearchParams({ email, password });
      const response = await fetch(`${app.url}/login`, {
        method: "POST",
        redirect: "manual",
        body,
      });
      return { status: response.status, page: await response.text() };
    };
    // Some of each kind are accepted before the rest arrives.
    const [first, firstForms] = [
      users.splice(0, 3).map((one) => logIn(app, one)),
      users.splice(0, 3).map(byForm),
    ];
    await Promise.all([first[0], firstForms[0]]);
    let over = false;
    const logIns = Promise.all([
      Promise.all([...first, ...users.splice(0, 17).map((one) => logIn(app, one))]),
      Promise.all([...firstForms, ...users.map(byForm)]),
    ]).finally(() => {
      over = true;
    });
    const reads: number[] = [];
    while (!over) {
      const headers = { cookie: reader.cookie };
      reads.push((await fetch(`${app.url}/trpc/accounts.list`, { headers })).status);
      // Below the limit for one session.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [responses, pages] = await logIns;
    hashes.stop();

    expect(reads.length).toBeGreaterThan(0);
    expect(new Set(reads)).toEqual(new Set([200]));
    expect(hashes.atOnce).toBe(Math.max(1, availableParallelism() >> 1));
    const statuses = [...responses, ...pages].map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 302, 503]));
    expect(hashes.begun).toBe(statuses.filter((status) => status !== 503).length);
    const refused = responses.find(({ status }) => status === 503);
    expect(refused?.body.error).toMatchObject({
      reason: "log_in_busy",
      requestId: expect.any(String),
      details: { retryAfterSeconds: 2 },
    });
    expect(refused?.headers.get("retry-after")).toBe("2");
    const page = pages.find(({ status }) => status === 503)?.page;
    expect(page).toContain("Many people are logging in right now. Nothing was changed.");
    // Only the log-ins that returned success made a session.
    expect((await devicesOf(app)).length - devices).toBe(hashes.begun);
  });

  test("count no guess when they are refused", async ({ app }) => {
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

  test("count nothing more once their address is refused, whatever accounts they name", async ({
    app,
  }) => {
    const throttle = throttleOf(app);
    const counted = vi.spyOn(RateLimiterMemory.prototype, "consume");
    onTestFinished(() => counted.mockRestore());
    const guess = (n: number) =>
      tryTo("sign-in/email", throttle, { email: `p${n}@example.com`, outcome: 401 });
    for (let n = 0; n < 100; n++) expect((await guess(n)).status).toBe(401);
    counted.mockClear();
    for (let n = 100; n < 200; n++) expect((await guess(n)).status).toBe(429);
    expect(new Set(counted.mock.calls.map(([key]) => key)).size).toBe(1);
  });

  test("use up no log-ins of the user's own browser when they are refused", async ({ app }) => {
    const throttle = throttleOf(app);
    const ada = await app.signUp();
    const cookie = await knownBrowser(app, ada);
    const guesses = await Promise.all(
      Array.from({ length: 130 }, (_, n) =>
        tryTo("sign-in/email", throttle, {
          email: ada.email,
          address: `198.51.100.${n}`,
          outcome: 401,
        }),
      ),
    );
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(70);
    const own = { email: ada.email, address: "192.0.2.1", cookie, outcome: 200 };
    expect((await tryTo("sign-in/email", throttle, own)).status).toBe(200);
  });

  test("count a guess when their outcome is unknown", async ({ app }) => {
    const throttle = throttleOf(app);
    const lost = new Error("the connection is gone");
    for (let n = 0; n < 10; n++) {
      await expect(tryTo("sign-in/email", throttle, { outcome: lost })).rejects.toBe(lost);
    }
    expect((await tryTo("sign-in/email", throttle, { outcome: 200 })).status).toBe(429);
  });
});

describe("Successful log-ins", () => {
  test.for([
    ["to one account, whatever the address", (n: number) => ({ address: `198.51.100.${n}` })],
    ["from one address, whichever user logs in", (n: number) => ({ email: `p${n}@example.com` })],
  ] as const)("are limited to sixty in fifteen minutes %s", async ([_name, of], { app }) => {
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

  test("are not used up by failed ones, and use up no guesses", async ({ app }) => {
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

  test("have the limit that proofs by the password have in a session", async ({ app }) => {
    const throttle = throttleOf(app);
    const prove = (userId: string) => throttle.guess(userId, "password", async () => true);
    for (let n = 0; n < 60; n++) expect(await prove("ada")).toBe(true);
    await expect(prove("ada")).rejects.toMatchObject({ reason: "too_many_attempts" });
    expect(await prove("eve")).toBe(true);
  });

  test("by passkey are limited to sixty in fifteen minutes from one address", async ({ app }) => {
    const throttle = throttleOf(app);
    const attempt = async (address: string) =>
      (await tryTo("passkey/log-in", throttle, { address, outcome: 200 })).status;
    for (let n = 0; n < 60; n++) expect(await attempt("198.51.100.1")).toBe(200);
    expect(await attempt("198.51.100.1")).toBe(429);
    expect(await attempt("198.51.100.2")).toBe(200);
  });

  test("cannot get around the limit by running at once", async ({ app }) => {
    const throttle = throttleOf(app);
    const responses = await Promise.all(
      Array.from({ length: 70 }, (_, n) =>
        tryTo("sign-in/email", throttle, { address: `198.51.100.${n}`, outcome: 200 }),
      ),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(60);
  });
});

test("A right password whose window ended while it was checked adds no guess to the next window", async ({
  app,
}) => {
  const throttle = throttleOf(app);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const guess = (right: Promise<boolean>) => throttle.guess("ada", "password", () => right);
  let checked = (_right: boolean) => {};
  const slow = guess(
    new Promise((resolve) => {
      checked = resolve;
    }),
  );
  await vi.advanceTimersByTimeAsync(15 * 60_000 + 1_000);
  checked(true);
  expect(await slow).toBe(true);
  for (let n = 0; n < 10; n++) expect(await guess(Promise.resolve(false))).toBe(false);
  await expect(guess(Promise.resolve(true))).rejects.toMatchObject({ reason: "too_many_attempts" });
});

describe("Guesses at a second factor", () => {
  test("are limited to fifty a day for each user, over log-ins and step-ups", async ({ app }) => {
    const throttle = throttleOf(app);
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    try {
      const logIn = async (userId: string, outcome: number) =>
        (await tryTo("second-step", throttle, { userId, outcome, address: userId })).status;
      const stepUp = (right: boolean) => throttle.guess("ada", "factor", async () => right);
      for (let n = 0; n < 50; n++) {
        if (n > 0 && n % 10 === 0) vi.advanceTimersByTime(15 * 60_000);
        if (n % 2 === 0) expect([n, await logIn("ada", 401)]).toEqual([n, 401]);
        else expect([n, await stepUp(false)]).toEqual([n, false]);
      }
      vi.advanceTimersByTime(15 * 60_000);
      expect(await logIn("ada", 200)).toBe(429);
      await expect(stepUp(true)).rejects.toMatchObject({ reason: "too_many_attempts" });
      expect(await logIn("eve", 200)).toBe(200);
      vi.advanceTimersByTime(24 * 60 * 60_000);
      expect(await logIn("ada", 200)).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });

  test.for(["second-step", "passkey/log-in"] as const)(
    "at %s count with the failed log-ins of their address, for any user",
    async (path, { app }) => {
      const throttle = throttleOf(app);
      const attempt = async (n: number, outcome: number) =>
        (await tryTo(path, throttle, { userId: `user ${n}`, outcome })).status;
      for (let n = 0; n < 100; n++) expect(await attempt(n, 401)).toBe(401);
      expect(await attempt(100, 200)).toBe(429);
      const email = "grace@example.com";
      expect((await tryTo("sign-in/email", throttle, { email, outcome: 200 })).status).toBe(429);
    },
  );

  test("can be begun three hundred times from one address in fifteen minutes", async ({ app }) => {
    const throttle = throttleOf(app);
    const request = async (address: string) =>
      (await tryTo("passkey/options", throttle, { address, outcome: 200 })).status;
    for (let n = 0; n < 300; n++) expect(await request("198.51.100.1")).toBe(200);
    expect(await request("198.51.100.1")).toBe(429);
    expect(await request("198.51.100.2")).toBe(200);
  });
});

describe("The sessions of a user", () => {
  test("are at most twenty: a log-in ends the oldest", async ({ app }) => {
    const ada = await app.signUp();
    await addSessions(app, ada, 19);
    const before = await sessionsOf(app, ada);
    expect(before).toHaveLength(20);
    const { body } = await logIn(app, ada);
    const after = await sessionsOf(app, ada);
    expect(after.map(({ token }) => token)).toEqual([
      ...before.slice(1).map(({ token }) => token),
      body.token,
    ]);
  });

  test("stay within the limit when log-ins run at once", async ({ app }) => {
    const ada = await app.signUp();
    await addSessions(app, ada, 19);
    const responses = await Promise.all(Array.from({ length: 6 }, () => logIn(app, ada)));
    const tokens = responses.filter(({ status }) => status === 200).map(({ body }) => body.token);
    expect(tokens.length).toBeGreaterThan(1);
    const left = (await sessionsOf(app, ada)).map(({ token }) => token);
    expect(left).toHaveLength(20);
    expect(left).toEqual(expect.arrayContaining(tokens));
  });

  test("of another user are kept", async ({ app }) => {
    const [ada, eve] = [await app.signUp(), await app.signUp()];
    await logIn(app, ada);
    expect(await sessionsOf(app, eve)).toHaveLength(1);
  });
});

describe("The stored password hash", () => {
  test("has OWASP's parameters after a sign-up and a changed password", async ({ app }) => {
    const email = `${crypto.randomUUID()}@example.com`;
    const password = "another good one";
    await app.post("/api/auth/sign-up/email", { name: "Eve", email, password });
    const id = (await usersIn(app)).find((user) => user.email === email)?.id ?? "";
    const eve = { ...(await app.signUp()), id, email, password };
    expect(await hashOf(app, eve)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
    expect((await logIn(app, eve)).status).toBe(200);
    const ada = await app.signUp();
    const changed = await fetch(`${app.url}/settings/security`, {
      method: "POST",
      headers: { cookie: ada.cookie, origin: app.url },
      body: new URLSearchParams({ currentPassword: ada.password, newPassword: password }),
    });
    expect(changed.status).toBe(200);
    expect(await hashOf(app, ada)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect((await logIn(app, { ...ada, password })).status).toBe(200);
    expect((await logIn(app, ada)).status).toBe(401);
  });

  test("of an earlier version still matches, and is replaced once at the log-in", async ({
    app,
  }) => {
    const ada = await app.signUp();
    await setPasswordHash(app, oldPasswordHash, ada);
    expect((await logIn(app, { ...ada, password: "not the password" })).status).toBe(401);
    expect(await hashOf(app, ada)).toBe(oldPasswordHash);
    expect((await logIn(app, ada)).status).toBe(200);
    const replaced = await hashOf(app, ada);
    expect(replaced).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect((await logIn(app, ada)).status).toBe(200);
    expect(await hashOf(app, ada)).toBe(replaced);
    await expect.poll(() => sessionsOf(app, ada)).toHaveLength(3);
  });
});
