import { afterAll, beforeAll, expect, test } from "vitest";
import { sweep } from "../../../server/jobs/sweep.ts";
import { type Person, startTestApp, type TestApp } from "../../support/app.ts";

/** Issue I, finding 10: sessions that nobody could use any more, or that nobody meant to keep, stayed. */
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

const tokensOf = async ({ id }: Person): Promise<string[]> =>
  (await app.query("select token from sessions where user_id = $1", [id])).map(
    ({ token }) => token,
  );
const read = async (cookie: string) =>
  (await fetch(`${app.url}/trpc/accounts.list`, { headers: { cookie } })).status;

test("expired sessions are deleted by the sweep, and the others stay", async () => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  await app.query(
    `insert into sessions (user_id, token, expires_at)
     select $1, 'expired ' || n, now() - n * interval '1 minute' from generate_series(1, 5) n`,
    [ada.id],
  );
  const [own] = (await tokensOf(ada)).filter((token) => !token.startsWith("expired"));
  await sweep(app.services);
  expect(await tokensOf(ada)).toEqual([own]);
  expect([await read(ada.cookie), await read(eve.cookie)]).toEqual([200, 200]);
});

const byApi = (person: Person, cookie: string) =>
  app.post("/api/auth/sign-in/email", person, { cookie });
const byForm = async ({ email, password }: Person, cookie: string) => {
  const body = new URLSearchParams({ email, password });
  const headers = { cookie, origin: app.url };
  return fetch(`${app.url}/login`, { method: "POST", redirect: "manual", headers, body });
};
const sessionCookie = (headers: Headers) =>
  headers
    .getSetCookie()
    .find((line) => line.startsWith("fiscility.session_token="))
    ?.split(";")[0] ?? "";

test.each([
  ["API", byApi],
  ["page", byForm],
])(
  "a log-in by the %s ends the session that the browser had, and no other",
  async (_name, logIn) => {
    const ada = await app.signUp();
    const elsewhere = sessionCookie((await byApi(ada, "")).headers);
    const { headers } = await logIn(ada, ada.cookie);
    expect(await tokensOf(ada)).toHaveLength(2);
    expect(await read(ada.cookie)).toBe(401);
    expect(await read(elsewhere)).toBe(200);
    expect(await read(sessionCookie(headers))).toBe(200);
  },
);

test("a log-in as somebody else ends the session that the browser had", async () => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  expect((await byApi(eve, ada.cookie)).status).toBe(200);
  expect(await tokensOf(ada)).toEqual([]);
  expect(await tokensOf(eve)).toHaveLength(2);
});

test("a wrong password, and a cookie that was altered, end no session", async () => {
  const ada = await app.signUp();
  const [token] = await tokensOf(ada);
  const wrong = { ...ada, password: "not the password" };
  expect((await byApi(wrong, ada.cookie)).status).toBe(401);
  expect((await byApi(ada, `fiscility.session_token=${token}.AAAA`)).status).toBe(200);
  expect(await read(ada.cookie)).toBe(200);
});
