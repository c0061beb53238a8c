import http from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestApp, TestUser } from "../../support/app.ts";
import type { Dimension, Sent } from "../../support/hostile-requests.ts";
import { casesOf } from "../../support/matrix.ts";
import { startWorkCounter } from "../../support/work.ts";

// One request stopped a node: 40 kB of unknown keys blocked the process for 17 s.

// Before the server is loaded, so that its loops are counted too.
const counter = await startWorkCounter();
const { endpoints } = await import("../../../server/api/contract/endpoints.ts");
const {
  anyBody,
  form,
  json,
  listsOf,
  nested,
  schemaOf,
  times,
  entryPoints: waysIn,
} = await import("../../support/hostile-requests.ts");
const { quotas } = await import("../../../server/time-limits.ts");
const { startTestApp } = await import("../../support/app.ts");

let app: TestApp;
let user: TestUser;
beforeAll(async () => {
  // One user sends all requests, far more than the limit allows.
  const unlimited = { ...quotas, sessionCalls: 1_000_000, callsAtOnce: 1_000 };
  app = await startTestApp({ LOG_LEVEL: "warn" }, { quotas: unlimited });
  user = await app.signUp("cfo");
  // Otherwise a request is rejected before its fields are read.
  await app.stepUp(user);
});
afterAll(async () => {
  agent.destroy();
  await counter.stop();
  await app?.close();
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function send({ method, path, headers, body }: Sent, cookie?: string) {
  const { hostname, port } = new URL(app.url);
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const all = { ...length, ...(cookie === undefined ? {} : { cookie }), ...headers };
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request({ agent, hostname, port, method, path, headers: all }, resolve);
    request.on("error", reject);
    request.end(body);
  });
  return { status: response.statusCode ?? 0, body: await text(response) };
}

const keys = (n: number) => JSON.stringify(Object.fromEntries(times(n, (at) => [`k_${at}`, at])));

/** What a request may cost in addition at times: a timer, a connection of the pool. */
const noise = 4_000;

/**
 * For a cost `a + bn` the step from 2n to 4n is twice the step from n to 2n. For `a + bn + cn²` it is
 * larger by 6cn².
 */
async function expectLinear(name: string, cost: (n: number) => Promise<number>, n: number) {
  // Warms up what is compiled, cached or connected once.
  await cost(n);
  const [one, two, four] = [await cost(n), await cost(2 * n), await cost(4 * n)];
  expect(four - two, `${name} at ${n}, ${2 * n}, ${4 * n}: ${one}, ${two}, ${four}`).toBeLessThan(
    2 * Math.max(two - one, 0) * 1.1 + noise,
  );
}

/** The batches call every procedure. REST converts the fields of each in the same way, and calls the same. */
const everyRun = ({ name }: (typeof waysIn)[number]) =>
  !/^\/trpc|\/api\/v1/.test(name) || /connectAccount|link-tokens|transactions$|live/.test(name);

describe("The work of a request grows at most linearly with its keys, elements and nesting", () => {
  test.each(casesOf(waysIn, everyRun).map((way) => [way.name, way] as const))(
    "%s",
    { timeout: 120_000 },
    async (name, way) => {
      const dimension = fc.constantFrom<Dimension>("keys", "elements", "nesting");
      const property = fc.asyncProperty(
        dimension,
        fc.integer({ min: Math.ceil(way.most / 2), max: way.most }),
        (by, n) =>
          expectLinear(
            `${name} by ${by}`,
            (size) => {
              const request = way.request(way.schema, by, size);
              return counter.count(() => send(request, user.cookie));
            },
            n,
          ),
      );
      const all = (["keys", "elements", "nesting"] as const).map(
        (by) => [by, way.most] as [Dimension, number],
      );
      await fc.assert(property, { numRuns: 3, examples: all, endOnFailure: true });
    },
  );
});

test("A request without a session gets 401 before its fields are read, and costs the same however many there are", async () => {
  for (const { method, path } of endpoints.filter(({ method }) => method === "POST")) {
    const request = (n: number) => ({
      ...{ method, path: `/api/v1${path}`, headers: json },
      body: `{"item_id":1,"itemId":2,${keys(n).slice(1)}`,
    });
    const [small, large] = [request(1), request(4_500)];
    await send(small);
    const few = await counter.count(() => send(small));
    const many = await counter.count(() => send(large));
    expect(many - few, path).toBeLessThan(noise);
    expect((await send(large)).status, path).toBe(401);
  }
});

test("A list that is too long is rejected, or cut if it is only a hint, before its elements are checked", async () => {
  const lists = endpoints.flatMap(({ name, input }) =>
    input ? listsOf(schemaOf({ input })).map((wrap) => ({ name, wrap })) : [],
  );
  expect(lists.map(({ name }) => name)).toEqual([
    ...["connectAccount", "connectAccount"],
    ...["items.chooseAccounts", "apiKeys.create", "webhooks.create"],
  ]);
  for (const { name, wrap } of lists) {
    const request = (n: number) => ({
      ...{ method: "POST", path: `/trpc/${name}`, headers: json },
      body: wrap(`[${times(n, () => 0)}]`),
    });
    const [long, longer] = [request(1_001), request(49_000)];
    await send(long, user.cookie);
    const few = await counter.count(() => send(long, user.cookie));
    const many = await counter.count(() => send(longer, user.cookie));
    expect(many - few, name).toBeLessThan(noise);
  }
});

test("An error names at most 20 issues and 20 unknown fields, and cuts long names, when the input has thousands", async () => {
  const bodies = [
    keys(4_500),
    `{"${"a_B-".repeat(24_000)}":0}`,
    `{"scopes":[${times(49_000, () => 0)}],"name":"x","expires_in_days":null}`,
    `{"scopes":[${times(90, () => 0)}],"name":"x","expires_in_days":null}`,
    `[${times(49_000, () => 0)}]`,
  ];
  const paths = waysIn.filter(({ name }) =>
    /^(POST |\/trpc|\/plaid\/(create|exchange))/.test(name),
  );
  const posts = paths.flatMap((way) => way.request(anyBody, "keys", 1));
  for (const { method, path, headers } of posts.filter(({ method }) => method === "POST")) {
    for (const body of bodies) {
      const response = await send({ method, path, headers, body }, user.cookie);
      const at = `${path} ${body.slice(0, 30)}`;
      expect(response.status, at).toBe(400);
      const { error } = JSON.parse(response.body);
      const { issues } = (error.data ?? error).details;
      expect(issues.length, at).toBeLessThanOrEqual(20);
      expect(response.body.length, at).toBeLessThan(5_000);
      for (const { message } of issues) {
        expect(message.match(/"/g)?.length ?? 0, at).toBeLessThanOrEqual(40);
      }
    }
  }
});

test("An error names unknown fields as they were sent", async () => {
  const [method, headers] = ["POST", json];
  const body = JSON.stringify({ eventName: "OPEN", Some_Field: 1, "another-field": 2 });
  for (const path of ["/api/v1/link-events", "/trpc/plaid.recordLinkEvent"]) {
    const response = await send({ method, path, headers, body }, user.cookie);
    expect(response.body).toContain('Unrecognized keys: \\"Some_Field\\", \\"another-field\\"');
  }
  const proto = await send(
    { method, path: "/api/v1/link-events", headers, body: '{"__proto__":{"event_name":"OPEN"}}' },
    user.cookie,
  );
  expect(proto.status).toBe(400);
  expect(proto.body).toContain("__proto__");
});

test("A body nested 49,000 deep is rejected without a 5xx by every entry point that takes JSON", async () => {
  for (const way of waysIn) {
    const { method, path, headers } = way.request(anyBody, "keys", 1);
    if (headers !== json) continue;
    for (const body of [
      `{"a":${nested(49_000)}}`,
      `${'{"a":'.repeat(16_000)}0${"}".repeat(16_000)}`,
    ]) {
      const { status } = await send({ method, path, headers, body }, user.cookie);
      // Some calls of a batch need no input.
      expect(status, way.name).toBeGreaterThanOrEqual(path.includes("batch=1") ? 207 : 400);
      expect(status, way.name).toBeLessThan(500);
    }
  }
});

test("A head with more than 200 headers, cookies, query parameters or path segments is rejected by every entry point", async () => {
  const paths = ["/login", "/transactions", "/api/v1/plan", "/trpc/plan.get", "/api/auth/sign-out"];
  for (const path of [...paths, "/plaid/webhook", "/healthz", "/favicon.svg"]) {
    const method = /auth|webhook/.test(path) ? "POST" : "GET";
    const headers = Object.fromEntries(times(201, (at) => [`x-${at}`, "1"]));
    const cookie = times(201, (at) => `c${at}=`).join(";");
    const query = times(1_000, (at) => `k${at}=`).join("&");
    for (const [what, request] of Object.entries({
      headers: { method, path, headers },
      cookies: { method, path, headers: { cookie } },
      "query parameters": { method, path: `${path}?${query}` },
      "path segments": { method, path: `${path}${"/a".repeat(7_000)}` },
    })) {
      const response = await send(request);
      expect([response.status, response.body], `${what} of ${path}`).toEqual([
        400,
        expect.stringContaining(`More than 200 ${what}`),
      ]);
    }
  }
  const head = {
    ...{ method: "GET", path: `/login?${times(100, (at) => `k${at}=`).join("&")}` },
    headers: Object.fromEntries(times(100, (at) => [`x-${at}`, "1"])),
  };
  expect((await send(head, times(100, (at) => `c${at}=`).join("; "))).status).toBe(200);
});

test("A multipart body is rejected without being parsed by every entry point", async () => {
  const type = "multipart/form-data; boundary=b";
  const part = '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n';
  const body = `${part.repeat(1_400)}--b--\r\n`;
  const counted = new Set(casesOf(waysIn, everyRun).map(({ name }) => name));
  for (const { name, request } of waysIn) {
    const { method, path, headers } = request(anyBody, "keys", 1);
    if (headers === undefined || path === "/plaid/webhook") continue;
    const multipart = { method, path, headers: { "content-type": type } };
    // Counting takes longer than the request.
    if (counted.has(name)) {
      const few = await counter.count(() => send({ ...multipart, body: part }, user.cookie));
      const many = await counter.count(() => send({ ...multipart, body }, user.cookie));
      expect(many - few, name).toBeLessThan(noise);
    }
    const { status } = await send({ ...multipart, body }, user.cookie);
    expect([400, 415], name).toContain(status);
  }
});

test("A form with more than 200 fields is rejected", async () => {
  const body = times(20_000, () => "scopes=a")
    .join("&")
    .slice(0, 99_000);
  for (const path of [
    "/login",
    "/signup",
    "/appearance",
    "/settings/account",
    "/settings/api-keys",
  ]) {
    const cookie = path.startsWith("/settings") ? user.cookie : undefined;
    const { status } = await send({ method: "POST", path, headers: form, body }, cookie);
    expect(status, path).toBe(400);
  }
});
