import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect } from "vitest";
import { dropOldLogIns, listLogIns } from "../../db/log-ins.ts";
import type { TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { logInsOf } from "../support/rows.ts";

const test = testWithApp();

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36";

const logIn = (app: TestApp, email: string, password: string, userAgent = agent) =>
  fetch(`${app.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": userAgent },
    body: JSON.stringify({ email, password }),
  });

test("A log-in and a wrong password add one line each, by API and form, without what was typed", async ({
  app,
}) => {
  const ada = await app.signUp();
  expect((await logIn(app, ada.email.toUpperCase(), "hunter2 hunter2")).status).toBe(401);
  await expect.poll(() => logInsOf(app, ada)).toHaveLength(1);
  expect((await logIn(app, ada.email, ada.password)).status).toBe(200);
  for (const password of ["swordfish of old", ada.password]) {
    await fetch(`${app.url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: { "user-agent": "x".repeat(2_000) },
      body: new URLSearchParams({ email: ada.email, password }),
    });
  }
  await expect.poll(() => logInsOf(app, ada)).toHaveLength(4);
  const rows = await logInsOf(app, ada);
  const kinds = rows.map(({ kind }) => kind);
  expect(kinds.filter((one) => one === "log_in")).toHaveLength(2);
  expect(kinds.filter((one) => one === "log_in_failed")).toHaveLength(2);
  for (const { ip_address, user_agent } of rows) {
    expect(ip_address).toBe("127.0.0.1");
    expect([agent, "x".repeat(500)]).toContain(user_agent);
  }
  const everything = JSON.stringify([rows, app.logLines]);
  for (const typed of ["hunter2", "swordfish", ada.password]) {
    expect(everything).not.toContain(typed);
  }
});

test("A log-in with an unknown email adds no line and gets the same response; neither does one without a password", async ({
  app,
}) => {
  const ada = await app.signUp();
  const before = (await logInsOf(app)).length;
  const unknown = await logIn(app, `${randomUUID()}@example.com`, "not the password");
  const broken = await logIn(app, "no email", "not the password");
  const wrong = await logIn(app, ada.email, "not the password");
  expect([unknown.status, await unknown.text()]).toEqual([wrong.status, await wrong.text()]);
  expect(broken.status).toBe(400);
  await expect.poll(() => logInsOf(app, ada)).toHaveLength(1);
  expect(await logInsOf(app)).toHaveLength(before + 1);
});

test("A wrong password is rejected without waiting for its line, so that a locked table reveals nothing", async ({
  app,
}) => {
  const ada = await app.signUp();
  await app.services.db.transaction().execute(async (tx) => {
    await sql`lock table security_events in exclusive mode`.execute(tx);
    const response = await logIn(app, ada.email, "not the password");
    expect(response.status).toBe(401);
    expect(await logInsOf(app, ada)).toEqual([]);
  });
  await expect.poll(() => logInsOf(app, ada)).toHaveLength(1);
});

test("The log-in history keeps the newest 50 of each kind, so that wrong passwords push out no log-in", async ({
  app,
}) => {
  const ada = await app.signUp();
  await logIn(app, ada.email, ada.password);
  await app.query(
    `insert into security_events (user_id, kind, at)
     select $1, 'log_in_failed', now() - n * interval '1 minute' from generate_series(1, 60) n`,
    [ada.id],
  );
  await logIn(app, ada.email, "not the password");
  await expect.poll(() => logInsOf(app, ada)).toHaveLength(51);
  const rows = await logInsOf(app, ada);
  expect(rows.filter(({ kind }) => kind === "log_in")).toHaveLength(1);
  // The newest one is there, and the newest 49 of the others.
  const oldest = rows[0]?.at as Date;
  expect(Date.now() - oldest.getTime()).toBeLessThan(50 * 60_000);
  expect(rows.at(-1)).toMatchObject({ kind: "log_in_failed", user_agent: agent });
});

test("The history contains log-ins that the previous release recorded, for 90 days", async ({
  app,
}) => {
  const ada = await app.signUp();
  await app.query(
    `insert into log_ins (user_id, outcome, at)
     values ($1, 'succeeded', now() - interval '91 days'), ($1, 'succeeded', now() - interval '89 days')`,
    [ada.id],
  );
  await dropOldLogIns(app.services.db, 90);
  expect(await listLogIns(app.services.db, ada.id)).toHaveLength(1);
});

test("account.exportData has the user's log-in history, which is deleted with the account", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  await logIn(app, ada.email, ada.password);
  await logIn(app, eve.email, eve.password);
  const headers = { cookie: ada.cookie };
  const file = await fetch(`${app.url}/settings/export/everything.json`, { headers });
  const { logIns } = (await file.json()) as { logIns: object[] };
  expect(logIns).toEqual([
    {
      id: expect.any(String),
      at: expect.any(String),
      outcome: "succeeded",
      address: "127.0.0.1",
      userAgent: agent,
    },
  ]);
  const gone = await fetch(`${app.url}/api/v1/account?confirmation=delete+my+account`, {
    method: "DELETE",
    headers,
  });
  expect(gone.status).toBe(200);
  expect(await logInsOf(app, ada)).toEqual([]);
  expect(await logInsOf(app, eve)).toHaveLength(1);
});
