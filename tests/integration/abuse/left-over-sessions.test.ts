import { expect } from "vitest";
import { sweep } from "../../../server/jobs/sweep.ts";
import type { TestApp, TestUser } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { sessionsOf } from "../../support/rows.ts";

/** A bug that these tests prevent: sessions were kept that had expired or that a new log-in had replaced. */
const test = testWithApp();

const tokensOf = async (app: TestApp, { id }: TestUser): Promise<string[]> =>
  (await sessionsOf(app, { id })).map(({ token }) => token);
const read = async (app: TestApp, cookie: string) =>
  (await fetch(`${app.url}/trpc/accounts.list`, { headers: { cookie } })).status;

test("The sweep deletes expired sessions and keeps the others", async ({ app }) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  await app.query(
    `insert into sessions (user_id, token, expires_at)
     select $1, 'expired ' || n, now() - n * interval '1 minute' from generate_series(1, 5) n`,
    [ada.id],
  );
  const [own] = (await tokensOf(app, ada)).filter((token) => !token.startsWith("expired"));
  await sweep(app.services);
  expect(await tokensOf(app, ada)).toEqual([own]);
  expect([await read(app, ada.cookie), await read(app, eve.cookie)]).toEqual([200, 200]);
});

const byApi = (app: TestApp, user: TestUser, cookie: string) =>
  app.post("/api/auth/sign-in/email", user, { cookie });
const byForm = async (app: TestApp, { email, password }: TestUser, cookie: string) => {
  const body = new URLSearchParams({ email, password });
  const headers = { cookie, origin: app.url };
  return fetch(`${app.url}/login`, { method: "POST", redirect: "manual", headers, body });
};
const sessionCookie = (headers: Headers) =>
  headers
    .getSetCookie()
    .find((line) => line.startsWith("fiscility.session_token="))
    ?.split(";")[0] ?? "";

test.for(["API", "page"])(
  "A log-in by the %s ends the session that the browser had, and no other",
  async (way, { app }) => {
    const ada = await app.signUp();
    const elsewhere = sessionCookie((await byApi(app, ada, "")).headers);
    const { headers } = await (way === "API"
      ? byApi(app, ada, ada.cookie)
      : byForm(app, ada, ada.cookie));
    expect(await tokensOf(app, ada)).toHaveLength(2);
    expect(await read(app, ada.cookie)).toBe(401);
    expect(await read(app, elsewhere)).toBe(200);
    expect(await read(app, sessionCookie(headers))).toBe(200);
  },
);

test("A log-in as another user ends the session that the browser had", async ({ app }) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  expect((await byApi(app, eve, ada.cookie)).status).toBe(200);
  expect(await tokensOf(app, ada)).toEqual([]);
  expect(await tokensOf(app, eve)).toHaveLength(2);
});

test("A wrong password and an altered cookie end no session", async ({ app }) => {
  const ada = await app.signUp();
  const [token] = await tokensOf(app, ada);
  const wrong = { ...ada, password: "not the password" };
  expect((await byApi(app, wrong, ada.cookie)).status).toBe(401);
  expect((await byApi(app, ada, `fiscility.session_token=${token}.AAAA`)).status).toBe(200);
  expect(await read(app, ada.cookie)).toBe(200);
});
