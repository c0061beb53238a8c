import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { accountsOf, itemsOf, only, sessionsOf } from "../support/rows.ts";
import { until } from "../support/until.ts";

interface OtlpSpan {
  name: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  status: { code?: number; message?: string };
}

/** A collector's OTLP/HTTP receiver: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
async function startCollector() {
  const spans: OtlpSpan[] = [];
  const bodies: string[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    if (req.url !== "/v1/traces") return res.writeHead(404).end();
    bodies.push(body);
    for (const { scopeSpans } of JSON.parse(body).resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    res.setHeader("content-type", "application/json").end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let app: TestApp;
let collector: Awaited<ReturnType<typeof startCollector>>;
let metricsUrl: string;
let owner: TestUser;
let itemId: string;
let publicToken: string;
const metrics = async () => (await fetch(metricsUrl)).text();

beforeAll(async () => {
  process.env.OTEL_BSP_SCHEDULE_DELAY = "100";
  collector = await startCollector();
  const port = await freePort();
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  app = await startTestApp({
    METRICS_PORT: String(port),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    LOG_LEVEL: "silent",
  });
  owner = await app.signUp("cfo");
  publicToken = await app.publicToken();
  const { body } = await app.post(
    "/plaid/exchange-token?secret=in-the-query",
    { public_token: publicToken },
    owner,
  );
  itemId = body.item.id;
  const read = (path: string) =>
    fetch(`${app.url}${path}`, { headers: { cookie: owner.cookie } }).then((response) =>
      response.text(),
    );
  await read("/trpc/accounts.list");
  await read("/trpc/accounts.list");
  await read("/trpc/accounts.list,plan.get?batch=1");
  await read(`/api/v1/items/${itemId}`);
  await read(`/api/v1/items/${itemId}/nothing-there`);
  await read("/dashboard");
  await read(`/${itemId}`);
  await app.fault({ path: "/item/public_token/exchange", times: 9, do: { malformed: true } });
  const failing = { public_token: await app.publicToken() };
  await app.post("/plaid/exchange-token", failing, owner);
  await app.clearFaults();
  const worker = await startWorker(app.services);
  await until(
    async () =>
      (await metrics()).includes('outcome="done",task="sync_item"') ||
      (await metrics()).includes('task="sync_item",outcome="done"'),
  );
  await worker.stop();
});
afterAll(async () => {
  await app?.close();
  await collector?.close();
});

test("Metrics show an operator what happens, even with the log silent", async () => {
  const text = await metrics();
  const value = (start: string) => {
    const line = text.split("\n").find((one) => one.startsWith(start));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  expect(
    value(
      'fiscility_request_seconds_count{method="POST",route="/plaid/exchange-token",status="200"}',
    ),
  ).toBe(1);
  expect(
    value(
      'fiscility_request_seconds_count{method="POST",route="/plaid/exchange-token",status="503"}',
    ),
  ).toBe(1);
  expect(value('fiscility_request_seconds_count{method="GET",route="/trpc/accounts.list"')).toBe(2);
  expect(value('fiscility_request_seconds_count{method="GET",route="/trpc/batch"')).toBe(1);
  expect(value('fiscility_request_seconds_count{method="GET",route="/dashboard"')).toBe(1);
  expect(
    value('fiscility_request_seconds_count{method="GET",route="unknown page",status="404"}'),
  ).toBe(1);
  expect(value('fiscility_connections_total{outcome="connected"')).toBe(1);
  expect(value('fiscility_connections_total{outcome="pending",reason="outcome_pending"}')).toBe(1);
  expect(value('fiscility_connect_step_seconds_count{step="exchange"}')).toBe(1);
  expect(
    value('fiscility_plaid_call_seconds_count{path="/item/public_token/exchange",outcome="ok"}'),
  ).toBe(1);
  expect(
    value(
      'fiscility_plaid_call_seconds_count{path="/item/public_token/exchange",outcome="plaid_unavailable"}',
    ),
  ).toBe(3);
  expect(value('fiscility_cache_reads_total{result="miss"}')).toBeGreaterThan(0);
  expect(value('fiscility_cache_reads_total{result="hit"}')).toBeGreaterThan(0);
  expect(value('fiscility_refusals_total{reason="outcome_pending"}')).toBe(1);
  expect(value("fiscility_syncs_total{outcome=")).toBeGreaterThan(0);
  expect(value('fiscility_unfinished_attempts{state="started"}')).toBe(1);
  expect(value('fiscility_unfinished_attempts{state="stuck"}')).toBe(0);
  expect(value('fiscility_jobs{state="dead"}')).toBe(0);
  expect(value('fiscility_pool_connections{use="idle"}')).toBeGreaterThan(0);
  expect(value("fiscility_streams ")).toBe(0);
  expect(value("nodejs_eventloop_lag_seconds ")).toBeDefined();
  expect(app.logLines).toEqual([]);
});

test("A trace has a connection's steps, calls to Plaid and queries below the request", async () => {
  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  await expect.poll(() => named("POST /plaid/exchange-token")).toHaveLength(2);
  await expect.poll(() => named("job sync_item")).not.toHaveLength(0);
  const [request, failed] = named("POST /plaid/exchange-token") as [OtlpSpan, OtlpSpan];
  const below = (parent: OtlpSpan): OtlpSpan[] =>
    collector.spans
      .filter((span) => span.parentSpanId === parent.spanId)
      .flatMap((span) => [span, ...below(span)]);
  const names = below(request).map(({ name }) => name);
  for (const name of [
    "procedure connectAccount",
    "attempt",
    "lock",
    "exchange",
    "save",
    "accounts",
    "insert",
    "commit",
    "cache",
    "plaid /item/public_token/exchange",
    "plaid /accounts/get",
    "postgresql",
  ]) {
    expect(names).toContain(name);
  }
  const procedure = below(failed).find(({ name }) => name === "procedure connectAccount");
  expect(procedure?.status).toEqual({ code: 2, message: "outcome_pending" });
  const queries = below(request).flatMap(({ attributes }) =>
    attributes.filter(({ key }) => key === "db.query.text").map(({ value }) => value.stringValue),
  );
  expect(queries.some((text) => text?.includes("$1"))).toBe(true);
});

test("Labels and spans contain no secret and no id", async () => {
  const exported = `${await metrics()}\n${collector.bodies.join("\n")}`;
  const item = await only(itemsOf(app));
  const accounts = await accountsOf(app);
  const sessions = await sessionsOf(app);
  const secrets = [
    publicToken,
    itemId,
    owner.id,
    owner.email,
    owner.password,
    owner.cookie,
    "in-the-query",
    "nothing-there",
    item.plaid_item_id,
    item.access_token_sealed,
    ...accounts.flatMap((account) => [account.id, account.plaid_account_id, account.name]),
    ...sessions.flatMap((session) => [session.id, session.token]),
    ...["PLAID_SECRET", "TOKEN_KEYS", "SESSION_SECRET", "DATABASE_URL"].map(
      (name) => app.env[name],
    ),
  ] as string[];
  expect(secrets.length).toBeGreaterThan(20);
  for (const secret of secrets) expect(exported).not.toContain(secret);
  expect(exported).not.toMatch(/(access|public|link)-(sandbox|production)-/);
});

test("Metrics have a port of their own, and are not on the public one", async () => {
  expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
  expect(new URL(metricsUrl).port).not.toBe(new URL(app.url).port);
});

test("Connecting a bank again and deleting an account work the same with metrics on", async () => {
  const user = await app.signUp("analyst");
  const connected = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  const { id } = connected.body.item;
  const again = await app.post("/trpc/plaid.finishUpdateMode", { itemId: id }, user);
  expect(again.status).toBe(200);
  const deleted = await fetch(`${app.url}/api/v1/account?confirmation=delete%20my%20account`, {
    method: "DELETE",
    headers: { cookie: user.cookie },
  });
  expect(deleted.status).toBe(200);
  const text = await metrics();
  for (const outcome of ["reconnected", "disconnected"]) {
    expect(text).toContain(`fiscility_connections_total{outcome="${outcome}",reason=""} 1`);
  }
});
