import { randomUUID } from "node:crypto";
import { describe, expect, inject } from "vitest";
import type { LogInThrottle } from "../../server/auth/log-in-throttle.ts";
import { RedisAdapter } from "../../server/cache/redis-adapter.ts";
import { redisAddress } from "../../server/cache/redis-address.ts";
import { createLog } from "../../server/telemetry/log.ts";
import { timeLimits } from "../../server/time-limits.ts";
import type { TestUser } from "../support/app.ts";
import { countHashes } from "../support/count-hashes.ts";
import { testWithApp } from "../support/fixtures.ts";
import { knownBrowser, throttleOf, tryTo } from "../support/log-in-tries.ts";
import { startRedis } from "../support/redis.ts";
import { usersIn } from "../support/rows.ts";

const test = testWithApp();

const newEmail = () => `${randomUUID()}@example.com`;

describe("Nobody can find out who has an account:", () => {
  test("a sign-up gets the same response for a free and a taken email, and logs nobody in", async ({
    app,
  }) => {
    const taken = await app.signUp();
    const responses = [];
    for (const email of [newEmail(), taken.email]) {
      const owner = { name: "Eve", email, password: "another good one" };
      const { status, body, headers } = await app.post("/api/auth/sign-up/email", owner);
      const { id, createdAt, updatedAt, ...user } = body.user;
      expect([id, createdAt, updatedAt]).toEqual([expect.any(String), createdAt, createdAt]);
      const { "x-request-id": _id, date: _date, ...head } = Object.fromEntries(headers);
      head["content-security-policy"] = "";
      head.etag = "";
      // Emails of the same length, so the response has the same length.
      responses.push({
        status,
        keys: Object.keys(body.user),
        user: { ...user, email: "" },
        token: body.token,
        head,
      });
    }
    expect(responses[0]).toEqual(responses[1]);
    expect(responses[0]).toMatchObject({ status: 200, token: null });
    expect(responses[0]?.head).not.toHaveProperty("set-cookie");
    const kept = (await usersIn(app)).find(({ email }) => email === taken.email);
    expect(kept?.name).toBe("Ada");
    expect((await app.post("/api/auth/sign-in/email", taken)).status).toBe(200);
  });

  test("an invalid sign-up is refused equally for a free and a taken email", async ({ app }) => {
    const taken = await app.signUp();
    const good = { name: "Eve", password: "another good one" };
    for (const bad of [
      { name: "E\0" },
      { name: "e".repeat(101) },
      { image: "\0" },
      { plan: "cfo" },
    ]) {
      const responses = [];
      for (const email of [newEmail(), taken.email]) {
        const user = { ...good, ...bad, email };
        const { status, body } = await app.post("/api/auth/sign-up/email", user);
        const { requestId: _, ...error } = body.error;
        responses.push({ status, error });
      }
      expect(responses[0]).toEqual(responses[1]);
      expect(responses[0]).toMatchObject({ status: 400, error: { reason: "invalid_input" } });
    }
  });

  test("the sign-up form gets the same response, with the email in a cookie and not in the URL", async ({
    app,
  }) => {
    const taken = await app.signUp();
    const responses = [];
    for (const email of [newEmail(), taken.email]) {
      const response = await fetch(`${app.url}/signup?next=%2Factivity`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ name: "Eve", email, password: "another good one" }),
      });
      const cookies = response.headers.getSetCookie();
      const page = await fetch(`${app.url}/login`, {
        headers: { cookie: cookies.map((line) => line.split(";")[0]).join("; ") },
      });
      const html = await page.text();
      expect(html).toContain("Check your email to finish signing up");
      expect(html).toContain(`value="${email}"`);
      responses.push([response.status, response.headers.get("location"), cookies.length]);
    }
    expect(responses).toEqual([
      [302, "/login?next=%2Factivity", 1],
      [302, "/login?next=%2Factivity", 1],
    ]);
  });

  test("an unknown email and a wrong password are rejected with the same words", async ({
    app,
  }) => {
    const { email } = await app.signUp();
    const unknown = await app.post("/api/auth/sign-in/email", { email: newEmail(), password: "x" });
    const wrong = await app.post("/api/auth/sign-in/email", { email, password: "x" });
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body]);
    expect(wrong.status).toBe(401);
  });

  test.for([
    ["log-in", "sign-in", { password: "not the password" }, 401],
    ["sign-up", "sign-up", { name: "Eve", password: "another good one" }, 200],
  ] as const)(
    "a %s costs one password hash whether or not the account exists",
    async ([_name, path, rest, answered], { app }) => {
      const { email: known } = await app.signUp();
      for (const email of [known, newEmail()]) {
        const hashes = countHashes();
        const { status } = await app.post(`/api/auth/${path}/email`, { ...rest, email });
        hashes.stop();
        expect([status, hashes.begun]).toEqual([answered, 1]);
      }
    },
  );
});

const guessed = [
  [
    "is known from leaks",
    "PASSWORD_COMPROMISED",
    ["password1", "Password1", "qwertyuiop", "football"],
  ],
  ["has our name in it", "PASSWORD_NAMES_US", ["Fiscility2026!"]],
] as const;

test.for(guessed)(
  "A password that %s is refused at sign-up by API and form, without a row",
  async ([words, code, passwords], { app }) => {
    const email = newEmail();
    for (const password of passwords) {
      const user = { name: "Eve", email, password };
      const { status, body } = await app.post("/api/auth/sign-up/email", user);
      expect([status, body.code]).toEqual([400, code]);
      const form = await fetch(`${app.url}/signup`, {
        method: "POST",
        body: new URLSearchParams(user),
      });
      expect(form.status).toBe(400);
      expect(await form.text()).toContain(`This password ${words}`);
    }
    expect((await usersIn(app)).map((user) => user.email)).not.toContain(email);
  },
);

test.for(guessed)(
  "A password that %s is refused as a new one, and the old one stays",
  async ([_words, _code, passwords], { app }) => {
    const user = await app.signUp();
    for (const newPassword of passwords) {
      const response = await fetch(`${app.url}/settings/security`, {
        method: "POST",
        headers: { cookie: user.cookie, origin: app.url },
        body: new URLSearchParams({ currentPassword: user.password, newPassword }),
      });
      expect(response.status).toBe(400);
    }
    expect((await app.post("/api/auth/sign-in/email", user)).status).toBe(200);
  },
);

test("better-auth serves the API only for log-in, sign-up and log-out", async ({ app }) => {
  const { cookie } = await app.signUp();
  for (const path of [
    "update-user",
    "change-password",
    "list-sessions",
    "get-session",
    "delete-user",
  ]) {
    for (const method of ["GET", "POST"]) {
      const response = await fetch(`${app.url}/api/auth/${path}`, { method, headers: { cookie } });
      expect(response.status, path).toBe(404);
    }
  }
});

describe("The log-in throttle", () => {
  test("delays the eleventh wrong password of an address, whatever it claims, and not the user's own browser", async ({
    app,
  }) => {
    const ada = await app.signUp();
    const guess = (password: string, headers: Record<string, string> = {}) =>
      fetch(`${app.url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ email: ada.email.toUpperCase(), password }),
      });
    const deviceOf = async ({ email, password }: TestUser) => {
      const { headers } = await app.post("/api/auth/sign-in/email", { email, password });
      const cookie = headers.getSetCookie().find((line) => line.startsWith("fiscility.device="));
      return cookie?.split(";")[0] ?? "";
    };
    const hers = await deviceOf(ada);
    for (let n = 0; n < 10; n++) {
      const forged = { "x-forwarded-for": `203.0.113.${n}` };
      expect((await guess(`guess ${n}`, forged)).status).toBe(401);
    }
    const held = await guess(ada.password);
    expect(held.status).toBe(429);
    expect(Number(held.headers.get("retry-after"))).toBeGreaterThan(800);
    expect((await held.json()).message).toBe(
      "There were too many tries. Nothing was changed. Wait 15 minutes, then try again.",
    );
    const form = await fetch(`${app.url}/login`, {
      method: "POST",
      body: new URLSearchParams({ email: ada.email, password: ada.password }),
    });
    expect(form.status).toBe(429);
    expect(await form.text()).toContain("Wait 15 minutes, then try again.");
    // Ada's own browser, at the same address, with the cookie of an earlier log-in.
    expect((await guess(ada.password, { cookie: hers })).status).toBe(200);
    // The cookie does not help with another account.
    const eves = await deviceOf(await app.signUp());
    expect((await guess(ada.password, { cookie: eves })).status).toBe(429);
  });

  const attempt = (
    throttle: LogInThrottle,
    {
      right = false,
      ...by
    }: { right?: boolean; email?: string; address?: string; cookie?: string },
  ) => tryTo("sign-in/email", throttle, { ...by, outcome: right ? 200 : 401 });

  test("delays new browsers after a hundred wrong passwords from everywhere, and not the user's own", async ({
    app,
  }) => {
    const throttle = throttleOf(app);
    const user = await app.signUp();
    const { email } = user;
    const setCookie = await knownBrowser(app, user);
    expect(setCookie).toMatch(/; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure$/);
    for (let n = 0; n < 100; n++) {
      expect((await attempt(throttle, { email, address: `198.51.100.${n}` })).status).toBe(401);
    }
    expect((await attempt(throttle, { email, address: "192.0.2.1", right: true })).status).toBe(
      429,
    );
    const cookie = setCookie.split(";")[0] ?? "";
    expect((await attempt(throttle, { email, cookie, right: true })).status).toBe(200);
    // The browser's cookie itself allows ten attempts.
    for (let n = 0; n < 10; n++) {
      expect((await attempt(throttle, { email, cookie })).status).toBe(401);
    }
    expect((await attempt(throttle, { email, cookie, right: true })).status).toBe(429);
  });

  test("allows a logged-in user ten wrong passwords, and counts no right one", async ({ app }) => {
    const throttle = throttleOf(app);
    const prove = (userId: string, right = false) =>
      throttle.guess(userId, "password", async () => right);
    for (let n = 0; n < 9; n++) expect(await prove("ada")).toBe(false);
    expect(await prove("ada", true)).toBe(true);
    expect(await prove("ada")).toBe(false);
    await expect(prove("ada", true)).rejects.toMatchObject({
      reason: "too_many_attempts",
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(await prove("grace", true)).toBe(true);
  });

  test("tells a logged-in user on the page when it accepts no more guesses", async ({ app }) => {
    const { cookie } = await app.signUp();
    const guess = async () => {
      const response = await fetch(`${app.url}/settings/security`, {
        method: "POST",
        headers: { cookie, origin: app.url },
        body: new URLSearchParams({
          currentPassword: "a guess",
          newPassword: "another good one",
        }),
      });
      return [response.status, await response.text()] as const;
    };
    for (let n = 0; n < 10; n++) expect((await guess())[0]).toBe(400);
    const [status, page] = await guess();
    expect(status).toBe(429);
    expect(page).toContain("There were too many tries. Nothing was changed.");
  });

  test("allows an address a hundred accounts, and counts an IPv6 subscriber as one address", async ({
    app,
  }) => {
    const throttle = throttleOf(app);
    for (let n = 0; n < 100; n++) {
      const address = `2001:db8:1:2::${n.toString(16)}`;
      expect((await attempt(throttle, { email: `p${n}@example.com`, address })).status).toBe(401);
    }
    const address = "2001:db8:1:2:ffff::1";
    expect((await attempt(throttle, { email: "another@example.com", address })).status).toBe(429);
    const elsewhere = "2001:db8:1:3::1";
    expect((await attempt(throttle, { email: "p1@example.com", address: elsewhere })).status).toBe(
      401,
    );
  });

  test("counts sign-ups in production", async ({ app }) => {
    const throttle = throttleOf(app);
    const signUp = () => tryTo("sign-up/email", throttle, { outcome: 200 });
    for (let n = 0; n < 20; n++) expect((await signUp()).status).toBe(200);
    expect((await signUp()).status).toBe(429);
  });

  test.runIf(inject("redis"))("counts over all nodes", async ({ app }) => {
    const redis = await startRedis();
    const adapters = [1, 2].map(
      () => new RedisAdapter(redisAddress.parse(redis.url), createLog("silent"), timeLimits),
    );
    await expect.poll(() => adapters.map((adapter) => adapter.isConnected)).toEqual([true, true]);
    const nodes = adapters.map((adapter) => throttleOf(app, adapter));
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const node = nodes[n % 2] as LogInThrottle;
      statuses.push((await attempt(node, {})).status);
    }
    for (const adapter of adapters) adapter.close();
    await redis.stop();
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  });
});
