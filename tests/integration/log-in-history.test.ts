import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dropOldLogIns } from "../../db/log-ins.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36";

const logIn = (email: string, password: string, userAgent = agent) =>
  fetch(`${app.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": userAgent },
    body: JSON.stringify({ email, password }),
  });

const rowsOf = ({ id }: Person) =>
  app.query("select * from log_ins where user_id = $1 order by at desc", [id]);

test("a log-in and a wrong password are each a line, by the API and by the form, with nothing of what was typed", async () => {
  const ada = await app.signUp();
  expect((await logIn(ada.email.toUpperCase(), "hunter2 hunter2")).status).toBe(401);
  await expect.poll(() => rowsOf(ada)).toHaveLength(1);
  expect((await logIn(ada.email, ada.password)).status).toBe(200);
  for (const password of ["swordfish of old", ada.password]) {
    await fetch(`${app.url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: { "user-agent": "x".repeat(2_000) },
      body: new URLSearchParams({ email: ada.email, password }),
    });
  }
  await expect.poll(() => rowsOf(ada)).toHaveLength(4);
  const rows = await rowsOf(ada);
  const outcomes = rows.map(({ outcome }) => outcome);
  expect(outcomes.filter((one) => one === "succeeded")).toHaveLength(2);
  expect(outcomes.filter((one) => one === "wrong_password")).toHaveLength(2);
  for (const { ip_address, user_agent } of rows) {
    expect(ip_address).toBe("127.0.0.1");
    expect([agent, "x".repeat(500)]).toContain(user_agent);
  }
  const everything = JSON.stringify([rows, app.logLines]);
  for (const typed of ["hunter2", "swordfish", ada.password]) {
    expect(everything).not.toContain(typed);
  }
});

test("a try for an email that nobody has is answered alike and leaves no line; neither does one that never reached the password", async () => {
  const ada = await app.signUp();
  const [{ count: before }] = await app.query("select count(*) from log_ins");
  const unknown = await logIn(`${randomUUID()}@example.com`, "not the password");
  const broken = await logIn("no email", "not the password");
  const wrong = await logIn(ada.email, "not the password");
  expect([unknown.status, await unknown.text()]).toEqual([wrong.status, await wrong.text()]);
  expect(broken.status).toBe(400);
  await expect.poll(() => rowsOf(ada)).toHaveLength(1);
  const [{ count: after }] = await app.query("select count(*) from log_ins");
  expect(Number(after)).toBe(Number(before) + 1);
});

test("the answer to a wrong password does not wait for the line: a locked table tells nobody who has an account", async () => {
  const ada = await app.signUp();
  await app.services.db.transaction().execute(async (tx) => {
    await sql`lock table log_ins in exclusive mode`.execute(tx);
    const answer = await logIn(ada.email, "not the password");
    expect(answer.status).toBe(401);
    expect(await rowsOf(ada)).toEqual([]);
  });
  await expect.poll(() => rowsOf(ada)).toHaveLength(1);
});

test("the newest 50 of each kind stay: wrong tries do not push a log-in off the list", async () => {
  const ada = await app.signUp();
  await logIn(ada.email, ada.password);
  await app.query(
    `insert into log_ins (user_id, outcome, at)
     select $1, 'wrong_password', now() - n * interval '1 minute' from generate_series(1, 60) n`,
    [ada.id],
  );
  await logIn(ada.email, "not the password");
  await expect.poll(() => rowsOf(ada)).toHaveLength(51);
  const rows = await rowsOf(ada);
  expect(rows.filter(({ outcome }) => outcome === "succeeded")).toHaveLength(1);
  // The newest one is there, and of the others the newest 49.
  const oldest = rows.at(-1)?.at as Date;
  expect(Date.now() - oldest.getTime()).toBeLessThan(50 * 60_000);
  expect(rows[0]).toMatchObject({ outcome: "wrong_password", user_agent: agent });
});

test("lines are dropped after 90 days, whoever they are of", async () => {
  const ada = await app.signUp();
  await app.query(
    `insert into log_ins (user_id, outcome, at)
     values ($1, 'succeeded', now() - interval '91 days'), ($1, 'succeeded', now() - interval '89 days')`,
    [ada.id],
  );
  await dropOldLogIns(app.services.db, 90);
  expect(await rowsOf(ada)).toHaveLength(1);
});

test("the export has them, of the person alone; with the account they go", async () => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  await logIn(ada.email, ada.password);
  await logIn(eve.email, eve.password);
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
  expect(await rowsOf(ada)).toEqual([]);
  expect(await rowsOf(eve)).toHaveLength(1);
});
