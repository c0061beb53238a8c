import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { endpoints } from "../../server/api/contract/endpoints.ts";
import { makeApiKey } from "../../server/auth/api-key-format.ts";
import { type Scope, scope } from "../../server/contracts/api-keys.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { built } from "../support/built.ts";
import { testWithApp } from "../support/fixtures.ts";
import { expireApiKey } from "../support/rows.ts";

const test = testWithApp();

/** Creates a key as the page does. */
async function makeKey(
  app: TestApp,
  user: TestUser,
  scopes: readonly Scope[] = scope.options,
  days = 90,
) {
  await app.stepUp(user);
  const response = await app.post(
    "/api/v1/api-keys",
    { name: "Test", scopes, expires_in_days: days },
    user,
  );
  expect(response.status).toBe(200);
  return { key: response.body.key as string, id: response.body.api_key.id as string };
}

async function call(app: TestApp, path: string, key: string, init: RequestInit = {}) {
  const response = await fetch(`${app.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  const body: any = await response.json();
  return { status: response.status, body, headers: response.headers };
}

test("An API key acts for the user who made it, and for no one else (G3)", async ({ app }) => {
  const [ada, bob] = [await app.signUp("analyst"), await app.signUp()];
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  const [adas, bobs] = [await makeKey(app, ada), await makeKey(app, bob)];
  const seen = await call(app, "/api/v1/accounts", adas.key);
  expect(seen.body.items).toHaveLength(1);
  expect(seen.body.items[0].accounts[0].item_id).toBe(seen.body.items[0].id);
  expect((await call(app, "/trpc/accounts.list", adas.key)).body.result.data.items).toHaveLength(1);
  expect((await call(app, "/api/v1/accounts", bobs.key)).body).toEqual({ items: [] });
  const foreign = await fetch(`${app.url}/api/v1/api-keys/${adas.id}`, {
    method: "DELETE",
    headers: { cookie: bob.cookie },
  });
  expect(foreign.status).toBe(404);
});

test("An API key that connects a bank sees it in its next read (I5)", async ({ app }) => {
  const { key } = await makeKey(app, await app.signUp("analyst"));
  expect((await call(app, "/api/v1/accounts", key)).body.items).toEqual([]);
  const body = JSON.stringify({ public_token: await app.publicToken() });
  expect((await call(app, "/api/v1/connections", key, { method: "POST", body })).body.outcome).toBe(
    "connected",
  );
  expect((await call(app, "/api/v1/accounts", key)).body.items).toHaveLength(1);
});

test("An API key is stored nowhere: not in the database, the list or the log (G3)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const { key } = await makeKey(app, ada);
  await call(app, "/api/v1/accounts", key);
  await call(app, `/api/v1/accounts?key=${key}`, key);
  const secret = key.split("_")[2]?.slice(0, 64) as string;
  const rows = await app.query("select api_keys::text as row from api_keys");
  const list = await fetch(`${app.url}/api/v1/api-keys`, { headers: { cookie: ada.cookie } });
  for (const text of [JSON.stringify(rows), await list.text(), app.logLines.join("\n")]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret, "hex").toString("base64"));
  }
  app.services.log.info({ header: `Bearer ${key}` }, "a careless line");
  expect(app.logLines.at(-1)).not.toContain(secret);
});

test("An API key that is wrong, unknown, revoked or expired returns 401 with its reason, which needs the secret (G3)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const [revoked, expired] = [await makeKey(app, ada), await makeKey(app, ada)];
  await fetch(`${app.url}/api/v1/api-keys/${revoked.id}`, {
    method: "DELETE",
    headers: { cookie: ada.cookie },
  });
  await expireApiKey(app, expired.id);
  const reason = async (key: string) => {
    const { status, body, headers } = await call(app, "/api/v1/plan", key);
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    return body.error.reason;
  };
  expect(await reason(revoked.key)).toBe("api_key_revoked");
  expect(await reason(expired.key)).toBe("api_key_expired");
  expect(await reason("")).toBe("api_key_invalid");
  expect(await reason("fsk_nonsense")).toBe("api_key_invalid");
  expect(await reason(`${revoked.key.slice(0, -1)}x`)).toBe("api_key_invalid");
  const unknown = makeApiKey();
  expect(await reason(unknown.key)).toBe("api_key_invalid");
  // The right id in a well-formed key with another secret gets the same response as an unknown id.
  await app.query("update api_keys set secret_hash = $1 where id = $2", [
    makeApiKey().secretHash,
    revoked.id,
  ]);
  expect(await reason(revoked.key)).toBe("api_key_invalid");
});

test("An API key that is wrong never falls back to the request's cookie (G3)", async ({ app }) => {
  const { cookie } = await app.signUp();
  const response = await fetch(`${app.url}/trpc/plan.get`, {
    headers: { cookie, authorization: "Bearer fsk_wrong" },
  });
  expect([response.status, await response.text()]).toEqual([
    401,
    expect.stringContaining("api_key_invalid"),
  ]);
});

test("Every procedure names its scope when the API key lacks it, over tRPC and REST (G3)", async ({
  app,
}) => {
  const ada = await app.signUp();
  for (const endpoint of endpoints) {
    const others = scope.options.filter((name) => name !== endpoint.scope);
    const { key } = await makeKey(app, ada, others);
    const trpc = await call(app, `/trpc/${endpoint.name}`, key, {
      method: endpoint.type === "mutation" ? "POST" : "GET",
      body: endpoint.type === "mutation" ? "{}" : undefined,
    });
    const rest = await call(app, `/api/v1${endpoint.path.replace("{id}", "x")}`, key, {
      method: endpoint.method,
      body: endpoint.method === "POST" ? "{}" : undefined,
    });
    const { data } = trpc.body.error;
    expect([trpc.status, rest.status, rest.body.error.reason]).toEqual([403, 403, data.reason]);
    if (endpoint.scope === "session") expect(data.reason).toBe("session_required");
    else {
      expect(data.reason).toBe("scope_missing");
      expect(rest.body.error.details).toEqual({ required: endpoint.scope, held: others });
    }
  }
});

test("An API key shows no page, and cannot make, list or revoke keys (G3)", async ({ app }) => {
  const { key } = await makeKey(app, await app.signUp());
  const page = await fetch(`${app.url}/dashboard`, {
    headers: { authorization: `Bearer ${key}` },
    redirect: "manual",
  });
  expect([page.status, page.headers.get("location")]).toEqual([
    302,
    expect.stringContaining("/login"),
  ]);
  expect((await call(app, "/api/v1/api-keys", key)).body.error.reason).toBe("session_required");
});

test("Calls are counted for each API key, batches by their calls, with RateLimit and Retry-After headers (G3)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const [{ key }, other] = [await makeKey(app, ada), await makeKey(app, ada)];
  const first = await call(app, "/api/v1/plan", key);
  expect(first.headers.get("ratelimit-policy")).toBe('"key";q=600;w=60');
  expect(first.headers.get("ratelimit")).toBe('"key";r=599;t=60');
  const batch = `/trpc/${Array(99).fill("plan.get").join(",")}?batch=1`;
  for (let sent = 0; sent < 6; sent++) expect((await call(app, batch, key)).status).toBe(200);
  expect((await call(app, "/api/v1/plan", key)).headers.get("ratelimit")).toMatch(/r=4;t=\d+/);
  const over = await call(app, batch, key);
  expect(over.status).toBe(429);
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(over.body[0].error.data.reason).toBe("rate_limited");
  expect(over.body[0].error.data.details).toMatchObject({ limit: 600, windowSeconds: 60 });
  expect(
    (await call(app, "/api/v1/plan", key)).body.error.details.retry_after_seconds,
  ).toBeGreaterThan(0);
  expect((await call(app, "/api/v1/plan", other.key)).status).toBe(200);
});

test("An API key's last use is stored by the minute (G3)", async ({ app }) => {
  const { key, id } = await makeKey(app, await app.signUp());
  const lastUsed = async () =>
    (await app.query("select last_used_at from api_keys where id = $1", [id]))[0].last_used_at;
  expect(await lastUsed()).toBeNull();
  await call(app, "/api/v1/plan", key);
  const first = await lastUsed();
  expect(first).toBeInstanceOf(Date);
  await call(app, "/api/v1/plan", key);
  expect(await lastUsed()).toEqual(first);
  await app.query("update api_keys set last_used_at = now() - interval '61 seconds'");
  await call(app, "/api/v1/plan", key);
  expect((await lastUsed()) >= first).toBe(true);
});

test("A user has at most 50 live API keys, however fast they are created (G3)", async ({ app }) => {
  const ada = await app.signUp();
  await app.stepUp(ada);
  const input = { name: "Many", scopes: ["accounts:read"], expires_in_days: 365 };
  const responses = await Promise.all(
    Array.from({ length: 60 }, () => app.post("/api/v1/api-keys", input, ada)),
  );
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(50);
  const refused = responses.find(({ status }) => status !== 200);
  expect([refused?.status, refused?.body.error.details]).toEqual([409, { limit: 50 }]);
});

test("The foreign-origin check guards cookies, while an API key works from another site's page (G3)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const { key } = await makeKey(app, ada);
  const origin = "https://elsewhere.example";
  const send = (headers: Record<string, string>) =>
    fetch(`${app.url}/api/v1/link-events`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, ...headers },
      body: '{"event_name":"OPEN"}',
    });
  expect((await send({ cookie: ada.cookie })).status).toBe(403);
  const allowed = await send({ authorization: `Bearer ${key}`, cookie: ada.cookie });
  expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
  const auth = await fetch(`${app.url}/api/auth/sign-out`, {
    method: "POST",
    headers: { origin, cookie: ada.cookie, authorization: `Bearer ${key}` },
  });
  expect(auth.status).toBe(403);
});

test("npm run api-key creates, lists and revokes keys (G3)", async ({ app }) => {
  const ada = await app.signUp();
  const run = async (...args: string[]) => {
    const file = [...built("api-key"), ...args];
    const env = { ...process.env, DATABASE_URL: app.databaseUrl };
    return promisify(execFile)(process.execPath, file, { env });
  };
  const made = await run("create", ada.email, "--scopes", "accounts:read,activity:read");
  const key = made.stdout.trim();
  expect(made.stderr).toContain("accounts:read, activity:read");
  expect((await call(app, "/api/v1/accounts", key)).status).toBe(200);
  const id = key.split("_")[1] as string;
  expect((await run("list", ada.email)).stdout).toMatch(new RegExp(`^${id} {2}live`));
  await run("revoke", ada.email, id);
  expect((await call(app, "/api/v1/accounts", key)).body.error.reason).toBe("api_key_revoked");
  await expect(run("create", ada.email, "--scopes", "everything")).rejects.toThrow("scopes.0");
  expect((await run("create", ada.email)).stderr).toContain(
    `may ${scope.options.join(", ")} until`,
  );
  for (const flag of ["--help", "-h"])
    expect((await run(flag)).stdout).toMatch(/^Usage, .*\n {2}npm run api-key -- create <email>/);
});
