import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { pooled: true });
});
afterAll(() => app?.close());
beforeEach(() => app.clearFaults());

const exchange = (token: string, person: Person, metadata?: unknown) =>
  app.post("/plaid/exchange-token", { public_token: token, metadata }, person);

async function list(person: Person) {
  const response = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { cookie: person.cookie },
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

/** Every table that a failed connection must leave as it was. */
const counts = async () =>
  (
    await app.query(
      "select (select count(*) from items) items, (select count(*) from accounts) accounts, (select sum(data_version) from users) versions",
    )
  )[0];

/** Items whose token we once held, that are still alive at Plaid and that nobody here owns. */
const orphans = async () => (await compareBooks(app)).orphans;

test("P1 every procedure and page answers 401 or a redirect without a session", async () => {
  for (const path of ["/plaid/create-link-token", "/plaid/exchange-token"]) {
    const answer = await app.post(path, { public_token: "public-sandbox-1" });
    expect([path, answer.status, answer.body.error.reason]).toEqual([path, 401, "unauthenticated"]);
    expect(answer.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  }
  for (const name of ["accounts.list", "plan.get", "activity.list"]) {
    const answer = await fetch(`${app.url}/trpc/${name}`);
    expect([name, answer.status]).toEqual([name, 401]);
  }
  for (const name of ["connectAccount", "plaid.createLinkToken", "plaid.recordLinkEvent"]) {
    expect([name, (await app.post(`/trpc/${name}`, {})).status]).toEqual([name, 401]);
  }
  for (const page of ["/dashboard", "/activity"]) {
    const answer = await fetch(`${app.url}${page}`, { redirect: "manual" });
    expect([page, answer.status]).toEqual([page, 302]);
    expect(answer.headers.get("location")).toContain("/login");
  }
  const wrongKey = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { authorization: "Bearer nothing", cookie: (await app.signUp()).cookie },
  });
  expect(wrongKey.status).toBe(401);
});

test("S1 R1 a link_token is generated and sent, over REST and tRPC alike", async () => {
  const person = await app.signUp();
  const rest = await app.post("/plaid/create-link-token", {}, person);
  expect(rest.status).toBe(200);
  expect(rest.body.link_token).toMatch(/^link-sandbox-/);
  expect(Date.parse(rest.body.expiration)).toBeGreaterThan(Date.now());
  const trpc = await app.post("/trpc/plaid.createLinkToken", {}, person);
  expect(trpc.body.result.data.linkToken).toMatch(/^link-sandbox-/);
});

test("S3 R2 R3 R5 the public_token becomes an Item with its accounts, for the right user", async () => {
  const person = await app.signUp("analyst");
  const answer = await exchange(await app.publicToken(), person);
  expect(answer.status).toBe(200);
  expect(answer.body.outcome).toBe("connected");
  expect(answer.body.item.institution.id).toBe("ins_109508");
  const [item] = await app.query("select * from items where user_id = $1", [person.id]);
  expect(item.id).toBe(answer.body.item.id);
  expect(item.access_token_sealed).toMatch(/^v2\.t1\./);
  const accounts = await app.query("select * from accounts where user_id = $1", [person.id]);
  expect(accounts).toHaveLength(answer.body.accounts.length);
  expect(accounts.length).toBeGreaterThan(0);
  const [attempt] = await app.query("select * from link_attempts where id = $1", [item.id]);
  expect([attempt.status, attempt.access_token_sealed]).toEqual(["connected", null]);
});

test("R5 a user id in the request is refused, and another user sees nothing", async () => {
  const [person, other] = [await app.signUp("analyst"), await app.signUp()];
  const token = await app.publicToken();
  const forged = await app.post(
    "/plaid/exchange-token",
    { public_token: token, user_id: other.id },
    person,
  );
  expect([forged.status, forged.body.error.reason]).toEqual([400, "invalid_input"]);
  expect((await exchange(token, person)).status).toBe(200);
  expect(await list(other)).toEqual([]);
  const stolen = await exchange(token, other);
  expect([stolen.status, stolen.body.error.reason]).toEqual([400, "public_token_invalid"]);
});

test("I2 the same public_token sent again gets the first result, and Plaid one exchange", async () => {
  const person = await app.signUp("analyst");
  const token = await app.publicToken();
  const before = await app.requestsAtPlaid("/item/public_token/exchange");
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(token, person)));
  expect(answers.map((a) => a.status).filter((s) => s !== 200)).toEqual([]);
  expect(answers.filter((a) => a.body.outcome === "connected")).toHaveLength(1);
  expect(new Set(answers.map((a) => a.body.item.id)).size).toBe(1);
  expect((await app.requestsAtPlaid("/item/public_token/exchange")) - before).toBe(1);
});

test("P2 E5 at the limit no link_token is made, and the answer says the plan and its limit", async () => {
  const person = await app.signUp("intern");
  await app.query(
    `insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
     values (gen_random_uuid(), $1::uuid, $1::uuid::text, 'x', 'x')`,
    [person.id],
  );
  await app.query(
    `insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
     select id, user_id, user_id::text || n, n, 'x', 'depository'
     from items, generate_series(0, 1) n where user_id = $1`,
    [person.id],
  );
  const answer = await app.post("/plaid/create-link-token", {}, person);
  expect([answer.status, answer.body.error.reason]).toEqual([403, "limit_reached"]);
  expect(answer.body.error.details).toEqual({ plan: "Intern", limit: 2, used: 2, wanted: 1 });
});

test("P2 E5 I3 a bank with more accounts than there is room for leaves nothing, here or at Plaid", async () => {
  const person = await app.signUp("intern");
  const before = await counts();
  const answer = await exchange(await app.publicToken(), person);
  expect([answer.status, answer.body.error.reason]).toEqual([403, "limit_reached"]);
  expect(answer.body.error.details.wanted).toBeGreaterThan(2);
  expect(await counts()).toEqual(before);
  expect(await orphans()).toBe(0);
  const [entry] = await app.query("select * from account_activity where user_id = $1", [person.id]);
  expect([entry.kind, entry.reason]).toEqual(["refused", "limit_reached"]);
});

test("P2 I3 fifty racing connections never hold more accounts than the plan allows", async () => {
  const person = await app.signUp("accountant");
  const tokens = await Promise.all(
    Array.from({ length: 50 }, (_, n) => app.publicToken("ins_109508", `user_race${n}`)),
  );
  const answers = await Promise.all(tokens.map((token) => exchange(token, person)));
  const [{ n }] = await app.query("select count(*)::int n from accounts where user_id = $1", [
    person.id,
  ]);
  expect(n).toBeLessThanOrEqual(10);
  expect(n).toBeGreaterThan(0);
  const connected = answers.filter((a) => a.status === 200);
  expect(connected.length).toBeGreaterThan(0);
  const items = await app.query("select plaid_item_id from items where user_id = $1", [person.id]);
  expect(items).toHaveLength(connected.length);
});

test.each([
  ["RATE_LIMIT_EXCEEDED", 503, "busy"],
  ["INSTITUTION_DOWN", 503, "bank_unavailable"],
  ["INVALID_PUBLIC_TOKEN", 400, "public_token_invalid"],
])(
  "E3 R7 the exchange fails with %s: an error, no partial writes",
  async (code, status, reason) => {
    const person = await app.signUp("analyst");
    const token = await app.publicToken();
    const before = await counts();
    await app.fault({ path: "/item/public_token/exchange", times: 3, do: { error: code } });
    const answer = await exchange(token, person);
    expect([answer.status, answer.body.error.reason]).toEqual([status, reason]);
    expect(JSON.stringify(answer.body)).not.toContain(code);
    expect(await counts()).toEqual(before);
    // Of a rate limit Plaid names the class in error_type; of the others the code is the name.
    const line = app.logLines.findLast((l) => l.includes(`":"${code}"`)) ?? "{}";
    expect(JSON.parse(line).plaid.requestId).toBeTruthy();
    const entries = await app.query("select * from account_activity where user_id = $1", [
      person.id,
    ]);
    expect(entries).toHaveLength(1);
  },
);

test("E3 after a retryable failure the same public_token connects", async () => {
  const person = await app.signUp("analyst");
  const token = await app.publicToken();
  await app.fault({
    path: "/item/public_token/exchange",
    times: 3,
    do: { error: "RATE_LIMIT_EXCEEDED" },
  });
  expect((await exchange(token, person)).status).toBe(503);
  expect((await exchange(token, person)).body.outcome).toBe("connected");
});

test.each([
  { error: "INTERNAL_SERVER_ERROR" },
  { error: "ITEM_LOGIN_REQUIRED" },
  { drop: "before" },
  { malformed: true },
])(
  "E4 I1 I4 the accounts cannot be read after the exchange (%j): nothing is kept and the Item is removed",
  async (what) => {
    const person = await app.signUp("analyst");
    const before = await counts();
    await app.fault({ path: "/accounts/get", times: 3, do: what });
    const answer = await exchange(await app.publicToken(), person);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await counts()).toEqual(before);
    expect(await orphans()).toBe(0);
    const [attempt] = await app.query("select * from link_attempts where user_id = $1", [
      person.id,
    ]);
    expect([attempt.status, attempt.access_token_sealed]).toEqual(["failed", null]);
  },
);

test.each(["items", "accounts", "account_activity"])(
  "E4 I1 I4 the insert into %s fails after the exchange: nothing is kept, and a retry ends with one Item",
  async (table) => {
    const person = await app.signUp("analyst");
    await app.query(
      `create function refuse_${table}() returns trigger language plpgsql as
         $$ begin if new.user_id = '${person.id}' ${
           table === "account_activity" ? "and new.kind = 'connected'" : ""
         } then raise exception 'refused'; end if; return new; end $$`,
    );
    await app.query(
      `create trigger refuse before insert on ${table} for each row execute function refuse_${table}()`,
    );
    const token = await app.publicToken();
    const answer = await exchange(token, person);
    expect([answer.status, answer.body.error.reason]).toEqual([500, "connect_failed"]);
    expect(await app.query("select 1 from items where user_id = $1", [person.id])).toEqual([]);
    expect(await orphans()).toBe(0);
    await app.query(`drop trigger refuse on ${table}`);
    expect((await exchange(token, person)).body.error.reason).toBe("connect_failed");
    expect((await exchange(await app.publicToken(), person)).status).toBe(200);
    expect(await app.query("select 1 from items where user_id = $1", [person.id])).toHaveLength(1);
  },
);

test("E1 token generation fails: a generic error, with Plaid's words only in the log", async () => {
  const person = await app.signUp();
  await app.fault({ path: "/link/token/create", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const answer = await app.post("/plaid/create-link-token", {}, person);
  expect([answer.status, answer.body.error.reason]).toEqual([502, "link_unavailable"]);
  expect(JSON.stringify(answer.body)).not.toContain("INTERNAL_SERVER_ERROR");
  expect(app.logLines.findLast((line) => line.includes("link_unavailable"))).toContain(
    "INTERNAL_SERVER_ERROR",
  );
});

test("N2 R4 I5 the list is cached, and a connection shows in the next read", async () => {
  const [person, other] = [await app.signUp("analyst"), await app.signUp()];
  expect(await list(person)).toEqual([]);
  expect(await list(other)).toEqual([]);
  await exchange(await app.publicToken(), person);
  const items = await list(person);
  expect(items).toHaveLength(1);
  await app.query("update accounts set name = 'behind the cache' where user_id = $1", [person.id]);
  expect(await list(person)).toEqual(items);
});

test("R6 I8 a connection leaves one activity entry and one log line with Plaid's request_id", async () => {
  const person = await app.signUp("analyst");
  await exchange(await app.publicToken(), person);
  const entries = await app.query("select * from account_activity where user_id = $1", [person.id]);
  expect(entries.map((e) => e.kind)).toEqual(["connected"]);
  const lines = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === "connection" && line.userId === person.id);
  expect(lines).toHaveLength(1);
  expect(lines[0].plaidRequestId).toBe(entries[0].plaid_request_id);
  expect(Object.keys(lines[0].ms)).toContain("exchange");
});

test.each([
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
])(
  "bad input, %s: a reason, a 4xx, a requestId, no stack, no row",
  async (_name, body, status, reason) => {
    const person = await app.signUp();
    const before = await counts();
    const answer = await app.post("/plaid/exchange-token", body, person);
    expect([answer.status, answer.body.error.reason]).toEqual([status, reason]);
    expect(answer.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.ts/);
    expect(await counts()).toEqual(before);
  },
);

test("bad input, a public_token older than its 30 minutes: a reason, a 4xx, a requestId, no row", async () => {
  const person = await app.signUp("analyst");
  const [kept, expired] = [await app.publicToken(), await app.publicToken()];
  await app.advanceClock(29 * 60);
  expect((await exchange(kept, person)).status).toBe(200);
  const before = await counts();
  await app.advanceClock(2 * 60);
  const answer = await exchange(expired, person);
  expect([answer.status, answer.body.error.reason]).toEqual([400, "public_token_invalid"]);
  expect(answer.body.error.message).toMatch(/has expired or was already used/);
  expect(answer.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.stringify(answer.body)).not.toContain("INVALID_PUBLIC_TOKEN");
  expect(await counts()).toEqual(before);
  const line = JSON.parse(app.logLines.findLast((l) => l.includes("INVALID_PUBLIC_TOKEN")) ?? "{}");
  expect(line.plaid.requestId).toBeTruthy();
});

test("a POST with a foreign Origin is refused", async () => {
  const person = await app.signUp();
  for (const path of ["/plaid/create-link-token", "/trpc/plaid.createLinkToken", "/logout"]) {
    const answer = await fetch(`${app.url}${path}`, {
      method: "POST",
      headers: {
        origin: "https://evil.example",
        cookie: person.cookie,
        "content-type": "application/json",
      },
      body: "{}",
    });
    expect([path, answer.status]).toEqual([path, 403]);
  }
});

test("N1 R3 I6 no token of this run stands in the clear in the database or the log", async () => {
  const tables = ["items", "link_attempts", "account_activity", "accounts", "users"];
  for (const table of tables) {
    const rows = await app.query(`select * from ${table}`);
    expect(JSON.stringify(rows)).not.toMatch(/(access|public)-sandbox-/);
  }
  expect(app.logLines.join("")).not.toMatch(/(access|public|link)-sandbox-(?!\[redacted)/);
  expect(app.logLines.length).toBeGreaterThan(100);
});
