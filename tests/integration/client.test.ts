import { once } from "node:events";
import type { RequestListener } from "node:http";
import { initTRPC, tracked } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { expect } from "vitest";
import { type ClientOptions, createClient } from "../../client/src/index.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import type { TestApp } from "../support/app.ts";
import { failure, json, quick, refused, someKey, startStandIn } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";
import { itemsOf, revokeApiKeys } from "../support/rows.ts";

const test = testWithApp();

/** A user on a plan, with a key that has every scope and a client that uses it. */
async function userWithClient(
  app: TestApp,
  plan = "analyst",
  options: Partial<ClientOptions> = {},
) {
  const user = await app.signUp(plan);
  const made = await createApiKey(app.services.db, user.id, {
    name: "Client",
    scopes: scope.options,
    expiresInDays: 1,
  });
  return {
    user,
    apiKey: made.apiKey,
    client: createClient({ baseUrl: app.url, apiKey: made.key, ...options }),
  };
}

test("The client connects a bank, reads it back, and reads plan and activity (G1)", async ({
  app,
}) => {
  const { client } = await userWithClient(app);
  expect((await client.plaid.createLinkToken.mutate()).linkToken).toMatch(/^link-/);
  const publicToken = await app.publicToken();
  const connected = await client.connectAccount.mutate({ publicToken });
  const [list, plan, activity] = await Promise.all([
    client.accounts.list.query(),
    client.plan.get.query(),
    client.activity.list.query(),
  ]);
  expect(list.items[0]?.accounts).toEqual(connected.accounts);
  expect([plan.accountsUsed, activity.entries.length]).toEqual([connected.accounts.length, 1]);
});

test("The client's limit_reached has plan, limit, used and wanted (G2)", async ({ app }) => {
  const { client } = await userWithClient(app, "intern");
  const error = await failure(
    client.connectAccount.mutate({ publicToken: await app.publicToken() }),
  );
  if (error.reason !== "limit_reached") throw error;
  expect([error.plan, error.limit, error.used]).toEqual(["Intern", 2, 0]);
  expect(error.wanted).toBeGreaterThan(2);
  expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test("The client's invalid_input has the field, rate_limited the wait, and scope_missing the scope (G2)", async ({
  app,
}) => {
  const { client, user } = await userWithClient(app);
  const invalid = await failure(client.connectAccount.mutate({ publicToken: "nonsense" }));
  if (invalid.reason !== "invalid_input") throw invalid;
  expect(invalid.issues[0]?.path).toBe("publicToken");
  const narrow = await createApiKey(app.services.db, user.id, {
    name: "Narrow",
    scopes: ["activity:read"],
    expiresInDays: 1,
  });
  const missing = await failure(
    createClient({ baseUrl: app.url, apiKey: narrow.key }).plan.get.query(),
  );
  if (missing.reason !== "scope_missing") throw missing;
  expect([missing.required, missing.held]).toEqual(["accounts:read", ["activity:read"]]);
});

test("The client distinguishes a revoked key from a wrong one (G3)", async ({ app }) => {
  const { client, user } = await userWithClient(app);
  await revokeApiKeys(app, user);
  expect((await failure(client.plan.get.query())).reason).toBe("api_key_revoked");
  expect((await failure(quick(app.url).plan.get.query())).reason).toBe("api_key_invalid");
});

test("The client throws unreachable when the server is gone or its name does not resolve", async () => {
  const { url, server } = await startStandIn(json(200, []));
  server.close();
  for (const address of [url, "http://no-such-host.invalid"]) {
    const error = await failure(quick(address).accounts.list.query());
    if (error.reason !== "unreachable") throw error;
    expect(error.url).toBe(`${address}/trpc`);
    expect([error.retryable, error.requestId]).toEqual([true, null]);
  }
});

test("The client throws unreachable when the connection breaks within the response", async () => {
  const { url } = await startStandIn((_req, res) => {
    res.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    res.write('[{"result":');
    setTimeout(() => res.destroy(), 20);
  });
  expect((await failure(quick(url).accounts.list.query())).reason).toBe("unreachable");
});

test("The client throws unexpected_response, with what it received, when the response is not ours", async ({
  app,
}) => {
  const html: RequestListener = (_req, res) => {
    res.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome to nginx</h1>");
  };
  const cases: [RequestListener, number, RegExp][] = [
    [html, 200, /^text\/html/],
    [json(404, { message: "Cannot GET /trpc" }), 404, /^application\/json/],
    [json(200, { hello: "world" }), 200, /^application\/json/],
    [json(200, null), 200, /^application\/json/],
    [json(200, []), 200, /^application\/json/],
    [json(200, [{ result: {} }, { surplus: true }]), 200, /^application\/json/],
    [
      (_req, res) =>
        void res.writeHead(200, { "content-type": "application/json" }).end('[{"result"'),
      200,
      /^application\/json/,
    ],
  ];
  for (const [respond, status, contentType] of cases) {
    const { url } = await startStandIn(respond);
    const calls = [
      () => quick(url).accounts.list.query(),
      () => quick(url).plaid.createLinkToken.mutate(),
    ];
    for (const call of calls) {
      const error = await failure(call());
      if (error.reason !== "unexpected_response") throw error;
      expect([error.status, error.url.startsWith(url)]).toEqual([status, true]);
      expect(error.contentType).toMatch(contentType);
    }
  }
  const below = await failure(quick(`${app.url}/dashboard`).accounts.list.query());
  expect(below.reason).toBe("unexpected_response");
});

test("The client throws unknown_reason, with name and message, for a newer server's reason", async () => {
  const { url } = await startStandIn(json(503, refused("too_rainy", { umbrella: true })));
  const error = await failure(quick(url).accounts.list.query());
  if (error.reason !== "unknown_reason") throw error;
  expect([error.serverReason, error.serverDetails]).toEqual(["too_rainy", { umbrella: true }]);
  expect([error.message, error.requestId]).toEqual(["As the server words it.", "r-1"]);
  const { url: odd } = await startStandIn(json(403, refused("limit_reached", { plan: 7 })));
  const unfit = await failure(quick(odd).accounts.list.query());
  expect(unfit).toMatchObject({ reason: "unknown_reason", serverReason: "limit_reached" });
});

test("The client keeps the reason of a refusal from before tRPC", async ({ app }) => {
  const { client } = await userWithClient(app);
  const error = await failure(
    client.connectAccount.mutate({
      publicToken: "public-sandbox-x",
      metadata: { linkSessionId: "x".repeat(200_000) },
    }),
  );
  expect(error.reason).toBe("body_too_large");
});

test("The client throws timed_out for a slow call and aborted for an aborted one, at once, also in a batch (G1)", async () => {
  const { url } = await startStandIn(() => {});
  const late = await failure(quick(url, { timeoutMs: 50 }).accounts.list.query());
  expect(late).toMatchObject({ reason: "timed_out", timeoutMs: 50 });

  const client = quick(url);
  const controller = new AbortController();
  const first = failure(client.accounts.list.query(undefined, { signal: controller.signal }));
  const beside = client.plan.get.query(undefined, { signal: AbortSignal.timeout(100) });
  const second = failure(beside);
  controller.abort();
  expect((await first).reason).toBe("aborted");
  expect((await second).reason).toBe("timed_out");
  const before = await failure(
    client.accounts.list.query(undefined, { signal: AbortSignal.abort() }),
  );
  expect(before.reason).toBe("aborted");
});

test("The client batches the queries of one tick and sends mutations alone (G1)", async () => {
  const { url, seen } = await startStandIn((req, res) => {
    const calls = req.url?.split("?")[0]?.split(",").length ?? 1;
    const response = { result: { data: {} } };
    json(200, req.method === "GET" ? Array(calls).fill(response) : response)(req, res);
  });
  const client = quick(url);
  await Promise.all([
    client.accounts.list.query(),
    client.plan.get.query(),
    client.plaid.createLinkToken.mutate(),
    client.plaid.createLinkToken.mutate(),
  ]);
  expect(seen.map((line) => line.split("?")[0]).sort()).toEqual([
    "GET /trpc/accounts.list,plan.get",
    "POST /trpc/plaid.createLinkToken",
    "POST /trpc/plaid.createLinkToken",
  ]);
});

test("The client retries only what may be sent again (G1)", async () => {
  const retries = 2;
  const broken: RequestListener = (_req, res) => void res.destroy();
  const calls = {
    query: (url: string) => quick(url, { retries }).plan.get.query(),
    connect: (url: string) =>
      quick(url, { retries }).connectAccount.mutate({ publicToken: "public-sandbox-1" }),
    event: (url: string) =>
      quick(url, { retries }).plaid.recordLinkEvent.mutate({ eventName: "OPEN" }),
  };
  const sent = async (call: (url: string) => Promise<unknown>, respond: RequestListener) => {
    const { url, seen } = await startStandIn(respond);
    await failure(call(url));
    return seen.length;
  };
  // It is unknown whether the request arrived, so queries and idempotent mutations are retried.
  expect(await sent(calls.query, broken)).toBe(3);
  expect(await sent(calls.connect, broken)).toBe(3);
  expect(await sent(calls.event, broken)).toBe(1);
  // The server reports a retryable failure without effect, so everything is retried.
  expect(await sent(calls.event, json(503, refused("busy", { retryAfterSeconds: 0 })[0]))).toBe(3);
  // The server refuses, so nothing is retried.
  expect(await sent(calls.query, json(400, refused("invalid_input", { issues: [] })))).toBe(1);
  expect(await sent(calls.connect, json(400, refused("public_token_invalid")[0]))).toBe(1);
  // The wait would exceed the timeout.
  const limited = refused("rate_limited", { limit: 1, windowSeconds: 60, retryAfterSeconds: 60 });
  expect(await sent(calls.query, json(429, limited))).toBe(1);
});

test("The client hides a short outage of a gateway from its caller (G1)", async () => {
  let away = 2;
  const { url } = await startStandIn((req, res) => {
    if (away-- > 0) res.writeHead(502, { "content-type": "text/html" }).end("Bad gateway");
    else json(200, [{ result: { data: { entries: [] } } }])(req, res);
  });
  expect(await quick(url, { retries: 2 }).activity.list.query()).toEqual({ entries: [] });
});

test("The client connects once when the response was lost and the connection is sent again (I2)", async ({
  app,
}) => {
  const { client, user } = await userWithClient(app, "analyst", {
    fetch: loseTheFirstAnswer("connectAccount"),
  });
  const connected = await client.connectAccount.mutate({ publicToken: await app.publicToken() });
  expect(connected.outcome).toBe("already_connected");
  const rows = await itemsOf(app, user);
  expect(rows).toHaveLength(1);
});

function loseTheFirstAnswer(procedure: string): typeof fetch {
  let lost = false;
  return async (address, init) => {
    const response = await fetch(address, init);
    if (lost || !String(address).includes(procedure)) return response;
    lost = true;
    await response.text();
    throw new TypeError("fetch failed");
  };
}

/** Live events as the product sends them: tRPC over SSE, each with an id to resume from. */
async function standWithEvents() {
  const t = initTRPC.create({ sse: { client: { reconnectAfterInactivityMs: 5_000 } } });
  const last: (string | undefined)[] = [];
  const router = t.router({
    live: t.router({
      changes: t.procedure
        .input((value) => value as { lastEventId?: string } | undefined)
        .subscription(async function* ({ input, signal }) {
          last.push(input?.lastEventId);
          const from = Number(input?.lastEventId ?? 0);
          yield tracked(String(from + 1), { number: from + 1 });
          yield tracked(String(from + 2), { number: from + 2 });
          await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        }),
    }),
  });
  const handle = createHTTPHandler({ router, basePath: "/trpc/" });
  const keys = new Set<string | undefined>();
  const listener: RequestListener = (req, res) => {
    keys.add(req.headers.authorization);
    handle(req, res);
  };
  return { listener, last, keys };
}

type Live = {
  live: {
    changes: {
      subscribe(
        input: unknown,
        options: {
          signal?: AbortSignal;
          onData?(event: { id: string; data: { number: number } }): void;
          onError?(error: unknown): void;
        },
      ): { unsubscribe(): void };
    };
  };
};

test("The client's subscription sends the key and resumes from the last event when the server was away (G1)", async () => {
  const { listener, last, keys } = await standWithEvents();
  const { url, server } = await startStandIn(listener);
  const client = quick(url, { retries: 1 }) as unknown as Live;
  const numbers: number[] = [];
  const errors: unknown[] = [];
  const subscription = client.live.changes.subscribe(undefined, {
    onData: ({ data }) => numbers.push(data.number),
    onError: (error) => errors.push(error),
  });
  await expect.poll(() => numbers.length).toBeGreaterThanOrEqual(2);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  await startStandIn(listener, Number(new URL(url).port));
  await expect.poll(() => numbers.length).toBeGreaterThanOrEqual(4);
  subscription.unsubscribe();
  expect(numbers).toEqual([1, 2, 3, 4]);
  expect([last[0], last.at(-1)]).toEqual([undefined, "2"]);
  expect([...keys]).toEqual([`Bearer ${someKey}`]);
  expect(errors).toEqual([]);
});

test("The client reopens a subscription that falls silent after its first bytes (G1)", async () => {
  const { url, seen } = await startStandIn((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write('event: connected\ndata: {"reconnectAfterInactivityMs":200}\n\n');
  });
  const { live } = quick(url) as unknown as Live;
  const subscription = live.changes.subscribe(undefined, { onError() {} });
  await expect.poll(() => seen).toHaveLength(2);
  subscription.unsubscribe();
});

test("The client's subscription fails with the reason when it cannot be opened", async ({
  app,
}) => {
  const open = (url: string) =>
    failure(
      new Promise((_, reject) =>
        (quick(url) as unknown as Live).live.changes.subscribe(undefined, { onError: reject }),
      ),
    );
  const { url: gone, server } = await startStandIn(json(200, []));
  server.close();
  expect((await open(gone)).reason).toBe("unreachable");
  const { url: html } = await startStandIn((_req, res) => {
    res.writeHead(200, { "content-type": "text/html" }).end("<h1>nginx</h1>");
  });
  expect((await open(html)).reason).toBe("unexpected_response");
  const { url: refusing } = await startStandIn(json(401, refused("api_key_revoked")[0]));
  expect((await open(refusing)).reason).toBe("api_key_revoked");
  expect((await open(app.url)).reason).toBe("api_key_invalid");
});
