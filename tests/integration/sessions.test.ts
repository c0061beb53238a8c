import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { sessionsOf } from "../support/rows.ts";

const test = testWithApp();

const day = 24 * 60 * 60 * 1000;

async function list(app: TestApp, cookie: string, url = app.url) {
  const response = await fetch(`${url}/trpc/accounts.list`, { headers: { cookie } });
  return { status: response.status, setCookie: response.headers.getSetCookie() };
}

const endsIn = (app: TestApp, user: TestUser, ms: number) =>
  app.query("update sessions set expires_at = $2 where user_id = $1", [
    user.id,
    new Date(Date.now() + ms),
  ]);

const expiryOf = async (app: TestApp, user: TestUser) => {
  const [row] = await sessionsOf(app, user);
  return (row?.expires_at as Date | undefined)?.getTime();
};

test("A session in its first day keeps its end and its cookie", async ({ app }) => {
  const user = await app.signUp();
  const before = await expiryOf(app, user);
  expect(await list(app, user.cookie)).toEqual({ status: 200, setCookie: [] });
  expect(await expiryOf(app, user)).toBe(before);
});

test("A session older than a day is extended, and so is its cookie", async ({ app }) => {
  const user = await app.signUp();
  await endsIn(app, user, 5 * day);
  const { status, setCookie } = await list(app, user.cookie);
  expect(status).toBe(200);
  expect(setCookie).toEqual([expect.stringMatching(/^fiscility\.session_token=.*Max-Age=604800/i)]);
  expect(await expiryOf(app, user)).toBeGreaterThan(Date.now() + 6.9 * day);
  const cookie = setCookie[0]?.split(";")[0] ?? "";
  expect(await list(app, cookie)).toEqual({ status: 200, setCookie: [] });
});

test("A session past its end is invalid, and its cookie is deleted", async ({ app }) => {
  const user = await app.signUp();
  await endsIn(app, user, -1_000);
  const { status, setCookie } = await list(app, user.cookie);
  expect(status).toBe(401);
  expect(setCookie).toContainEqual(
    expect.stringMatching(/^fiscility\.session_token=;.*Max-Age=0/i),
  );
  expect(await expiryOf(app, user)).toBeUndefined();
});

test("A session that is used each day ends 30 days after its log-in, or at most a day later", async ({
  app,
}) => {
  const user = await app.signUp();
  const logIn = (daysAgo: number) =>
    app.query(
      "update sessions set created_at = now() - make_interval(days => $2) where user_id = $1",
      [user.id, daysAgo],
    );
  await logIn(29);
  await endsIn(app, user, 5 * day);
  expect((await list(app, user.cookie)).status).toBe(200);
  await logIn(31);
  await endsIn(app, user, 5 * day);
  const { status, setCookie } = await list(app, user.cookie);
  expect(status).toBe(401);
  expect(setCookie).toContainEqual(
    expect.stringMatching(/^fiscility\.session_token=;.*Max-Age=0/i),
  );
  expect(await expiryOf(app, user)).toBeUndefined();
});

test("A log-out on one node ends the session on every other", async ({ app }) => {
  const other = await app.startNode();
  try {
    const user = await app.signUp();
    expect((await list(app, user.cookie, other.url)).status).toBe(200);
    expect((await app.post("/api/auth/sign-out", {}, user)).status).toBe(200);
    expect((await list(app, user.cookie, other.url)).status).toBe(401);
    expect((await list(app, user.cookie)).status).toBe(401);
  } finally {
    await other.close();
  }
});

test("A deleted user's session opens nothing, even one that was created meanwhile", async ({
  app,
}) => {
  const user = await app.signUp();
  await app.query("update users set deleted_at = now() where id = $1", [user.id]);
  expect((await list(app, user.cookie)).status).toBe(401);
});

test("A cookie that was altered, cut or signed by another key opens nothing", async ({ app }) => {
  const user = await app.signUp();
  const [, name = "", value = ""] = /(\S+session_token)=([^;]+)/.exec(user.cookie) ?? [];
  const signed = decodeURIComponent(value);
  const [token = "", signature = ""] = signed.split(".");
  const flip = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  const forged = [
    `${flip(token, 3)}.${signature}`,
    `${token}.${flip(signature, 3)}`,
    `${token}.${signature.slice(0, 20)}`,
    `${token}.`,
    token,
    `.${signature}`,
    `${token}.${"A".repeat(43)}=`,
    "%E0%A4%A",
    "",
  ];
  for (const each of forged) {
    expect((await list(app, `${name}=${encodeURIComponent(each)}`)).status, each).toBe(401);
  }
  expect((await list(app, `${name}=${encodeURIComponent(signed)}`)).status).toBe(200);
});
