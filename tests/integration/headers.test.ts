import { request } from "node:http";
import { afterAll, expect } from "vitest";
import { freePort } from "../../local/ports.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { parseConfig } from "../../server/config.ts";
import { type RunningServer, startServer } from "../../server/server.ts";
import type { TestUser } from "../support/app.ts";
import { addBank } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { sessionsOf } from "../support/rows.ts";

/** The app as it runs in production, behind a load balancer that terminates TLS. */
const test = testWithApp();
let server: RunningServer;
let url: string;
const appUrl = "https://app.fiscility.test";
const logLines: string[] = [];
const write = (line: string) => {
  logLines.push(line);
};
const logIn = (user: { email: string; password: string }, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: appUrl, ...headers },
    body: JSON.stringify(user),
  });
test.beforeAll(async ({ app }) => {
  const port = await freePort();
  const config = parseConfig({ ...app.env, PORT: String(port) });
  const plaid = { ...config.plaid, standIn: undefined };
  server = await startServer(
    { ...config, plaid, production: true, appUrl },
    { destination: { write } },
  );
  url = `http://localhost:${port}`;
});
afterAll(async () => {
  await server?.close();
});

test("Every response in production has the headers that ASVS 3.4 names", async () => {
  for (const path of ["/trpc/accounts.list", "/api/v1/accounts", "/plaid/exchange-token"]) {
    const { headers } = await fetch(`${url}${path}`);
    expect(headers.get("strict-transport-security"), path).toMatch(/^max-age=31536000/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
  }
  for (const path of ["/login", "/nowhere", "/api/openapi.json", "/healthz"]) {
    const { headers } = await fetch(`${url}${path}`);
    expect(headers.get("strict-transport-security"), path).toMatch(
      /^max-age=31536000; includeSubDomains/,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-powered-by")).toBeNull();
    const csp = headers.get("content-security-policy") ?? "";
    const directives = new Map(
      csp.split(";").map((one) => {
        const [name = "", ...values] = one.trim().split(" ");
        return [name, values.join(" ")] as const;
      }),
    );
    expect(directives.get("default-src")).toBe("'self'");
    expect(directives.get("object-src")).toBe("'none'");
    expect(directives.get("base-uri")).toBe("'none'");
    expect(directives.get("frame-ancestors")).toBe("'none'");
    expect(directives.get("form-action")).toBe("'self'");
    expect(directives.get("frame-src")).toBe("https://cdn.plaid.com");
    expect(directives.get("script-src")).toMatch(
      /^'self' 'nonce-[A-Za-z0-9+/]{22}==' https:\/\/cdn\.plaid\.com$/,
    );
  }
});

test("Streams, refused streams, preflights and unknown addresses have the same headers", async ({
  app,
}) => {
  const { id } = await app.signUp();
  const { key } = await createApiKey(app.services.db, id, {
    name: "Live",
    scopes: ["accounts:read"],
    expiresInDays: 1,
  });
  const preflight = { "access-control-request-method": "GET", origin: "https://other.test" };
  const stop = new AbortController();
  for (const [path, status, init] of [
    ["/trpc/live.changes", 200, { headers: { authorization: `Bearer ${key}` } }],
    ["/trpc/live.changes", 405, { method: "HEAD" }],
    ["/api/v1/accounts", 204, { method: "OPTIONS", headers: preflight }],
    ["/%", 404, {}],
  ] as const) {
    const response = await fetch(`${url}${path}`, { ...init, signal: stop.signal });
    expect(response.status, path).toBe(status);
    expect(response.headers.get("strict-transport-security")).toMatch(/^max-age=31536000/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  }
  stop.abort();
});

test("A response that may hold a user's data is never cached by browser or proxy", async ({
  app,
}) => {
  const { cookie } = await app.signUp("cfo");
  for (const path of [
    "/trpc/accounts.list",
    "/trpc/accounts.list,plan.get?batch=1",
    "/api/v1/accounts",
    "/dashboard",
    "/dashboard.data",
    "/transactions",
    "/activity",
    "/settings/account",
    "/settings/export/transactions.csv",
  ]) {
    // Logged in and logged out: a refusal must not be cached either.
    for (const headers of [{ cookie }, undefined]) {
      const response = await fetch(`${app.url}${path}`, { headers, redirect: "manual" });
      await response.text();
      const kept = response.headers.get("cache-control");
      if (response.status !== 302) expect(kept, `${path} ${response.status}`).toMatch(/^no-store/);
    }
  }
  const asset = (await (await fetch(`${app.url}/login`)).text()).match(
    /\/assets\/[\w.-]+\.js/,
  )?.[0];
  const { headers } = await fetch(`${app.url}${asset}`);
  expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
});

test("A TRACE is refused on pages and on the API", async ({ app }) => {
  for (const path of ["/dashboard", "/trpc/accounts.list", "/api/v1/accounts"]) {
    const [status] = await new Promise<[number | undefined]>((resolve, reject) => {
      const { hostname, port } = new URL(app.url);
      request({ hostname, port, path, method: "TRACE" }, (res) => resolve([res.statusCode]))
        .once("error", reject)
        .end();
    });
    expect(status, path).toBe(405);
  }
});

test("Each page has a nonce of its own on every script element", async () => {
  const nonces = new Set<string>();
  for (let n = 0; n < 2; n++) {
    const response = await fetch(`${url}/login`);
    const [, nonce = ""] =
      /'nonce-([^']+)'/.exec(response.headers.get("content-security-policy") ?? "") ?? [];
    const scripts = [
      ...(await response.text()).matchAll(/<script(?![^>]*type="text\/plain")[^>]*>/g),
    ];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [script] of scripts) expect(script).toContain(`nonce="${nonce}"`);
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(2);
});

test("The cookies of a log-in are Secure, HttpOnly and SameSite, with prefixed names", async ({
  app,
}) => {
  const { email, password } = await app.signUp();
  const response = await logIn({ email, password });
  expect(response.status).toBe(200);
  const cookies = response.headers.getSetCookie();
  expect(cookies.length).toBeGreaterThan(1);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/^__(Host|Secure)-fiscility\./);
    expect(cookie).toMatch(/; Secure/);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toMatch(/domain=/i);
  }
});

test("The cookies of pages belong to this host only, and those of a sibling host are ignored", async () => {
  const send = (path: string, form: Record<string, string>) =>
    fetch(`${url}${path}`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: appUrl },
      body: new URLSearchParams(form),
    });
  const user = { name: "Ada", email: "ada@example.com", password: "a password of hers alone" };
  const cookies = [
    ...(await send("/appearance", { scheme: "dark" })).headers.getSetCookie(),
    ...(await send("/signup", user)).headers.getSetCookie(),
  ];
  const attributes = "Path=/; HttpOnly; Secure; SameSite=Lax";
  expect(cookies).toEqual([
    expect.stringMatching(`^__Host-fiscility.scheme=.+; Max-Age=31536000; ${attributes}$`),
    expect.stringMatching(`^__Host-fiscility.signed-up=.+; Max-Age=300; ${attributes}$`),
  ]);
  const [cookie = ""] = cookies[0]?.split(";") ?? [];
  const page = async (cookie: string) =>
    (await fetch(`${url}/login`, { headers: { cookie } })).text();
  expect(await page(cookie)).toContain('data-scheme="dark"');
  expect(await page(cookie.replace("__Host-", ""))).not.toContain('data-scheme="dark"');
});

test("A form or a call that another site sends is refused, the log-in included", async () => {
  for (const path of [
    "/login",
    "/signup",
    "/logout",
    "/api/auth/sign-in/email",
    "/trpc/account.delete",
    "/api/v1/account",
  ]) {
    for (const origin of ["https://evil.example", "null", "http://app.fiscility.test"]) {
      const method = path === "/api/v1/account" ? "DELETE" : "POST";
      const response = await fetch(`${url}${path}`, { method, headers: { origin } });
      expect(response.status, `${path} from ${origin}`).toBe(403);
    }
  }
});

test("The demo user does not exist in production", async () => {
  const response = await logIn({ email: "demo@fiscility.test", password: "demo-password" });
  expect(response.status).toBe(401);
});

test("A log-in stores the address that the load balancer saw, whatever headers came before it", async ({
  app,
}) => {
  const user = await app.signUp();
  const forged = { "x-forwarded-for": "6.6.6.6, 203.0.113.7", "x-real-ip": "6.6.6.6" };
  expect((await logIn(user, { ...forged, forwarded: "for=6.6.6.6" })).status).toBe(200);
  const session = (await sessionsOf(app, user)).at(-1);
  expect(session?.ip_address).toBe("203.0.113.7");
});

test("A refusal logs its reason and request id, and nothing of what was sent", async () => {
  const response = await fetch(`${url}/plaid/exchange-token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ public_token: "public-sandbox-of-nobody" }),
  });
  expect(response.status).toBe(401);
  const requestId = response.headers.get("x-request-id");
  const lines = logLines.map((line) => JSON.parse(line));
  expect(lines.filter((line) => line.event === "refused" && line.requestId === requestId)).toEqual([
    expect.objectContaining({ reason: "unauthenticated", name: "/plaid/exchange-token" }),
  ]);
  expect(logLines.join()).not.toContain("public-sandbox-of-nobody");
});

test("A response of the API states its length in bytes, unless it is compressed", async ({
  app,
}) => {
  const [few, many] = [await app.signUp("analyst"), await app.signUp("cfo")];
  const accounts = (count: number) => Array.from({ length: count }, () => ({ balance: "1" }));
  await addBank(app, few, "Banque Générale €", accounts(1), []);
  await addBank(app, many, "Banque Générale €", accounts(40), []);
  for (const path of ["/trpc/accounts.list", "/api/v1/accounts"]) {
    // `fetch` decompresses, so it cannot show what was sent.
    const get = (user: TestUser, encoding: string) =>
      new Promise<{ length: string | undefined; encoding: string | undefined; bytes: number }>(
        (resolve, reject) => {
          const headers = { cookie: user.cookie, "accept-encoding": encoding };
          request(`${app.url}${path}`, { headers }, async (response) => {
            let bytes = 0;
            for await (const chunk of response) bytes += (chunk as Buffer).length;
            const { "content-length": length, "content-encoding": encoding } = response.headers;
            resolve({ length, encoding, bytes });
          })
            .on("error", reject)
            .end();
        },
      );
    const plain = await get(many, "identity");
    expect(plain.bytes, path).toBeGreaterThan(8_192);
    expect(plain.length, path).toBe(String(plain.bytes));
    const small = await get(many, "gzip");
    expect(small.encoding, path).toBe("gzip");
    expect(small.length, path).toBeUndefined();
    expect(small.bytes).toBeLessThan(plain.bytes);
    const short = await get(few, "gzip");
    expect(short, path).toEqual({ length: String(short.bytes), bytes: short.bytes });
  }
});
