import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { quotas } from "../../../server/time-limits.ts";
import { testWithApp } from "../../support/fixtures.ts";

/** In milliseconds; far longer than a response takes here. */
const refusal = 2_000;
const test = testWithApp({}, { limits: { refusal }, quotas: { ...quotas, sessionCalls: 2 } });

/** Whether a response arrived long before a late rejection would. */
const comesAtOnce = async (response: Promise<unknown>) =>
  (await Promise.race([response, pause(refusal / 2)])) !== undefined;

test("The API rejects late, and serves others meanwhile, when a session continues past its limit", async ({
  app,
}) => {
  const [ada, bob] = [await app.signUp(), await app.signUp()];
  const read = ({ cookie }: { cookie: string }) =>
    fetch(`${app.url}/api/v1/plan`, { headers: { cookie } });
  expect([(await read(ada)).status, (await read(ada)).status]).toEqual([200, 200]);
  expect((await read(ada)).status).toBe(429);
  const refused = read(ada);
  expect(await comesAtOnce(read(bob))).toBe(true);
  expect(await comesAtOnce(refused)).toBe(false);
  expect((await refused).status).toBe(429);
});

test("The log-in rejects late, and admits others meanwhile, when one address guesses too often", async ({
  app,
}) => {
  const [ada, bob] = [await app.signUp(), await app.signUp()];
  const logIn = (email: string, password: string) =>
    app.post("/api/auth/sign-in/email", { email, password });
  for (let n = 0; n < 10; n++) expect((await logIn(ada.email, "wrong")).status).toBe(401);
  const refused = logIn(ada.email, "wrong");
  expect(await comesAtOnce(logIn(bob.email, bob.password))).toBe(true);
  expect(await comesAtOnce(refused)).toBe(false);
  expect((await refused).status).toBe(429);
});

test("The API rejects late, and serves others meanwhile, when a request has more of anything than clients send", async ({
  app,
}) => {
  const { cookie } = await app.signUp();
  const read = (path: string, headers = {}) => fetch(`${app.url}${path}`, { headers });
  const fields = Object.fromEntries(Array.from({ length: 4_500 }, (_, n) => [`k${n}`, 1]));
  const refused = [
    read(`/api/v1/plan?${"a=1&".repeat(1_000)}`),
    read(`/${"a/".repeat(1_000)}`),
    read("/api/v1/plan", { cookie: "a=1; ".repeat(500) }),
    app.post("/api/v1/connections", fields, { cookie }),
  ];
  expect(await comesAtOnce(read("/api/v1/plan", { cookie }))).toBe(true);
  expect(await comesAtOnce(Promise.race(refused))).toBe(false);
  const statuses = (await Promise.all(refused)).map(({ status }) => status);
  expect(statuses).toEqual([400, 400, 400, 400]);
});
