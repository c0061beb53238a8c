import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";
import { refuseWrites } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import {
  accountsOf,
  activityOf,
  attemptsOf,
  itemsOf,
  only,
  updateAccounts,
} from "../support/rows.ts";

const test = testWithApp({}, { pooled: true });
test.beforeEach(({ app }) => app.clearFaults());

const exchange = (app: TestApp, token: string, user: TestUser, metadata?: unknown) =>
  app.post("/plaid/exchange-token", { public_token: token, metadata }, user);

async function list(app: TestApp, user: TestUser) {
  const response = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { cookie: user.cookie },
  });
  const body = (await response.json()) as {
    result: {
      data: {
        items: { institution: { name: string }; accounts: { name: string; balances: object }[] }[];
      };
    };
  };
  return body.result.data.items;
}

/** Every table that a failed connection must leave unchanged. */
const counts = async (app: TestApp) =>
  (
    await app.query(
      "select (select count(*) from items) items, (select count(*) from accounts) accounts, (select sum(data_version) from users) versions",
    )
  )[0];

/** Items whose token we once had, that still exist at Plaid and that no row here holds. */
const orphans = async (app: TestApp) => (await compareBooks(app)).orphans;

test("Every procedure and page returns 401 or a redirect without a session (P1)", async ({
  app,
}) => {
  for (const path of ["/plaid/create-link-token", "/plaid/exchange-token"]) {
    const response = await app.post(path, { public_token: "public-sandbox-1" });
    expect([path, response.status, response.body.error.reason]).toEqual([
      path,
      401,
      "unauthenticated",
    ]);
    expect(response.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  }
  for (const name of ["accounts.list", "plan.get", "activity.list"]) {
    const response = await fetch(`${app.url}/trpc/${name}`);
    expect([name, response.status]).toEqual([name, 401]);
  }
  for (const name of ["connectAccount", "plaid.createLinkToken", "plaid.recordLinkEvent"]) {
    expect([name, (await app.post(`/trpc/${name}`, {})).status]).toEqual([name, 401]);
  }
  for (const page of ["/dashboard", "/activity"]) {
    const response = await fetch(`${app.url}${page}`, { redirect: "manual" });
    expect([page, response.status]).toEqual([page, 302]);
    expect(response.headers.get("location")).toContain("/login");
  }
  const wrongKey = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { authorization: "Bearer nothing", cookie: (await app.signUp()).cookie },
  });
  expect(wrongKey.status).toBe(401);
});

test("createLinkToken sends a link_token over REST and tRPC alike (S1, R1)", async ({ app }) => {
  const user = await app.signUp();
  const rest = await app.post("/plaid/create-link-token", {}, user);
  expect(rest.status).toBe(200);
  expect(rest.body.link_token).toMatch(/^link-sandbox-/);
  expect(Date.parse(rest.body.expiration)).toBeGreaterThan(Date.now());
  const trpc = await app.post("/trpc/plaid.createLinkToken", {}, user);
  expect(trpc.body.result.data.linkToken).toMatch(/^link-sandbox-/);
});

test("connectAccount turns the public_token into an Item with its accounts, for the right user (S3, R2, R3, R5)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const response = await exchange(app, await app.publicToken(), user);
  expect(response.status).toBe(200);
  expect(response.body.outcome).toBe("connected");
  expect(response.body.item.institution.id).toBe("ins_109508");
  const item = await only(itemsOf(app, user));
  expect(item.id).toBe(response.body.item.id);
  expect(item.access_token_sealed).toMatch(/^v2\.t1\./);
  const accounts = await accountsOf(app, user);
  expect(accounts).toHaveLength(response.body.accounts.length);
  expect(accounts.length).toBeGreaterThan(0);
  const attempt = await only(attemptsOf(app, user));
  expect(attempt.id).toBe(item.id);
  expect([attempt.status, attempt.access_token_sealed]).toEqual(["connected", null]);
});

test("connectAccount refuses a user id in the request, and shows another user nothing (R5)", async ({
  app,
}) => {
  const [user, other] = [await app.signUp("analyst"), await app.signUp()];
  const token = await app.publicToken();
  const forged = await app.post(
    "/plaid/exchange-token",
    { public_token: token, user_id: other.id },
    user,
  );
  expect([forged.status, forged.body.error.reason]).toEqual([400, "invalid_input"]);
  expect((await exchange(app, token, user)).status).toBe(200);
  expect(await list(app, other)).toEqual([]);
  const stolen = await exchange(app, token, other);
  expect([stolen.status, stolen.body.error.reason]).toEqual([400, "public_token_invalid"]);
});

test("connectAccount returns the first result and exchanges once when the same public_token is sent again (I2)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const before = await app.requestsAtPlaid("/item/public_token/exchange");
  const responses = await Promise.all(Array.from({ length: 50 }, () => exchange(app, token, user)));
  expect(responses.map((a) => a.status).filter((s) => s !== 200)).toEqual([]);
  expect(responses.filter((a) => a.body.outcome === "connected")).toHaveLength(1);
  expect(new Set(responses.map((a) => a.body.item.id)).size).toBe(1);
  expect((await app.requestsAtPlaid("/item/public_token/exchange")) - before).toBe(1);
});

test("createLinkToken returns the plan and its limit instead of a link_token at the limit (P2, E5)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  await app.query(
    `insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
     values (gen_random_uuid(), $1::uuid, $1::uuid::text, 'x', 'x')`,
    [user.id],
  );
  await app.query(
    `insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
     select id, user_id, user_id::text || n, n, 'x', 'depository'
     from items, generate_series(0, 1) n where user_id = $1`,
    [user.id],
  );
  const response = await app.post("/plaid/create-link-token", {}, user);
  expect([response.status, response.body.error.reason]).toEqual([403, "limit_reached"]);
  expect(response.body.error.details).toEqual({ plan: "Intern", limit: 2, used: 2, wanted: 1 });
});

test("connectAccount leaves nothing here or at Plaid when the bank has more accounts than there is room (P2, E5, I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const before = await counts(app);
  const response = await exchange(app, await app.publicToken(), user);
  expect([response.status, response.body.error.reason]).toEqual([403, "limit_reached"]);
  expect(response.body.error.details.wanted).toBeGreaterThan(2);
  expect(await counts(app)).toEqual(before);
  expect(await orphans(app)).toBe(0);
  const entry = await only(activityOf(app, user));
  expect([entry.kind, entry.reason]).toEqual(["refused", "limit_reached"]);
});

test("connectAccount never exceeds the plan when fifty connections race (P2, I3)", async ({
  app,
}) => {
  const user = await app.signUp("accountant");
  const tokens = await Promise.all(
    Array.from({ length: 50 }, (_, n) => app.publicToken("ins_109508", `user_race${n}`)),
  );
  const responses = await Promise.all(tokens.map((token) => exchange(app, token, user)));
  const n = (await accountsOf(app, user)).length;
  expect(n).toBeLessThanOrEqual(10);
  expect(n).toBeGreaterThan(0);
  const connected = responses.filter((a) => a.status === 200);
  expect(connected.length).toBeGreaterThan(0);
  const items = await itemsOf(app, user);
  expect(items).toHaveLength(connected.length);
});

test.for([
  ["RATE_LIMIT_EXCEEDED", 503, "busy"],
  ["INSTITUTION_DOWN", 503, "bank_unavailable"],
  ["INVALID_PUBLIC_TOKEN", 400, "public_token_invalid"],
] as const)(
  "connectAccount returns an error and writes nothing when the exchange fails with %s (E3, R7)",
  async ([code, status, reason], { app }) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    const before = await counts(app);
    await app.fault({ path: "/item/public_token/exchange", times: 3, do: { error: code } });
    const response = await exchange(app, token, user);
    expect([response.status, response.body.error.reason]).toEqual([status, reason]);
    expect(JSON.stringify(response.body)).not.toContain(code);
    expect(await counts(app)).toEqual(before);
    // For a rate limit Plaid puts the name in error_type; for other errors in error_code.
    const line = app.logLines.findLast((l) => l.includes(`":"${code}"`)) ?? "{}";
    expect(JSON.parse(line).plaid.requestId).toBeTruthy();
    const entries = await activityOf(app, user);
    expect(entries).toHaveLength(1);
  },
);

test("connectAccount connects the same public_token after a retryable failure (E3)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  await app.fault({
    path: "/item/public_token/exchange",
    times: 3,
    do: { error: "RATE_LIMIT_EXCEEDED" },
  });
  expect((await exchange(app, token, user)).status).toBe(503);
  expect((await exchange(app, token, user)).body.outcome).toBe("connected");
});

test.for([
  { error: "INTERNAL_SERVER_ERROR" },
  { error: "ITEM_LOGIN_REQUIRED" },
  { drop: "before" },
  { malformed: true },
])(
  "connectAccount keeps nothing and removes the Item when the accounts cannot be read (%j) (E4, I1, I4)",
  async (what, { app }) => {
    const user = await app.signUp("analyst");
    const before = await counts(app);
    await app.fault({ path: "/accounts/get", times: 3, do: what });
    const response = await exchange(app, await app.publicToken(), user);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await counts(app)).toEqual(before);
    expect(await orphans(app)).toBe(0);
    const attempt = await only(attemptsOf(app, user));
    expect([attempt.status, attempt.access_token_sealed]).toEqual(["failed", null]);
  },
);

test.for(["items", "accounts", "account_activity"])(
  "connectAccount keeps nothing when the insert into %s fails, and a retry ends with one Item (E4, I1, I4)",
  async (table, { app }) => {
    const user = await app.signUp("analyst");
    const ofUser = `new.user_id = '${user.id}'`;
    const allow = await refuseWrites(
      app,
      `before insert on ${table}`,
      table === "account_activity" ? `${ofUser} and new.kind = 'connected'` : ofUser,
    );
    const token = await app.publicToken();
    const response = await exchange(app, token, user);
    expect([response.status, response.body.error.reason]).toEqual([500, "connect_failed"]);
    expect(await itemsOf(app, user)).toEqual([]);
    expect(await orphans(app)).toBe(0);
    await allow();
    expect((await exchange(app, token, user)).body.error.reason).toBe("connect_failed");
    expect((await exchange(app, await app.publicToken(), user)).status).toBe(200);
    expect(await itemsOf(app, user)).toHaveLength(1);
  },
);

test("createLinkToken returns a generic error, with Plaid's message only in the log, when Plaid fails (E1)", async ({
  app,
}) => {
  const user = await app.signUp();
  await app.fault({ path: "/link/token/create", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const response = await app.post("/plaid/create-link-token", {}, user);
  expect([response.status, response.body.error.reason]).toEqual([502, "link_unavailable"]);
  expect(JSON.stringify(response.body)).not.toContain("INTERNAL_SERVER_ERROR");
  expect(app.logLines.findLast((line) => line.includes("link_unavailable"))).toContain(
    "INTERNAL_SERVER_ERROR",
  );
});

test("accounts.list is cached, and shows a connection in the next read (N2, R4, I5)", async ({
  app,
}) => {
  const [user, other] = [await app.signUp("analyst"), await app.signUp()];
  expect(await list(app, user)).toEqual([]);
  expect(await list(app, other)).toEqual([]);
  await exchange(app, await app.publicToken(), user);
  const items = await list(app, user);
  expect(items).toHaveLength(1);
  await updateAccounts(app, { name: "behind the cache" }, user);
  expect(await list(app, user)).toEqual(items);
});

test("connectAccount leaves one activity entry and one log line with Plaid's request_id (R6, I8)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  await exchange(app, await app.publicToken(), user);
  const entries = await activityOf(app, user);
  expect(entries.map((e) => e.kind)).toEqual(["connected"]);
  const lines = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === "connection" && line.userId === user.id);
  expect(lines).toHaveLength(1);
  expect(lines[0].plaidRequestId).toBe(entries[0]?.plaid_request_id);
  expect(Object.keys(lines[0].ms)).toContain("exchange");
});

test.for([
  ["not JSON", "{", 400, "invalid_json"],
  ["wrong types", { public_token: 7 }, 400, "invalid_input"],
  ["an unknown field", { public_token: "public-sandbox-a", x: 1 }, 400, "invalid_input"],
  ["2 MB", { public_token: "x".repeat(2_000_000) }, 413, "body_too_large"],
  ["an empty public_token", { public_token: "" }, 400, "invalid_input"],
  [
    "a token of another environment",
    { public_token: "public-production-7c5b8f1e-9ad4-4f5e-8a4b-111111111111" },
    400,
    "public_token_invalid",
  ],
  [
    "an unknown token",
    { public_token: "public-sandbox-7c5b8f1e-9ad4-4f5e-8a4b-222222222222" },
    400,
    "public_token_invalid",
  ],
  ["a list", [1], 400, "invalid_input"],
] as const)(
  "connectAccount rejects bad input, %s, with a reason, a 4xx and a requestId, without stack or row",
  async ([_name, body, status, reason], { app }) => {
    const user = await app.signUp();
    const before = await counts(app);
    const response = await app.post("/plaid/exchange-token", body, user);
    expect([response.status, response.body.error.reason]).toEqual([status, reason]);
    expect(response.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(response.body)).not.toMatch(/\bat .*\.ts/);
    expect(await counts(app)).toEqual(before);
  },
);

test("connectAccount rejects a public_token older than 30 minutes with a reason, a 4xx and a requestId, without a row", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const [kept, expired] = [await app.publicToken(), await app.publicToken()];
  await app.advanceClock(29 * 60);
  expect((await exchange(app, kept, user)).status).toBe(200);
  const before = await counts(app);
  await app.advanceClock(2 * 60);
  const response = await exchange(app, expired, user);
  expect([response.status, response.body.error.reason]).toEqual([400, "public_token_invalid"]);
  expect(response.body.error.message).toMatch(/has expired or was already used/);
  expect(response.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.stringify(response.body)).not.toContain("INVALID_PUBLIC_TOKEN");
  expect(await counts(app)).toEqual(before);
  const line = JSON.parse(app.logLines.findLast((l) => l.includes("INVALID_PUBLIC_TOKEN")) ?? "{}");
  expect(line.plaid.requestId).toBeTruthy();
});

test("A POST with a foreign Origin is refused", async ({ app }) => {
  const user = await app.signUp();
  for (const path of ["/plaid/create-link-token", "/trpc/plaid.createLinkToken", "/logout"]) {
    const response = await fetch(`${app.url}${path}`, {
      method: "POST",
      headers: {
        origin: "https://evil.example",
        cookie: user.cookie,
        "content-type": "application/json",
      },
      body: "{}",
    });
    expect([path, response.status]).toEqual([path, 403]);
  }
});

test("No token of this run is in the clear in the database or the log (N1, R3, I6)", async ({
  app,
}) => {
  const tables = ["items", "link_attempts", "account_activity", "accounts", "users"];
  for (const table of tables) {
    const rows = await app.query(`select * from ${table}`);
    expect(JSON.stringify(rows)).not.toMatch(/(access|public)-sandbox-/);
  }
  expect(app.logLines.join("")).not.toMatch(/(access|public|link)-sandbox-(?!\[redacted)/);
  expect(app.logLines.length).toBeGreaterThan(100);
});
