import { expect } from "vitest";
import { lockTable } from "../../support/database-faults.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { lockWaiters } from "../../support/rows.ts";

const test = testWithApp();

test("/readyz sends PostgreSQL one query for two hundred calls at once, and leaves connections to others", async ({
  app,
}) => {
  // The queries for pending migrations wait here, where they can be counted.
  const release = await lockTable(app, "kysely_migration");
  const calls = Array.from({ length: 200 }, () => fetch(`${app.url}/readyz`));
  await expect.poll(() => lockWaiters(app)).not.toHaveLength(0);
  // The others have arrived when this one returns.
  expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
  expect(await lockWaiters(app)).toHaveLength(1);
  // Another user's read gets a connection meanwhile.
  const ada = await app.signUp();
  const read = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: ada.cookie } });
  expect(read.status).toBe(200);
  await release();
  const statuses = (await Promise.all(calls)).map((response) => response.status);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
