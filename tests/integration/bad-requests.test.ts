import { once } from "node:events";
import http from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { nextPath } from "../../app/auth/next-path.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";

/** Requests that `fuzz.test.ts` has found: each caused a 5xx, a hang or a bypass once. */
const test = testWithApp();
let user: TestUser;
test.beforeAll(async ({ app }) => {
  user = await app.signUp();
});

async function send(
  app: TestApp,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(app.url);
  const request = http.request({
    ...{ hostname, port, method, path },
    headers: { cookie: user.cookie, ...headers },
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}
const json = { "content-type": "application/json" };

test("A request with an invalid or foreign Host gets a response without naming it", async ({
  app,
}) => {
  expect((await send(app, "GET", "/login", { host: "[", cookie: "" })).status).toBe(200);
  const elsewhere = { host: "evil.example", "x-forwarded-host": "evil.example" };
  const response = await send(
    app,
    "POST",
    "/api/auth/sign-in/email",
    { ...json, ...elsewhere },
    "{}",
  );
  expect(response.status).toBe(400);
  expect(response.body).not.toContain("evil.example");
});

test("A path that does not decode is not found", async ({ app }) => {
  for (const path of [
    "/%",
    "/api/v1/api-keys/%ff",
    "/healthz/%",
    "/trpc/%",
    "/dashboard/%E0%A4%A",
  ]) {
    expect(await send(app, "GET", path), path).toMatchObject({ status: 404 });
  }
});

test("A HEAD for a stream ends", async ({ app }) => {
  expect((await send(app, "HEAD", "/trpc/live.changes")).status).toBe(405);
});

test("A response without content has no length, and one to HEAD has that of the GET", async ({
  app,
}) => {
  const lengthOf = async (method: string, path: string) => {
    const { status, headers } = await fetch(app.url + path, {
      method,
      headers: { cookie: user.cookie, "accept-encoding": "identity" },
    });
    return [status, headers.get("content-length")];
  };
  expect(await lengthOf("HEAD", "/trpc/accounts.list")).toEqual([204, null]);
  const [status, length] = await lengthOf("GET", "/api/v1/accounts");
  expect([status, length]).toEqual([200, expect.stringMatching(/^[1-9]\d*$/)]);
  expect(await lengthOf("HEAD", "/api/v1/accounts")).toEqual([200, length]);
});

test("A compressed body is refused, whatever it contains", async ({ app }) => {
  const gzip = { ...json, "content-encoding": "gzip" };
  for (const body of ["", "no gzip", gzipSync("{}")]) {
    for (const path of ["/api/v1/link-tokens", "/api/auth/sign-in/email"]) {
      expect((await send(app, "POST", path, gzip, body)).status).toBe(415);
    }
  }
});

test("A body nested beyond the stack is refused", async ({ app }) => {
  const deep = `{"a":${"[".repeat(40_000)}${"]".repeat(40_000)}}`;
  for (const path of ["/api/v1/link-events", "/trpc/plaid.recordLinkEvent"]) {
    expect((await send(app, "POST", path, json, deep)).status).toBe(400);
  }
});

test("A field that appears under two names is refused, and both are named", async ({ app }) => {
  const event = { event_name: "OPEN", link_session_id: "a", linkSessionId: "b" };
  const twice = 'Given as "link_session_id" and as "linkSessionId"';
  const response = await send(app, "POST", "/api/v1/link-events", json, JSON.stringify(event));
  expect(response.status).toBe(400);
  const { reason, details } = JSON.parse(response.body).error;
  expect([reason, details.issues]).toEqual([
    "invalid_input",
    [{ path: "link_session_id", message: twice }],
  ]);
  const metadata = { institution: { institution_id: "a", institutionId: "b" } };
  const connect = JSON.stringify({ public_token: "public-sandbox-1", metadata });
  const deep = await send(app, "POST", "/plaid/exchange-token", json, connect);
  expect(JSON.parse(deep.body).error.details.issues).toEqual([
    {
      path: "metadata.institution.institution_id",
      message: 'Given as "institution_id" and as "institutionId"',
    },
  ]);
  const query = await send(app, "GET", "/api/v1/transactions?account_id=a&accountId=b");
  expect(query.body).toContain('Given as \\"account_id\\" and as \\"accountId\\"');
});

test("Text with a NUL, which PostgreSQL does not accept, is refused", async ({ app }) => {
  const key = JSON.stringify({ name: "a\0b", scopes: ["accounts:read"], expires_in_days: 1 });
  await app.stepUp(user);
  expect((await send(app, "POST", "/api/v1/api-keys", json, key)).status).toBe(400);
  expect((await send(app, "DELETE", "/api/v1/api-keys/a%00b")).status).toBe(400);
  expect((await send(app, "GET", "/api/v1/transactions?search=a%00b")).status).toBe(400);
});

test("A malformed form is refused", async ({ app }) => {
  for (const path of ["/login", "/signup", "/settings/account", "/settings/api-keys"]) {
    for (const type of ["", "text/plain", "multipart/form-data; boundary=x"]) {
      const cookie = path.startsWith("/settings") ? user.cookie : "";
      const { status } = await send(app, "POST", path, { "content-type": type, cookie }, "--y");
      expect(status, `${path} ${type}`).toBe(400);
    }
  }
});

test("A body over 100 kB is refused on every path, with and without its length", async ({
  app,
}) => {
  const large = "x".repeat(100_001);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const [path, headers] of [
    ["/login", form],
    ["/api/auth/sign-in/email", json],
    ["/api/v1/link-events", json],
    ["/trpc/plaid.recordLinkEvent", json],
    ["/plaid/exchange-token", json],
    ["/plaid/webhook", json],
  ] as const) {
    expect((await send(app, "POST", path, headers, large)).status, path).toBe(413);
    const chunked = { ...headers, "transfer-encoding": "chunked" };
    expect((await send(app, "POST", path, chunked, large)).status, `${path} chunked`).toBe(413);
  }
});

test("The redirect after a log-in stays on this site", () => {
  for (const next of [
    "//evil.example",
    "/\\evil.example",
    "/.//evil.example",
    "https:evil.example",
  ]) {
    expect(nextPath(`http://here.test/login?next=${encodeURIComponent(next)}`)).toBe("/dashboard");
  }
  expect(nextPath("http://here.test/login?next=%2Factivity%3Fa%3D1")).toBe("/activity?a=1");
});
