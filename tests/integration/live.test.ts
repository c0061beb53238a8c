import { afterAll, expect } from "vitest";
import { createClient, type FiscilityError } from "../../client/src/index.ts";
import { createApiKey, revokeApiKey } from "../../server/auth/api-keys.ts";
import type { Scope } from "../../server/contracts/api-keys.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { endConnections } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import { expireApiKey, raiseDataVersion } from "../support/rows.ts";
import { openStream } from "../support/sse.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

/** Pings, and the silence that a client takes for a broken network, shortened for tests. */
const limits = { livePing: 100, liveSilence: 500 };

const test = testWithApp({}, { pooled: true, limits });
let second: Awaited<ReturnType<TestApp["startNode"]>>;
test.beforeAll(async ({ app }) => {
  second = await app.startNode();
});
afterAll(async () => {
  await second?.close();
});

const open: { close(): void }[] = [];
test.afterEach(async ({ app }) => {
  for (const one of open.splice(0)) one.close();
  // Clients that leave must not stay in memory.
  await expect.poll(() => app.services.live.size + second.services.live.size).toBe(0);
});

async function follow(url: string, headers: Record<string, string>, lastEventId?: string) {
  const stream = await openStream(`${url}/trpc/live.changes`, {
    ...headers,
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  });
  open.push(stream);
  return stream;
}

const versions = (stream: Awaited<ReturnType<typeof follow>>): number[] =>
  stream.messages().map(({ dataVersion }) => dataVersion);

const change = (app: TestApp, user: { id: string }, by = 1) => raiseDataVersion(app, user, by);

async function keyOf(app: TestApp, user: TestUser, scopes: Scope[] = ["accounts:read"]) {
  const { key, apiKey } = await createApiKey(app.services.db, user.id, {
    name: "Live",
    scopes,
    expiresInDays: 1,
  });
  return { key, id: apiKey.id, headers: { authorization: `Bearer ${key}` } };
}

/** The reason of the server's last event, when it was an error. */
const reason = (stream: Awaited<ReturnType<typeof follow>>) => {
  const last = stream.events.at(-1);
  return last?.event === "serialized-error" ? JSON.parse(last.data).data.reason : last;
};

/** PostgreSQL closes the connection on which a node listens. */
const deafen = (app: TestApp) => endConnections(app, "application_name = 'fiscility-live'");

test("live.changes reports a connected bank on both nodes, by session and by key, and to no other user (C4)", async ({
  app,
}) => {
  const [ada, bob] = [await app.signUp("analyst"), await app.signUp("analyst")];
  const { headers } = await keyOf(app, ada);
  const adas = [
    await follow(app.url, { cookie: ada.cookie }),
    await follow(second.url, { cookie: ada.cookie }),
    await follow(second.url, headers),
  ];
  const bobs = await follow(app.url, { cookie: bob.cookie });
  for (const stream of [...adas, bobs]) await expect.poll(() => versions(stream)).toHaveLength(1);
  const publicToken = await app.publicToken();
  const response = await app.post("/plaid/exchange-token", { public_token: publicToken }, ada);
  expect(response.body.outcome).toBe("connected");
  for (const stream of adas) {
    await expect.poll(() => versions(stream)).toHaveLength(2);
    expect(versions(stream)).toEqual([0, 1]);
    expect(stream.events.findLast(({ id }) => id)?.id).toMatch(/^1\.\d+$/);
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    expect(stream.headers.get("content-encoding")).toBeNull();
  }
  expect(versions(bobs)).toEqual([0]);
});

test("live.changes resumes after the last event: nothing twice, and missed changes at once", async ({
  app,
}) => {
  const { cookie, id } = await app.signUp();
  await change(app, { id }, 3);
  const upToDate = await follow(app.url, { cookie }, "3");
  const behind = await follow(app.url, { cookie }, "1");
  const never = await follow(app.url, { cookie });
  const nonsense = await follow(app.url, { cookie }, "'; drop table users");
  for (const stream of [behind, never, nonsense])
    await expect.poll(() => versions(stream)).toHaveLength(1);
  await change(app, { id });
  for (const stream of [behind, never, nonsense]) {
    await expect.poll(() => versions(stream)).toHaveLength(2);
    expect(versions(stream)).toEqual([3, 4]);
  }
  await expect.poll(() => versions(upToDate)).toHaveLength(1);
  expect(versions(upToDate)).toEqual([4]);
});

test("live.changes pings while it is idle", async ({ app }) => {
  const stream = await follow(app.url, { cookie: (await app.signUp()).cookie });
  await expect
    .poll(() => stream.events.filter(({ event }) => event === "ping").length)
    .toBeGreaterThanOrEqual(3);
});

test("live.changes keeps nothing in memory of clients that leave at any moment", async ({
  app,
}) => {
  const { cookie, id } = await app.signUp();
  const staying = await follow(app.url, { cookie });
  await expect.poll(() => versions(staying)).toHaveLength(1);
  // Fewer of each user than would end that user's oldest stream.
  const others = await Promise.all(Array.from({ length: 8 }, () => app.signUp()));
  const leaving = Array.from({ length: 60 }, async (_, n) => {
    const controller = new AbortController();
    const stream = fetch(`${app.url}/trpc/live.changes`, {
      headers: { cookie: others[n % others.length]?.cookie ?? "" },
      signal: controller.signal,
    }).then((response) => response.text());
    // Some before the log-in is read, some in the middle of it, some with the stream open.
    setTimeout(() => controller.abort(), n * 2);
    await expect(stream).rejects.toThrow(/abort/);
  });
  await change(app, { id });
  await Promise.all(leaving);
  await expect.poll(() => app.services.live.size).toBe(1);
  await change(app, { id });
  await expect.poll(() => versions(staying).at(-1)).toBe(2);
});

test("Logging out ends that session's streams on every node, and no other's (I6)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const again = await app.post("/api/auth/sign-in/email", ada);
  const cookie = again.headers.getSetCookie().map((line) => line.split(";")[0]);
  const kept = await follow(app.url, { cookie: cookie.join("; ") });
  const ending = [
    await follow(app.url, { cookie: ada.cookie }),
    await follow(second.url, { cookie: ada.cookie }),
  ];
  for (const stream of [kept, ...ending]) await expect.poll(() => versions(stream)).toHaveLength(1);
  const out = await fetch(`${app.url}/api/auth/sign-out`, {
    method: "POST",
    headers: { cookie: ada.cookie, origin: app.url, "content-type": "application/json" },
    body: "{}",
  });
  expect(out.status).toBe(200);
  for (const stream of ending) {
    await stream.ended;
    expect(reason(stream)).toBe("unauthenticated");
  }
  await change(app, ada);
  await expect.poll(() => versions(kept)).toHaveLength(2);
});

test("live.changes ends with the reason when its key is revoked or expires (I6)", async ({
  app,
}) => {
  const ada = await app.signUp();
  const [revoked, expired] = [await keyOf(app, ada), await keyOf(app, ada)];
  const [first, last] = [
    await follow(second.url, revoked.headers),
    await follow(second.url, expired.headers),
  ];
  for (const stream of [first, last]) await expect.poll(() => versions(stream)).toHaveLength(1);
  await revokeApiKey(app.services.db, ada.id, revoked.id);
  await first.ended;
  expect(reason(first)).toBe("api_key_revoked");
  // Nothing reports the passing of time: the next check finds it, and there is one after a reconnection.
  await expireApiKey(app, expired.id);
  await deafen(app);
  await last.ended;
  expect(reason(last)).toBe("api_key_expired");
});

test("live.changes needs the scope to read accounts", async ({ app }) => {
  const ada = await app.signUp();
  const cases = [
    [{}, "unauthenticated"],
    [{ authorization: "Bearer fsk_wrong" }, "api_key_invalid"],
    [(await keyOf(app, ada, ["activity:read"])).headers, "scope_missing"],
  ] as const;
  for (const [headers, why] of cases) {
    const stream = await follow(app.url, headers as Record<string, string>);
    await stream.ended;
    expect(reason(stream)).toBe(why);
  }
});

test("live.changes reports changes from while PostgreSQL was unreachable once it is back", async ({
  app,
}) => {
  const { cookie, id } = await app.signUp();
  const stream = await follow(app.url, { cookie });
  await expect.poll(() => versions(stream)).toHaveLength(1);
  for (const expected of [1, 2, 3]) {
    await deafen(app);
    await change(app, { id });
    await expect.poll(() => versions(stream).at(-1)).toBe(expected);
  }
  expect(app.logLines.some((line) => line.includes("live_disconnected"))).toBe(true);
});

test("The typed client reconnects and misses nothing when a network drops or falls silent", async ({
  app,
}) => {
  const ada = await app.signUp();
  const proxy = await startTcpProxy(Number(new URL(app.url).port));
  const client = createClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    apiKey: (await keyOf(app, ada)).key,
    timeoutMs: 1_000,
  });
  const seen: number[] = [];
  const errors: unknown[] = [];
  const subscription = client.live.changes.subscribe(undefined, {
    onData: ({ data }) => seen.push(data.dataVersion),
    onError: (error) => errors.push(error),
  });
  await expect.poll(() => seen).toHaveLength(1);
  proxy.cut();
  await change(app, ada);
  await expect.poll(() => seen).toHaveLength(2);
  const before = proxy.accepted();
  proxy.hang();
  await change(app, ada);
  // The client drops the silent stream and opens another, which hangs and is dropped as well.
  await expect.poll(() => proxy.accepted()).toBeGreaterThan(before + 1);
  expect(seen).toEqual([0, 1]);
  proxy.cut();
  proxy.go();
  await expect.poll(() => seen).toHaveLength(3);
  expect(seen).toEqual([0, 1, 2]);
  expect(errors).toEqual([]);
  subscription.unsubscribe();
  await proxy.close();
});

test("The typed client learns why its stream ended permanently", async ({ app }) => {
  const ada = await app.signUp();
  const { key, id } = await keyOf(app, ada);
  const client = createClient({ baseUrl: app.url, apiKey: key });
  const failed = new Promise<FiscilityError>((resolve) => {
    client.live.changes.subscribe(undefined, {
      onData: () => void revokeApiKey(app.services.db, ada.id, id),
      onError: (error) => resolve(error as never),
    });
  });
  expect((await failed).reason).toBe("api_key_revoked");
});

test("The typed client does not reopen a stream that was replaced, and learns so", async ({
  app,
}) => {
  const ada = await app.signUp();
  const { key, headers } = await keyOf(app, ada);
  const client = createClient({ baseUrl: app.url, apiKey: key });
  let started = 0;
  const failed = new Promise<FiscilityError>((resolve) => {
    client.live.changes.subscribe(undefined, {
      onStarted: () => started++,
      onError: (error) => resolve(error as never),
    });
  });
  await expect.poll(() => started).toBe(1);
  const newer = [];
  for (let n = 0; n < 10; n++) newer.push(await follow(app.url, headers));
  const { reason, retryable } = await failed;
  expect([reason, retryable, started]).toEqual(["stream_replaced", false, 1]);
  for (const stream of newer) await expect.poll(() => versions(stream)).toHaveLength(1);
  expect(app.services.live.size).toBe(10);
});

test("A node that shuts down ends its streams at once, and clients continue on another node", async ({
  app,
}) => {
  const ada = await app.signUp();
  const node = await app.startNode();
  const port = Number(new URL(node.url).port);
  const proxy = await startTcpProxy(port);
  const client = createClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    apiKey: (await keyOf(app, ada)).key,
  });
  const seen: number[] = [];
  const subscription = client.live.changes.subscribe(undefined, {
    onData: ({ data }) => seen.push(data.dataVersion),
  });
  const plain = await follow(node.url, { cookie: ada.cookie });
  await expect.poll(() => seen).toHaveLength(1);
  await expect.poll(() => versions(plain)).toHaveLength(1);
  await node.close();
  await plain.ended;
  // No `return` event, which would keep a browser from reconnecting.
  expect(plain.events.at(-1)?.event).not.toBe("return");
  await change(app, ada);
  proxy.leadTo(Number(new URL(second.url).port));
  await expect.poll(() => seen).toHaveLength(2);
  expect(seen).toEqual([0, 1]);
  subscription.unsubscribe();
  await proxy.close();
});
