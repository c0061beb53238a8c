import { expect } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { recover } from "../support/recover.ts";
import { only, sessionsOf, usersIn } from "../support/rows.ts";

const test = testWithApp();
test.beforeEach(async ({ app }) => {
  await startOver(app);
  app.logLines.length = 0;
});

const banks = ["First Platypus Bank", "Tattersall Federal Credit Union"];
const nothingWrong = {
  ...{ orphans: 0, duplicates: 0, overdrafts: 0, partial: 0, unfinished: 0, lost: 0 },
};

/** A user with two banks, an API key, an open Link and a log-in. */
async function settled(app: TestApp, email = "ada.lovelace@example.com") {
  const user = await app.signUp("analyst", email, "Ada Lovelace");
  for (const institution of ["ins_109508", "ins_109510"]) {
    const body = { public_token: await app.publicToken(institution) };
    expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
  }
  await app.post("/plaid/create-link-token", {}, user);
  await app.stepUp(user);
  const made = await app.post(
    "/api/v1/api-keys",
    { name: "Ada's notebook", scopes: ["accounts:read"], expires_in_days: 365 },
    user,
  );
  await app.query(
    `insert into log_ins (user_id, outcome, ip_address, user_agent)
     values ($1, 'succeeded', '203.0.113.7', 'Ada''s phone')`,
    [user.id],
  );
  return { user, key: made.body.key as string };
}

async function call(app: TestApp, user: TestUser, method: string, path: string) {
  const response = await fetch(`${app.url}/api/v1/${path}`, {
    method,
    headers: { cookie: user.cookie },
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  const body: any = await response.json();
  return { status: response.status, body };
}
const deleteAccount = (app: TestApp, user: TestUser, words = "delete my account") =>
  call(app, user, "DELETE", `account?confirmation=${encodeURIComponent(words)}`);

/** Every row of every table of the product, as text. */
async function everything(app: TestApp): Promise<string> {
  const tables = await app.query(
    `select table_name from information_schema.tables
      where table_schema = 'public' and table_name not like 'kysely%' and table_name <> 'plans'`,
  );
  const rows = await Promise.all(
    tables.map(async ({ table_name: table }) => [table, await app.query(`select * from ${table}`)]),
  );
  return JSON.stringify(rows);
}

test("account.delete leaves nothing here while Plaid is down, and nothing at Plaid once it is back (I1)", async ({
  app,
}) => {
  const { user, key } = await settled(app);
  await app.fault({ path: "/item/remove", times: 50, do: { error: "INTERNAL_SERVER_ERROR" } });
  const response = await deleteAccount(app, user);
  expect([response.status, response.body]).toEqual([200, { deleted: true, banks: 2 }]);
  expect((await call(app, user, "GET", "accounts")).status).toBe(401);
  const byKey = await fetch(`${app.url}/api/v1/accounts`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(byKey.status).toBe(401);
  const left = await everything(app);
  for (const trace of [
    user.email,
    "Ada",
    "Lovelace",
    ...banks,
    "Checking",
    "ins_1095",
    "203.0.113",
  ]) {
    expect(left).not.toContain(trace);
  }
  expect(await compareBooks(app)).toMatchObject({ orphans: 2, unfinished: 2, connected: 0 });

  await recover(app);
  expect(await compareBooks(app)).toMatchObject({ orphans: 2, unfinished: 2 });
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await everything(app)).not.toContain(user.id);
});

test("account.delete leaves nothing at once, and one log line for each bank and one for the account (I1, I8)", async ({
  app,
}) => {
  const { user } = await settled(app);
  expect((await deleteAccount(app, user)).status).toBe(200);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await everything(app)).not.toContain(user.id);
  const lines = app.logLines.map((line) => JSON.parse(line));
  const disconnected = lines.filter((line) => line.outcome === "disconnected");
  expect(disconnected).toHaveLength(2);
  for (const line of disconnected) {
    expect(line).toMatchObject({ itemAtPlaid: "removed", plaidRequestId: expect.any(String) });
  }
  expect(lines.filter((line) => line.event === "account_deleted")).toHaveLength(1);
  expect(app.logLines.join("")).not.toContain("access-sandbox");
});

test("account.delete lets the same email sign up again at once, without the earlier data", async ({
  app,
}) => {
  const { user } = await settled(app);
  await app.fault({ path: "/item/remove", times: 50, do: { error: "INTERNAL_SERVER_ERROR" } });
  await deleteAccount(app, user);
  const again = await app.signUp("analyst", user.email);
  expect(again.id).not.toBe(user.id);
  expect((await call(app, again, "GET", "accounts")).body).toEqual({ items: [] });
  expect((await call(app, again, "GET", "activity")).body).toEqual({ entries: [] });
  await app.clearFaults();
  await recover(app);
  expect(await usersIn(app)).toMatchObject([{ id: again.id }]);
});

test("account.delete deletes nothing for a wrong phrase or an API key, and finds no user the second time", async ({
  app,
}) => {
  const { user, key } = await settled(app);
  const wrong = await deleteAccount(app, user, "delete");
  expect([wrong.status, wrong.body.error.reason]).toEqual([400, "confirmation_mismatch"]);
  const byKey = await fetch(`${app.url}/api/v1/account?confirmation=delete+my+account`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${key}` },
  });
  expect(byKey.status).toBe(403);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 2 });
  const responses = await Promise.all([deleteAccount(app, user), deleteAccount(app, user)]);
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test("account.delete leaves no Item at Plaid when a bank is being connected (I1)", async ({
  app,
}) => {
  const { user } = await settled(app);
  await app.fault({ path: "/accounts/get", times: 1, do: { delay: 400 } });
  const connecting = app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken("ins_109511") },
    user,
  );
  const [, deletion] = await Promise.all([connecting, deleteAccount(app, user)]);
  expect(deletion.status).toBe(200);
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await everything(app)).not.toContain(user.id);
});

test("account.exportData has the user, every bank and the whole history, and no secret", async ({
  app,
}) => {
  const { user } = await settled(app);
  const { apiKey, key } = await createApiKey(app.services.db, user.id, {
    name: "Nightly export",
    scopes: ["accounts:read"],
    expiresInDays: 90,
  });
  await app.query(
    `insert into account_activity (user_id, kind) select $1, 'failed' from generate_series(1, 150)`,
    [user.id],
  );
  const { status, body } = await call(app, user, "GET", "account/export");
  expect(status).toBe(200);
  expect(body.user).toEqual({ id: user.id, name: "Ada Lovelace", email: user.email });
  expect(body.items).toEqual((await call(app, user, "GET", "accounts")).body.items);
  expect(body.activity).toHaveLength(152);
  expect(body.plan).toBe("analyst");
  expect(body.api_keys).toMatchObject([{ id: apiKey.id }, { name: "Ada's notebook" }]);
  expect(body.sessions).toMatchObject([{ address: "127.0.0.1", user_agent: "node" }]);
  const session = await only(sessionsOf(app, user));
  for (const secret of [key, session.token]) {
    expect(JSON.stringify(body)).not.toContain(secret);
  }
  expect(JSON.stringify(body)).not.toMatch(/access-|v[12]\.t1|secret|sealed/);
});
