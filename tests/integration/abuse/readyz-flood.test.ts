import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { waitingLocks } from "../../support/database.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

test("two hundred calls of /readyz at once are one question to PostgreSQL, and leave its connections to others", async () => {
  const holder = new pg.Client({ connectionString: app.databaseUrl });
  holder.on("error", () => {});
  await holder.connect();
  // Whoever looks for migrations waits here, and can be counted.
  await holder.query("begin; lock table kysely_migration in access exclusive mode");
  const calls = Array.from({ length: 200 }, () => fetch(`${app.url}/readyz`));
  await expect.poll(async () => (await app.query(waitingLocks)).length).toBeGreaterThan(0);
  // The others have arrived by the time that this one is answered.
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  expect((await app.query(waitingLocks)).length).toBe(1);
  // A read of somebody else gets a connection meanwhile.
  const ada = await app.signUp();
  const read = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: ada.cookie } });
  expect(read.status).toBe(200);
  await holder.query("rollback");
  await holder.end();
  const statuses = (await Promise.all(calls)).map((answer) => answer.status);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
