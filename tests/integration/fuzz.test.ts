import http from "node:http";
import fc from "fast-check";
import { describe, expect } from "vitest";
import type { z } from "zod";
import { endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";
import { restFields } from "../../server/api/transport/rest-fields.ts";
import { logInForm, signUpForm } from "../../server/contracts/session.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { inputsOf, type RawRequest, rawRequests } from "../support/bad-input.ts";
import { testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";

/** `npm run fuzz` sets both. A failure prints what reproduces it. */
const numRuns = Number(process.env.FUZZ_RUNS ?? (isMatrix ? 12 : 3));
const seed = Number(process.env.FUZZ_SEED ?? 20_260_101);
const timeout = 60_000 + numRuns * 2_000;

const test = testWithApp();
let user: TestUser;
/** The user of requests that log out, so that the other user stays logged in. */
let leaving: TestUser;
let rows: string;
test.beforeAll(async ({ app }) => {
  [user, leaving] = [await app.signUp("cfo"), await app.signUp()];
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await app.stepUp(user);
  const tables = await app.query(
    `select format('select %L "table", count(*), sum(hashtext(t::text)::int8) from %I.%I t', c.relname,
       n.nspname, c.relname) sql
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'graphile_worker')`,
  );
  rows = tables.map(({ sql }) => sql).join(" union all ");
});

/** A count and a checksum of every table's rows, except tables that may change. */
const rowsBut = async (app: TestApp, mayChange: string[]) =>
  (await app.query(rows)).filter(({ table }) => !mayChange.includes(table));

interface Answer {
  status: number;
  body: string;
}

/** Sends it as the user; rejects when there is no response. */
function send(app: TestApp, { method, path, headers, body }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(app.url);
    const own = (logsOut.test(path) ? leaving : user).cookie;
    const cookie = headers.cookie === undefined ? own : `${own}; ${headers.cookie}`;
    // Node does not add it for a DELETE, and the body would be read as another request.
    const length = body && { "content-length": body.length };
    const request = http.request(
      { hostname, port, method, path, headers: { ...length, ...headers, cookie } },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
          // A stream of live changes does not end by itself.
          if (text.startsWith("event: connected")) response.destroy();
        });
        response.on("close", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    request.setTimeout(15_000, () => request.destroy(new Error("no response: it hangs")));
    request.on("error", reject);
    request.end(body);
  });
}
const logsOut = /^\/(logout|api\/auth\/sign-out)/;

/**
 * Tables that record refused valid input: a connection (I8), a wrong password, a passkey whose challenge is
 * used up.
 */
const audit = ["link_attempts", "account_activity", "security_events", "passkey_challenges"];

/** @param isGood whether the input is valid; undefined when that cannot be told */
async function check(app: TestApp, request: RawRequest, isGood?: boolean): Promise<void> {
  const mayChange = isGood ? audit : [];
  const before = await rowsBut(app, mayChange);
  const response = await send(app, request);
  expect(response, "a failure of ours").toMatchObject({ status: expect.toSatisfy((s) => s < 500) });
  if (isGood === false) expect(response.status, "it was taken").toBeGreaterThanOrEqual(400);
  if (response.status >= 400) expect(await rowsBut(app, mayChange), "a row").toEqual(before);
}

const json = { "content-type": "application/json" };
const encode = (value: unknown) => encodeURIComponent(JSON.stringify(value) ?? "");

describe("Every procedure and REST path takes near-valid input without a 5xx, a hang or a row", () => {
  for (const { name, type, method, path, input } of endpoints) {
    if (!input) continue;

    test(`${name} over tRPC`, { timeout }, async ({ app }) => {
      await fc.assert(
        fc.asyncProperty(inputsOf(input), async (value) => {
          const request =
            type === "query"
              ? {
                  method: "GET",
                  path: `/trpc/${name}?input=${encode(value)}`,
                  headers: {},
                  body: null,
                }
              : {
                  method: "POST",
                  path: `/trpc/${name}`,
                  headers: json,
                  body: Buffer.from(JSON.stringify(value)),
                };
          if (request.path.length > 14_000) return;
          await check(app, request, fits(input, value));
        }),
        { numRuns, seed },
      );
    });

    test(`${method} ${path}`, { timeout }, async ({ app }) => {
      await fc.assert(
        fc.asyncProperty(inputsOf(input), async (value) => {
          const fields = isRecord(value) ? value : {};
          const at = path.replace(/\{(\w+)\}/g, (_whole, field) => encodeText(fields[field]));
          const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
          const rest = Object.entries(fields).filter(([key]) => !inPath.includes(key));
          const query = rest.map(([key, one]) => `${encodeText(key)}=${encodeText(one)}`).join("&");
          const request: RawRequest =
            method === "POST"
              ? {
                  method,
                  path: `/api/v1${at}`,
                  headers: json,
                  body: Buffer.from(JSON.stringify(value)),
                }
              : { method, path: `/api/v1${at}?${query}`, headers: {}, body: null };
          if (request.path.length > 14_000) return;
          // A query has no types, so only for JSON can we tell whether it is valid.
          await check(app, request, method === "POST" ? fitsRest(input, value) : undefined);
        }),
        { numRuns, seed },
      );
    });
  }
});

describe("Log-in and sign-up take near-valid input without a 5xx, a hang or a row", () => {
  for (const [path, form] of Object.entries({ "sign-in": logInForm, "sign-up": signUpForm })) {
    test(path, { timeout }, async ({ app }) => {
      await fc.assert(
        fc.asyncProperty(inputsOf(form), async (value) => {
          const body = Buffer.from(JSON.stringify(value));
          const request = { method: "POST", path: `/api/auth/${path}/email`, headers: json, body };
          await check(app, request, fits(form, value));
        }),
        { numRuns, seed },
      );
    });
  }
});

/** Whether the input is valid when it arrives: as JSON it may be another value. */
function fits(schema: z.ZodType, value: unknown): boolean {
  return schema.safeParse(JSON.parse(JSON.stringify(value))).success;
}

/** The same for a REST body, where a field with two names must not be sent twice. */
function fitsRest(schema: z.ZodType, value: unknown): boolean {
  try {
    return fits(schema, restFields(schema).read(value));
  } catch {
    return false;
  }
}

const encodeText = (value: unknown) => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "?"));
};
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

describe("Every address takes raw bytes, wrong types and broken JSON without a 5xx, a hang or a row", () => {
  const addresses = {
    tRPC: [...endpoints, ...subscriptions].map(({ name }) => `/trpc/${name}`),
    REST: endpoints.map(({ path }) => `/api/v1${path.replace(/\{\w+\}/g, "x")}`),
    "log-in, webhooks and the rest": [
      ...["sign-in/email", "sign-up/email", "sign-out", "get-session"].map((p) => `/api/auth/${p}`),
      ...["/plaid/create-link-token", "/plaid/exchange-token", "/plaid/webhook", "/plaid"],
      ...[
        "/api/openapi.json",
        "/api/docs",
        "/healthz",
        "/readyz",
        "/assets",
        "/favicon.ico",
        "/trpc",
      ],
    ],
  };
  for (const [name, paths] of Object.entries(addresses)) {
    test(name, { timeout }, async ({ app }) => {
      await fc.assert(
        fc.asyncProperty(rawRequests(paths), (request) => check(app, request)),
        { numRuns: numRuns * 12, seed },
      );
    });
  }

  test("every page", { timeout }, async ({ app }) => {
    const { routes } = await import("../../build/server/index.js" as string);
    const paths = Object.values(routes as Record<string, { path?: string; parentId?: string }>).map(
      (route) => `/${pathOf(route, routes)}`.replace(/[:*]\w*/g, "x"),
    );
    await fc.assert(
      fc.asyncProperty(rawRequests([...new Set(paths)]), (request) => check(app, request)),
      { numRuns: numRuns * 12, seed },
    );
  });

  test("the user who sent everything is still logged in", async ({ app }) => {
    const { status } = await send(app, {
      method: "GET",
      path: "/trpc/plan.get",
      headers: {},
      body: null,
    });
    expect(status).toBe(200);
  });
});

function pathOf(
  route: { path?: string; parentId?: string } | undefined,
  routes: Record<string, { path?: string; parentId?: string }>,
): string {
  if (!route) return "";
  const above = route.parentId ? pathOf(routes[route.parentId], routes) : "";
  return [above, route.path].filter(Boolean).join("/");
}
