import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { expect } from "vitest";
import type { RequestEvent, ResponseEvent, RetryEvent } from "../../client/src/index.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { failure, json, quick, refused, startStandIn } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();
const { version } = JSON.parse(readFileSync("client/package.json", "utf8")) as { version: string };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Returns each response once, then the last one forever. */
const inTurn = (...responses: RequestListener[]): RequestListener => {
  let at = 0;
  return (req, res) => responses[Math.min(at++, responses.length - 1)]?.(req, res);
};
const entries = json(200, [{ result: { data: { entries: [] } } }]);
const silence: RequestListener = () => {};

test("The client reports each request and response, and the server logs its version and trace", async ({
  app,
}) => {
  const { id: userId } = await app.signUp();
  const input = { name: "Key", scopes: scope.options, expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, userId, input);
  const requests: RequestEvent[] = [];
  const responses: ResponseEvent[] = [];
  const client = quick(app.url, {
    apiKey: key,
    traceparent: () => traceparent,
    onRequest: (event) => requests.push(event),
    onResponse: (event) => responses.push(event),
  });
  await Promise.all([
    client.plan.get.query(),
    client.transactions.list.query({ search: "my private search" }),
  ]);
  const shared = {
    id: 1,
    calls: ["plan.get", "transactions.list"],
    method: "GET",
    url: `${app.url}/trpc/plan.get,transactions.list`,
    traceparent,
  };
  expect(requests).toEqual([shared]);
  expect(responses).toEqual([
    {
      ...shared,
      status: 200,
      durationMs: expect.any(Number),
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      rateLimit: { remaining: expect.any(Number), resetSeconds: expect.any(Number) },
    },
  ]);
  const [response] = responses;
  const isIts = (line: string) => line.includes(response?.requestId ?? "");
  await expect.poll(() => app.logLines.filter(isIts)).toHaveLength(1);
  expect(JSON.parse(app.logLines.find(isIts) ?? "")).toMatchObject({
    client: `fiscility-client/${version}`,
    traceId: "0af7651916cd43dd8448eb211c80319c",
  });
});

test("The server logs neither version nor trace of a request when they are not well-formed", async ({
  app,
}) => {
  const response = await fetch(`${app.url}/api/v1/plan`, {
    headers: { "x-client-version": 'x"; drop', traceparent: "00-xyz" },
  });
  const isIts = (line: string) => line.includes(response.headers.get("x-request-id") ?? "");
  await expect.poll(() => app.logLines.filter(isIts).length).toBeGreaterThan(0);
  for (const line of app.logLines.filter(isIts)) {
    expect(JSON.parse(line)).not.toHaveProperty("client");
    expect(JSON.parse(line)).not.toHaveProperty("traceId");
  }
});

test("The client reports a retry with its reason, and one for a rate limit that it waits for", async () => {
  const limited = refused("rate_limited", { limit: 1, windowSeconds: 1, retryAfterSeconds: 1 });
  const { url } = await startStandIn(
    inTurn((_req, res) => void res.destroy(), json(429, limited), entries),
  );
  const retries: RetryEvent[] = [];
  const statuses: (number | null)[] = [];
  await quick(url, {
    retries: 2,
    onRetry: (event) => retries.push(event),
    onResponse: ({ status }) => statuses.push(status),
  }).activity.list.query();
  expect(statuses).toEqual([null, 429, 200]);
  expect(retries.map(({ call, attempt, error }) => [call, attempt, error.reason])).toEqual([
    ["activity.list", 2, "unreachable"],
    ["activity.list", 3, "rate_limited"],
  ]);
  expect(retries[1]?.waitMs).toBe(1_000);
});

test("The client reports a retry of a stream", async () => {
  const { url } = await startStandIn((_req, res) => void res.destroy());
  const retries: RetryEvent[] = [];
  const error = await failure(
    new Promise((_, reject) => {
      const client = quick(url, { retries: 1, onRetry: (event) => retries.push(event) });
      client.live.changes.subscribe(undefined, { onError: reject });
    }),
  );
  expect(error.reason).toBe("unreachable");
  expect(retries.map(({ call, attempt }) => [call, attempt])).toEqual([["live.changes", 2]]);
});

test("The client distinguishes a slow attempt, which it retries, from a slow call and from the caller's own signal", async () => {
  const { url, seen } = await startStandIn(inTurn(silence, entries));
  const patient = quick(url, { attemptTimeoutMs: 100, retries: 1 });
  expect(await patient.activity.list.query()).toEqual({ entries: [] });
  expect(seen).toHaveLength(2);

  const { url: silent, seen: sent } = await startStandIn(silence);
  const attempt = await failure(
    quick(silent, { attemptTimeoutMs: 50, retries: 1 }).activity.list.query(),
  );
  expect(attempt).toMatchObject({ reason: "timed_out", limit: "attempt", timeoutMs: 50 });
  expect(sent).toHaveLength(2);

  const client = quick(silent, { attemptTimeoutMs: 50 });
  // A call that must not be retried has the whole time for its one attempt.
  const mutation = client.items.refresh.mutate({ itemId: "x" }, { timeoutMs: 150 });
  expect(await failure(mutation)).toMatchObject({ limit: "call", timeoutMs: 150 });
  const signal = AbortSignal.timeout(20);
  expect(await failure(client.plan.get.query(undefined, { signal }))).toMatchObject({
    reason: "timed_out",
    limit: "signal",
    timeoutMs: null,
  });
});

test("A call uses its own timeout and retries instead of the client's", async () => {
  const { url, seen } = await startStandIn((_req, res) => void res.destroy());
  await failure(quick(url).plan.get.query(undefined, { retries: 2 }));
  expect(seen).toHaveLength(3);
  const { url: silent } = await startStandIn(silence);
  const error = await failure(quick(silent).plan.get.query(undefined, { timeoutMs: 40 }));
  expect(error).toMatchObject({ reason: "timed_out", limit: "call", timeoutMs: 40 });
});

test("The stack of a failure begins at the call, also for a stream", async () => {
  const { url } = await startStandIn(json(401, refused("api_key_revoked")[0]));
  async function myOwnFunction() {
    return await quick(url).plan.get.query();
  }
  function mySubscription() {
    return new Promise((_, reject) =>
      quick(url).live.changes.subscribe(undefined, { onError: reject }),
    );
  }
  for (const [call, name] of [
    [myOwnFunction, "myOwnFunction"],
    [mySubscription, "mySubscription"],
  ] as const) {
    const { stack = "" } = await failure(call());
    const [first = "", second = ""] = stack.split("\n");
    expect(first).toMatch(/^FiscilityError: This API key was revoked/);
    expect(second).toContain(import.meta.filename);
    expect(stack).toContain(name);
    expect(stack).not.toContain("client/src");
  }
});

test("A hook that throws does not fail the call, and its error is reported", async () => {
  const { url } = await startStandIn(entries);
  const uncaught = new Promise((resolve) => {
    const kept = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      for (const listener of kept) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
  const thrown = new Error("the hook is broken");
  const onRequest = () => {
    throw thrown;
  };
  expect(await quick(url, { onRequest }).activity.list.query()).toEqual({ entries: [] });
  expect(await uncaught).toBe(thrown);
});
