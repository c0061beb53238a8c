import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { z } from "zod";
import type { TestApp } from "../../support/app.ts";
import { countHashes } from "../../support/count-hashes.ts";
import { testWithApp } from "../../support/fixtures.ts";

/**
 * A bug that these tests prevent: log-ins sent as forms were not throttled, because the throttle read JSON only while
 * better-auth also reads forms.
 */
const test = testWithApp();

const json = "application/json";

/** A guess that counts but costs no hash, because it is too long to be a password. */
const guess = (n: number) => `${n}`.padEnd(200, "x");

/** Sends exactly these headers; `fetch` would add a Content-Type of its own. */
async function send(
  app: TestApp,
  path: string,
  type: string | string[] | undefined,
  body: string | Buffer,
): Promise<{ status: number; reason: string | undefined; body: string }> {
  const { hostname, port } = new URL(app.url);
  const headers = {
    "content-length": Buffer.byteLength(body),
    ...(type === undefined ? {} : { "content-type": type }),
  };
  const request = http.request({ hostname, port, method: "POST", path, headers });
  request.end(body);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const result = await text(response);
  const reason = /"reason":"(\w+)"/.exec(result)?.[1];
  return { status: response.statusCode ?? 0, reason, body: result };
}

/** Content types that a client may send, with all that better-auth itself would read. */
const refusedTypes: [string, string | string[] | undefined][] = [
  ["none", undefined],
  ["an empty one", ""],
  ["a form", "application/x-www-form-urlencoded"],
  ["a form with a charset", "application/x-www-form-urlencoded; charset=utf-8"],
  ["a form in capitals", "Application/X-WWW-Form-Urlencoded"],
  ["multipart", "multipart/form-data; boundary=x"],
  ["text", "text/plain"],
  ["text with JSON as a parameter", "text/plain; application/json"],
  ["bytes", "application/octet-stream"],
  ["an image", "image/png"],
  ["a stream", "application/stream"],
  ["another kind of JSON", "application/problem+json"],
  ["JSON as text", "text/json"],
  ["two types in one line", "application/json, application/x-www-form-urlencoded"],
  ["two lines, the form first", ["application/x-www-form-urlencoded", json]],
  ["JSON that starts like JSON", "application/jsonx"],
  ["JSON in UTF-16", "application/json; charset=utf-16"],
  ["JSON in Latin-1", "application/json; charset=iso-8859-1"],
  ["no type at all", "json"],
];
const paths = ["sign-in/email", "sign-up/email", "sign-out"] as const;

/** One password in three formats, so that a parser for any of these types finds it. */
function bodyFor(type: string | string[] | undefined, fields: Record<string, string>) {
  const first = String(Array.isArray(type) ? type[0] : type).toLowerCase();
  if (first.includes("urlencoded")) return new URLSearchParams(fields).toString();
  if (first.includes("multipart")) {
    const parts = Object.entries(fields).map(
      ([name, value]) =>
        `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    return `${parts.join("")}--x--\r\n`;
  }
  const sent = JSON.stringify(fields);
  return first.includes("utf-16") ? Buffer.from(sent, "utf16le") : sent;
}

const counts = async (app: TestApp) =>
  (
    await app.query(
      "select (select count(*) from users) users, (select count(*) from sessions) sessions",
    )
  )[0];

test.for(refusedTypes)(
  "A log-in is refused before the password is read when its content type is %s",
  async ([_name, type], { app }) => {
    const { email, password } = await app.signUp();
    const before = await counts(app);
    const hashes = countHashes();
    for (const path of paths) {
      const fields: Record<string, string> =
        path === "sign-up/email"
          ? { name: "Eve", email: `${randomUUID()}@example.com`, password }
          : { email, password };
      const response = await send(app, `/api/auth/${path}`, type, bodyFor(type, fields));
      expect([response.status, response.reason], path).toEqual([415, "unsupported_media_type"]);
    }
    hashes.stop();
    expect(hashes.begun).toBe(0);
    expect(await counts(app)).toEqual(before);
  },
);

test.for([
  json,
  "APPLICATION/JSON",
  "application/json;charset=UTF-8",
  'application/json ; charset="utf-8"',
])(
  "A log-in is read as JSON when its content type is %s, and its guesses are counted",
  async (type, { app }) => {
    const { email, password } = await app.signUp();
    const attempt = (tried: string) =>
      send(app, "/api/auth/sign-in/email", type, JSON.stringify({ email, password: tried }));
    expect((await attempt("not the password")).status).toBe(401);
    for (let n = 1; n < 10; n++) expect((await attempt(guess(n))).status).toBe(400);
    const hashes = countHashes();
    expect((await attempt(password)).status).toBe(429);
    hashes.stop();
    expect(hashes.begun).toBe(0);
  },
);

test("A log-in with two Content-Type lines is read as the first one says, by every parser", async ({
  app,
}) => {
  const { email, password } = await app.signUp();
  const types = [json, "application/x-www-form-urlencoded"];
  const form = await send(
    app,
    "/api/auth/sign-in/email",
    types,
    bodyFor(types[1], { email, password }),
  );
  expect([form.status, form.reason]).toEqual([400, "invalid_json"]);
});

test.for([
  ["is missing", {}],
  ["is null", { email: null }],
  ["is an array", { email: ["ada@example.com"] }],
  ["is an object", { email: { toLowerCase: "ada@example.com" } }],
  ["is a number", { email: 1 }],
  ["is empty", { email: "" }],
  ["is no address", { email: "ada" }],
  ["has a space behind it", { email: "ada@example.com " }],
  ["has a NUL in it", { email: "ada\0@example.com" }],
  ["has a line break in it", { email: "ada@example.com\n" }],
  ["is longer than an address may be", { email: `${"a".repeat(250)}@example.com` }],
  ["is there under another name", { Email: "ada@example.com" }],
  ["is inherited", { __proto__: null, constructor: { email: "ada@example.com" } }],
] as const)(
  "A log-in and a sign-up whose email %s are refused without hashing a password",
  async ([_name, email], { app }) => {
    const hashes = countHashes();
    for (const path of ["sign-in/email", "sign-up/email"]) {
      const body = { name: "Eve", password: "another good one", ...email };
      if (path === "sign-in/email") Reflect.deleteProperty(body, "name");
      const response = await send(app, `/api/auth/${path}`, json, JSON.stringify(body));
      expect([response.status, response.reason], path).toEqual([400, "invalid_input"]);
    }
    hashes.stop();
    expect(hashes.begun).toBe(0);
  },
);

test.for(["", "null", "[]", '"ada@example.com"', "1", "{", "email=ada@example.com"])(
  "A log-in whose body is %j is refused",
  async (body, { app }) => {
    const response = await send(app, "/api/auth/sign-in/email", json, body);
    expect([400, body]).toEqual([response.status, body]);
  },
);

test("A log-in whose email appears twice counts against the account that is tried", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const twice = (password: string) =>
    `{"email":"${eve.email}","password":"x","email":"${ada.email}","password":"${password}"}`;
  for (let n = 0; n < 10; n++) {
    expect((await send(app, "/api/auth/sign-in/email", json, twice(guess(n)))).status).toBe(400);
  }
  expect((await send(app, "/api/auth/sign-in/email", json, twice(ada.password))).status).toBe(429);
  expect((await app.post("/api/auth/sign-in/email", eve)).status).toBe(200);
});

test("A log-in whose body is nested beyond the stack is refused", async ({ app }) => {
  const deep = `${"[".repeat(40_000)}${"]".repeat(40_000)}`;
  for (const path of paths) {
    const body = `{"name":${deep},"email":"ada@example.com","password":"x","more":${"[]"}}`;
    expect((await send(app, `/api/auth/${path}`, json, body)).status, path).toBeLessThan(500);
  }
});

describe("Every log-in path", () => {
  /** The endpoints of better-auth that are reachable. Each is in a test above. */
  const withPassword = ["/sign-in/email", "/sign-up/email"];
  const reached = [
    ...withPassword,
    ...["/sign-out", "/second-step", "/passkey/options", "/passkey/log-in"],
  ];
  /** All other endpoints of better-auth whose body holds a password. */
  const refused = ["/change-password", "/delete-user", "/reset-password", "/verify-password"];

  test("is listed: better-auth has no other endpoint that takes a password", ({ app }) => {
    const fieldsOf = (options: { body?: unknown } = {}) =>
      options.body instanceof z.ZodType
        ? JSON.stringify(z.toJSONSchema(options.body, { io: "input", unrepresentable: "any" }))
        : "";
    const taking = app.services.auth
      .endpoints()
      .filter(({ path, options }) => path && /"\w*password\w*":/i.test(fieldsOf(options)))
      .map(({ path }) => path);
    const known = [...withPassword, ...refused];
    expect(taking.toSorted()).toEqual(known.toSorted());
  });

  test("is reachable only by six paths and by pages, whatever the method", async ({ app }) => {
    const ada = await app.signUp();
    const all = app.services.auth.endpoints().flatMap(({ path }) => path ?? []);
    expect(all.length).toBeGreaterThan(20);
    for (const path of all) {
      const at = path.replace(/:\w+/g, "x");
      const before = await counts(app);
      const response = await app.post(`/api/auth${at}`, {}, ada);
      if (!reached.includes(path)) {
        expect([path, response.status]).toEqual([path, 404]);
        expect(await counts(app), path).toEqual(before);
      }
      const inProcess = app.services.auth.handle(
        new Request(`${app.url}/api/auth${at}`, {
          method: "POST",
          headers: { "content-type": json },
          body: "{}",
        }),
      );
      if (!reached.includes(path)) {
        await expect(inProcess, path).rejects.toMatchObject({ reason: "not_found" });
      } else await inProcess.catch(() => {});
    }
  });

  /** Pages with a password field. Each is in a test below, in `log-in.test.ts` or `password-reset.test.ts`. */
  const pages = ["_app.settings.security.tsx", "login.tsx", "reset-password.tsx", "signup.tsx"];

  test("is listed: no other page takes a password", () => {
    const found = readdirSync("app/routes").filter((file) =>
      /PasswordField|type="password"/.test(readFileSync(`app/routes/${file}`, "utf8")),
    );
    expect(found.toSorted()).toEqual(pages);
  });

  const logInByForm = async (app: TestApp, body: URLSearchParams | FormData) =>
    (await fetch(`${app.url}/login`, { method: "POST", redirect: "manual", body })).status;

  test("counts guesses in the log-in form", async ({ app }) => {
    const { email, password } = await app.signUp();
    const attempt = (tried: string) =>
      logInByForm(app, new URLSearchParams({ email, password: tried }));
    expect(await attempt("not the password")).toBe(401);
    for (let n = 1; n < 10; n++) expect(await attempt(guess(n))).toBe(400);
    const hashes = countHashes();
    expect(await attempt(password)).toBe(429);
    hashes.stop();
    expect(hashes.begun).toBe(0);
  });

  test("refuses a log-in form sent as multipart without reading it", async ({ app }) => {
    const { email, password } = await app.signUp();
    const form = new FormData();
    for (const [name, value] of Object.entries({ email, password })) form.set(name, value);
    const hashes = countHashes();
    expect(await logInByForm(app, form)).toBe(400);
    hashes.stop();
    expect(hashes.begun).toBe(0);
  });
});
