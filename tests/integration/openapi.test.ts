import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect, onTestFinished } from "vitest";
import { endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";
import type { OpenApi } from "../../server/api/contract/openapi.ts";
import type { Operation } from "../../server/api/contract/openapi-operation.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { endings, goodCall, restCall, stock, withDevice } from "../support/good-calls.ts";

const test = testWithApp();
let document: OpenApi;
let ada: TestUser;
test.beforeAll(async ({ app }) => {
  ada = await app.signUp("analyst");
  document = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as OpenApi;
});

/** Every operation of the document with its path. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    (Object.entries(methods) as [string, Operation][]).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );

/** The validation errors of a body by a schema of the document, with undocumented fields as errors. */
function faults(reference: { $ref?: string }, body: unknown): unknown {
  const validate = validator().compile({ $ref: `doc${reference.$ref}` });
  return validate(body) ? null : validate.errors;
}

let known: Ajv2020 | undefined;
/** Validates by the document, which is `doc`. One for all tests, because it compiles each schema once. */
function validator(): Ajv2020 {
  if (known) return known;
  known = new Ajv2020({ strict: false, allErrors: true });
  formats.default(known);
  return known.addSchema({ $id: "doc", ...closed(document) });
}

/** The same document with every object closed, so that an undocumented field is an error. */
function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T;
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, closed(inner)]),
  );
  return (
    "properties" in copy && copy.type === "object" ? { additionalProperties: false, ...copy } : copy
  ) as T;
}

async function send(app: TestApp, method: string, path: string, body?: unknown, user = ada) {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { cookie: user.cookie, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  const json: any = await response.json();
  return { status: response.status, body: json };
}

test("The OpenAPI document is version 3.1 and has every procedure (G4)", async () => {
  const result = await new Validator().validate(structuredClone(document) as never);
  expect(result.errors ?? null).toBeNull();
  expect(document.openapi).toMatch(/^3\.1\./);
  const described = operations().map(({ operation }) => operation.operationId);
  const all = [...endpoints, ...subscriptions].map(({ name }) => name);
  expect(described.sort()).toEqual(all.sort());
});

test("Every call responds as the OpenAPI document says, to input that it allows (G4)", async ({
  app,
}) => {
  const owner = await app.signUp("analyst");
  const own = await stock(app, owner);
  const last = (name: string) => endings.indexOf(name);
  for (const endpoint of endpoints.toSorted((a, b) => last(a.name) - last(b.name))) {
    const { name, method } = endpoint;
    if (withDevice.includes(name)) continue;
    const { operation } =
      operations().find(({ operation }) => operation.operationId === name) ?? {};
    const { url, body } = restCall(endpoint, goodCall(name, own));
    const takes = operation?.requestBody?.content["application/json"].schema;
    if (takes) expect(faults(takes, body), name).toBeNull();
    const response = await send(app, method, url, body, owner);
    expect([name, response.status]).toEqual([name, 200]);
    const gives = operation?.responses[200]?.content["application/json"]?.schema ?? {};
    expect(faults(gives, response.body), name).toBeNull();
  }
});

test("Every refusal is the OpenAPI document's Failure, with a status it names (G4)", async ({
  app,
}) => {
  for (const { method, path, operation } of operations()) {
    if (!path.startsWith("/api/v1/")) continue;
    const url = `${app.url}${path.replace("{id}", "none")}`;
    const nobody = await fetch(url, { method });
    const refused: [number, unknown][] = [[nobody.status, await nobody.json()]];
    if (method === "POST") {
      const response = await send(app, method, path, { surplus: true });
      refused.push([response.status, response.body]);
    }
    for (const [status, body] of refused) {
      expect(faultsOfFailure(operation, status, body), operation.operationId).toBeNull();
      expect(Object.keys(operation.responses)).toContain(String(status));
    }
  }
});

/** The validation errors of a failure by the schema of its status. */
function faultsOfFailure(operation: Operation, status: number, body: unknown): unknown {
  const schema = operation.responses[status]?.content["application/json"]?.schema;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile({ components: closed(document.components), ...schema });
  return validate(body) ? null : validate.errors;
}

test("A failure of the OpenAPI document has only the reasons of its status, each with its details", () => {
  const connect = document.paths["/api/v1/connections"]?.post as Operation;
  const failure = (reason: string, details?: object) => ({
    error: { reason, message: "Why", request_id: crypto.randomUUID(), ...(details && { details }) },
  });
  const wait = { limit: 1, window_seconds: 60, retry_after_seconds: 9 };
  expect(faultsOfFailure(connect, 429, failure("rate_limited", wait))).toBeNull();
  expect(faultsOfFailure(connect, 429, failure("rate_limited", { limit: 1 }))).not.toBeNull();
  expect(faultsOfFailure(connect, 429, failure("busy", wait))).not.toBeNull();
  expect(faultsOfFailure(connect, 502, failure("plaid_unavailable"))).toBeNull();
  expect(faultsOfFailure(connect, 502, failure("nonsense"))).not.toBeNull();
  expect(connect.responses[429]?.headers).toHaveProperty("Retry-After");
});

test("Every field that a key sends or receives has a description in the OpenAPI document", () => {
  const named = document.components.schemas as Record<string, Fields>;
  interface Fields {
    $ref?: string;
    description?: string;
    properties?: Record<string, Fields>;
    items?: Fields;
    anyOf?: Fields[];
  }
  const missing = new Set<string>();
  const seen = new Set<string>();
  const visit = (at: string, schema: Fields | undefined): void => {
    const name = schema?.$ref?.split("/").pop();
    if (name && !seen.has(name)) {
      seen.add(name);
      visit(name, named[name]);
    }
    for (const [field, inner] of Object.entries(schema?.properties ?? {})) {
      if (!inner.description) missing.add(`${at}.${field}`);
      visit(`${at}.${field}`, inner);
    }
    for (const inner of [schema?.items, ...(schema?.anyOf ?? [])]) if (inner) visit(at, inner);
  };
  for (const { operation } of operations()) {
    if (!operation.security.some((way) => "apiKey" in way)) continue;
    for (const { name, schema, description } of operation.parameters ?? [])
      visit(operation.operationId, {
        properties: { [name]: { ...(schema as Fields), ...(description && { description }) } },
      });
    for (const body of [operation.requestBody, operation.responses[200]])
      visit(operation.operationId, body?.content["application/json"]?.schema as Fields);
  }
  expect([...missing]).toEqual([]);
  const stream = document.paths["/trpc/live.changes"]?.get;
  expect(stream?.description).toContain("`dataVersion`");
  expect(stream?.responses[200]?.content).toHaveProperty("text/event-stream");
});

test("Redocly finds nothing wrong with the OpenAPI document", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-openapi-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  const redocly = path.join(import.meta.dirname, "../../node_modules/@redocly/cli/bin/cli.js");
  // The server's address is on this machine in tests, which this rule forbids.
  const flags = ["--format", "json", "--skip-rule", "no-server-example.com"];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [redocly, "lint", file, ...flags],
    {
      cwd: folder,
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
      maxBuffer: 10_000_000,
    },
    // It exits with 1 when it finds a problem, and lists the problems on stdout all the same.
  ).catch((failed: { stdout: string }) => failed);
  const { problems } = JSON.parse(stdout) as { problems: { ruleId: string; message: string }[] };
  expect(problems).toEqual([]);
});

test("Every example of the OpenAPI document is valid for its schema, and every body has one", () => {
  for (const { operation } of operations()) {
    const bodies = [operation.requestBody, operation.responses[200]]
      .map((body) => body?.content["application/json"])
      .filter((body) => body !== undefined);
    for (const { schema, example } of bodies) {
      expect(example, operation.operationId).toBeDefined();
      expect(faults(schema, example), operation.operationId).toBeNull();
    }
  }
});

test("Every operation of the OpenAPI document has a described tag, its headers, and its 405", async ({
  app,
}) => {
  const tags = new Set(document.tags.map(({ name }) => name));
  for (const { path, operation } of operations()) {
    for (const tag of operation.tags) expect(tags).toContain(tag);
    for (const { headers } of Object.values(operation.responses)) {
      expect(headers, operation.operationId).toMatchObject({
        "X-Request-Id": {},
        RateLimit: {},
      });
    }
    expect(operation.responses[405]?.headers, operation.operationId).toHaveProperty("Allow");
    if (!path.startsWith("/api/v1/")) continue;
    const wrong = await fetch(`${app.url}${path.replace("{id}", "x")}`, { method: "PUT" });
    expect([path, wrong.status]).toEqual([path, 405]);
    expect(wrong.headers.get("allow")).toBeTruthy();
  }
});

test("The OpenAPI document lists the reasons of connectAccount", async () => {
  const responses = document.paths["/api/v1/connections"]?.post?.responses;
  expect(responses?.[409]?.description).toContain("`duplicate_accounts`");
  expect(responses?.[502]?.description).toContain("`exchange_lost`");
});

test("A busy response has the wait in its Retry-After header", async ({ app }) => {
  await app.fault({ path: "/item/public_token/exchange", times: 9, do: { error: "RATE_LIMIT" } });
  for (const path of ["/api/v1/connections", "/plaid/exchange-token"]) {
    const body = { public_token: await app.publicToken() };
    const response = await app.post(path, body, ada);
    const { reason, details } = response.body.error;
    expect([response.status, reason]).toEqual([503, "busy"]);
    expect(details.retry_after_seconds).toBeGreaterThan(0);
    expect(response.headers.get("retry-after")).toBe(String(details.retry_after_seconds));
  }
  await app.clearFaults();
});

test.for([
  ["POST", "/api/v1/connections", { public_token: "x" }, "public_token", ""],
  ["POST", "/api/v1/connections", { publicToken: "x" }, "publicToken", ""],
  ["POST", "/api/v1/connections", {}, "public_token", ""],
  ["POST", "/plaid/exchange-token", { public_token: "x" }, "public_token", ""],
  ["POST", "/api/v1/link-tokens", { foo_bar: 1, "foo-baz": 2 }, "", '"foo_bar", "foo-baz"'],
  ["GET", "/api/v1/transactions?account_id=x", undefined, "account_id", ""],
  ["GET", "/api/v1/transactions?foo_bar=x", undefined, "", '"foo_bar"'],
] as const)(
  "An invalid field is named as the caller wrote it (%s %s %j)",
  async ([method, path, body, paths, words], { app }) => {
    const { status, body: response } = await send(app, method, path, body);
    expect([status, response.error.reason]).toEqual([400, "invalid_input"]);
    const { issues } = response.error.details;
    expect(issues.map((issue: { path: string }) => issue.path).join(" ")).toBe(paths);
    expect(issues[0].message).toContain(words);
  },
);

test("REST rejects a wrong method, path, content type and JSON with a reason each", async ({
  app,
}) => {
  const reason = async (method: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(`${app.url}${path}`, {
      method,
      headers: { cookie: ada.cookie },
      ...init,
    });
    const { error } = (await response.json()) as { error: { reason: string; request_id: string } };
    expect(error.request_id).toBe(response.headers.get("x-request-id"));
    return [response.status, error.reason];
  };
  expect(await reason("PUT", "/api/v1/accounts")).toEqual([405, "method_not_allowed"]);
  expect(await reason("GET", "/api/v1/nothing")).toEqual([404, "not_found"]);
  const headers = { cookie: ada.cookie, "content-type": "text/plain" };
  const plain = { headers, body: "{}" };
  expect(await reason("POST", "/api/v1/link-tokens", plain)).toEqual([
    415,
    "unsupported_media_type",
  ]);
  const broken = { headers: { ...headers, "content-type": "application/json" }, body: "{" };
  expect(await reason("POST", "/api/v1/link-tokens", broken)).toEqual([400, "invalid_json"]);
});
