import { createHook } from "node:async_hooks";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateToLatest, pendingMigrations } from "../../../db/migrate.ts";
import { migrations } from "../../../migrations/index.ts";
import { createApiKey } from "../../../server/auth/api-keys.ts";
import { createApiKeyInput, type Scope, scope } from "../../../server/contracts/api-keys.ts";
import { timeLimits } from "../../../server/time-limits.ts";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { withEmptyDatabase } from "../../support/database.ts";
import { lockUser, refuseWrites } from "../../support/database-faults.ts";
import {
  ageStepUps,
  apiKeysOf,
  deleteStepUps,
  lockWaiters,
  sessionsOf,
} from "../../support/rows.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

/** A user whose session has no step-up. */
async function signUp() {
  const user = await app.signUp();
  await deleteStepUps(app, user);
  return user;
}

type Credentials = { cookie?: string; authorization?: string };
const wanted = { name: "Left behind", scopes: ["accounts:read"] as Scope[] };

async function send(path: string, who: Credentials, body: object) {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...who },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function submit(path: string, who: Credentials, fields: Record<string, string>) {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: app.url, ...who },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, text: await response.text() };
}

/** Every way to make a key, with the password if it is given. */
const faces = {
  tRPC: async (who: Credentials, password?: string) => {
    const proof = password && (await send("/trpc/session.stepUp", who, { password }));
    return proof && proof.status !== 200
      ? proof
      : send("/trpc/apiKeys.create", who, { ...wanted, expiresInDays: 90 });
  },
  "a tRPC batch": async (who: Credentials, password?: string) => {
    const proof =
      password && (await send("/trpc/session.stepUp?batch=1", who, { 0: { password } }));
    return proof && proof.status !== 200
      ? proof
      : send("/trpc/apiKeys.create?batch=1", who, { 0: { ...wanted, expiresInDays: 90 } });
  },
  REST: async (who: Credentials, password?: string) => {
    const proof = password && (await send("/api/v1/session/step-up", who, { password }));
    return proof && proof.status !== 200
      ? proof
      : send("/api/v1/api-keys", who, { ...wanted, expires_in_days: 90 });
  },
  "the page's form": (who: Credentials, password?: string) =>
    submit("/settings/api-keys", who, {
      intent: "make",
      name: wanted.name,
      scopes: "accounts:read",
      expires: "90",
      ...(password === undefined ? {} : { password }),
    }),
};
const every = Object.entries(faces);

test.each(every)("A session alone makes no API key through %s", async (name, make) => {
  const ada = await signUp();
  const { status, text } = await make(ada);
  expect(status).toBe(403);
  if (name !== "the page's form") expect(text).toContain("step_up_required");
  expect(await apiKeysOf(app, ada)).toEqual([]);
});

test.each(every)("The password allows an API key through %s", async (_name, make) => {
  const ada = await signUp();
  expect((await make(ada, "not the password")).status).toBe(403);
  expect(await apiKeysOf(app, ada)).toEqual([]);
  expect((await make(ada, ada.password)).status).toBe(200);
  expect(await apiKeysOf(app, ada)).toHaveLength(1);
});

test("A step-up does not count when it is eleven minutes old, another session's, or only a log-in", async () => {
  const ada = await signUp();
  const { headers } = await app.post("/api/auth/sign-in/email", ada);
  const session = headers.getSetCookie().find((line) => line.includes("session_token"));
  const stolen = { cookie: session?.split(";")[0] ?? "" };
  expect((await faces.REST(ada, ada.password)).status).toBe(200);
  for (const [name, make] of every)
    expect([name, (await make(stolen)).status]).toEqual([name, 403]);
  for (const [name, make] of every) expect([name, (await make(ada)).status]).toEqual([name, 200]);
  await ageStepUps(app, 11);
  for (const [name, make] of every) expect([name, (await make(ada)).status]).toEqual([name, 403]);
});

test("Step-ups count guesses together over all ways, and do not hash the eleventh", async () => {
  const ada = await signUp();
  const change = (who: Credentials, currentPassword: string) =>
    submit("/settings/security", who, { currentPassword, newPassword: "another good one" });
  const guesses = [...Object.values(faces), change];
  for (let n = 0; n < 10; n++) {
    const guess = guesses[n % guesses.length] as (typeof guesses)[number];
    expect([400, 403]).toContain((await guess(ada, `guess ${n}`)).status);
  }
  let hashes = 0;
  const count = (_id: number, type: string) => {
    if (type === "SCRYPTREQUEST") hashes++;
  };
  const hook = createHook({ init: count }).enable();
  for (const guess of guesses) expect((await guess(ada, ada.password)).status).toBe(429);
  hook.disable();
  expect(hashes).toBe(0);
  const refused = await app.post("/api/v1/session/step-up", { password: ada.password }, ada);
  expect(refused.body.error.reason).toBe("too_many_attempts");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(60);
  expect(await apiKeysOf(app, ada)).toEqual([]);
  // Other users at the same address are not throttled.
  const grace = await signUp();
  expect((await faces.REST(grace, grace.password)).status).toBe(200);
});

test("An API key makes no key and passes no step-up, whatever its scopes and the cookie beside it", async () => {
  const ada = await signUp();
  expect((await faces.REST(ada, ada.password)).status).toBe(200);
  const everything = { name: "All", scopes: scope.options, expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, ada.id, everything);
  const who = { authorization: `Bearer ${key}`, cookie: ada.cookie };
  for (const [name, make] of every) {
    const alone = await make(who);
    const { status, text } = await make(who, ada.password);
    if (name === "the page's form") expect([alone.status, status]).toEqual([302, 302]);
    else
      expect([alone.status, status, text]).toEqual([
        403,
        403,
        expect.stringContaining("session_required"),
      ]);
  }
  expect(await apiKeysOf(app, ada)).toHaveLength(2);
});

test("An API key expires after a year unless the request names less", async () => {
  const ada = await signUp();
  await app.stepUp(ada);
  for (const days of [366, 3650, null, 0, -1]) {
    const input = { ...wanted, expires_in_days: days };
    const { status, body } = await app.post("/api/v1/api-keys", input, ada);
    expect([days, status, body.error.reason]).toEqual([days, 400, "invalid_input"]);
    expect(createApiKeyInput.safeParse({ ...wanted, expiresInDays: days }).success).toBe(false);
  }
  const form = { name: "Ever", scopes: "accounts:read", expires: "never" };
  expect((await submit("/settings/api-keys", ada, form)).status).toBe(400);
  expect((await app.post("/api/v1/api-keys", wanted, ada)).status).toBe(200);
  const [key] = await apiKeysOf(app, ada);
  const seconds = (Number(key?.expires_at) - Number(key?.created_at)) / 1000;
  expect(Math.abs(seconds - 365 * 24 * 60 * 60)).toBeLessThan(60);
});

test("The migration ends unlimited API keys after a year and keeps earlier expiries", async () => {
  await withEmptyDatabase(async (url, db) => {
    const before = Object.entries(migrations).filter(([name]) => name < "020");
    await migrateToLatest(url, timeLimits.databaseSetUp, Object.fromEntries(before));
    const client = new pg.Client(url);
    await client.connect();
    try {
      // More than one batch of the migration changes.
      await client.query(`
        with new_user as (insert into users (name, email) values ('Ada', 'ada@example.com') returning id)
        insert into api_keys (id, user_id, secret_hash, name, scopes, expires_at, revoked_at)
        select lpad(to_hex(n), 16, '0'), new_user.id, decode(repeat('00', 32), 'hex'),
          (array['ever', 'long', 'short', 'revoked'])[n % 4 + 1], '{accounts:read}',
          case n % 4 when 1 then now() + interval '10 years' when 2 then now() + interval '1 day' end,
          case n % 4 when 3 then now() end
        from generate_series(1, 2500) n, new_user`);
      await migrateToLatest(url, timeLimits.databaseSetUp);
      const { rows } = await client.query(`
        select name, round(extract(epoch from expires_at - now()) / 86400)::int as days, count(*)::int
        from api_keys group by 1, 2 order by 1`);
      expect(rows).toEqual([
        { name: "ever", days: 365, count: 625 },
        { name: "long", days: 365, count: 625 },
        { name: "revoked", days: null, count: 625 },
        { name: "short", days: 1, count: 625 },
      ]);
      expect(await pendingMigrations(db)).toEqual([]);
    } finally {
      await client.end();
    }
  });
});

test("A password change revokes keys, ends other sessions and their step-ups, as ticked", async () => {
  for (const [endOthers, revokeKeys] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ]) {
    const ada = await signUp();
    await app.post("/api/auth/sign-in/email", ada);
    await app.stepUp(ada);
    const made = await createApiKey(app.services.db, ada.id, {
      ...createApiKeyInput.parse(wanted),
    });
    const changed = await submit("/settings/security", ada, {
      currentPassword: ada.password,
      newPassword: "another good one",
      ...(endOthers ? { endOthers: "on" } : {}),
      ...(revokeKeys ? { revokeKeys: "on" } : {}),
    });
    expect(changed.status).toBe(200);
    const used = await fetch(`${app.url}/api/v1/plan`, {
      headers: { authorization: `Bearer ${made.key}` },
    });
    expect(used.status).toBe(revokeKeys ? 401 : 200);
    const sessions = await sessionsOf(app, ada);
    expect(sessions).toHaveLength(endOthers ? 1 : 2);
    // A step-up with the old password no longer counts.
    expect(sessions.filter(({ proved_at }) => proved_at !== null)).toHaveLength(1);
    const again = { email: ada.email, password: "another good one" };
    expect((await app.post("/api/auth/sign-in/email", again)).status).toBe(200);
    expect((await app.post("/api/auth/sign-in/email", ada)).status).toBe(401);
  }
});

test("apiKeys.create makes no key when the password changes while it waits, even if its session has a step-up", async () => {
  const ada = await signUp();
  const { headers } = await app.post("/api/auth/sign-in/email", ada);
  const session = headers.getSetCookie().find((line) => line.includes("session_token"));
  await app.stepUp(ada);
  const release = await lockUser(app, ada);
  const waiting = (count: number) => expect.poll(() => lockWaiters(app)).toHaveLength(count);
  try {
    const passwords = { currentPassword: ada.password, newPassword: "another good one" };
    const changed = submit("/settings/security", ada, { ...passwords, revokeKeys: "on" });
    await waiting(1);
    const made = faces.REST({ cookie: session?.split(";")[0] ?? "" });
    await waiting(2);
    await release();
    expect((await changed).status).toBe(200);
    expect((await made).text).toContain("step_up_required");
  } finally {
    await release();
  }
  expect(await apiKeysOf(app, ada)).toEqual([]);
});

test("A failed password change keeps sessions and keys, and a failed revocation keeps the password", async () => {
  const ada = await signUp();
  await app.post("/api/auth/sign-in/email", ada);
  await createApiKey(app.services.db, ada.id, createApiKeyInput.parse(wanted));
  const change = (currentPassword: string) =>
    submit("/settings/security", ada, {
      currentPassword,
      newPassword: "another good one",
      endOthers: "on",
      revokeKeys: "on",
    });
  expect((await change("not the password")).status).toBe(400);
  const allow = await refuseWrites(app, "before update of revoked_at on api_keys");
  try {
    expect((await change(ada.password)).status).toBe(500);
  } finally {
    await allow();
  }
  expect(await sessionsOf(app, ada)).toHaveLength(2);
  expect((await apiKeysOf(app, ada)).filter(({ revoked_at }) => revoked_at !== null)).toEqual([]);
  expect((await app.post("/api/auth/sign-in/email", ada)).status).toBe(200);
});
