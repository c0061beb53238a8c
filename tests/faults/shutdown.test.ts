import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect as openSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, onTestFinished } from "vitest";
import type { TestUser } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { startMain } from "../support/main-process.ts";
import { attemptsOf, jobsIn } from "../support/rows.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const test = testWithApp();
let owner: TestUser;
let node: Awaited<ReturnType<typeof startMain>> | undefined;
test.beforeEach(async ({ app }) => {
  await startOver(app);
  owner = await app.signUp("cfo");
});
afterEach(() => void node?.child.kill("SIGKILL"));

interface Answer {
  status: number;
  closes: boolean;
  body: string;
}

/** Sends one request. Rejects unless the whole response arrives. */
function sendRequest(
  url: string,
  agent: Agent | false,
  method = "GET",
  json?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: owner.cookie, "content-type": "application/json" };
    const req = request(url, { agent, method, headers }, (res) => {
      let body = "";
      res.setEncoding("utf8");
      res.on("data", (chunk) => {
        body += chunk;
      });
      res.on("error", reject);
      res.on("end", () => {
        const { statusCode: status = 0, headers } = res;
        if (res.complete) resolve({ status, closes: headers.connection === "close", body });
        else reject(new Error("the response is incomplete"));
      });
    });
    req.on("error", reject);
    req.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

/** Sends one request after another until `over`, below one user's rate limit. Returns the results. */
async function keepRequesting(url: string, agent: Agent | false, over: AbortSignal) {
  const outcomes = new Set<string>();
  let closedByNode = 0;
  while (!over.aborted) {
    await sendRequest(url, agent).then(
      ({ status, closes }) => {
        outcomes.add(String(status));
        if (agent && closes) closedByNode += 1;
      },
      (error: NodeJS.ErrnoException) => outcomes.add(error.code ?? error.message),
    );
    await sleep(100);
  }
  return { outcomes, closedByNode };
}

test("A rolling restart under load loses no request, stream, job or connection", async ({
  app,
}) => {
  node = await startMain(app.env);
  const { child, ended, url: nodeUrl } = node;
  // In front of both nodes, a load balancer that sends new connections to a ready node.
  const balancer = await startTcpProxy(Number(new URL(nodeUrl).port));
  onTestFinished(() => balancer.close());
  const url = `http://localhost:${balancer.port}`;
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const clients = [
    ...[1, 2, 3, 4].map(() => new Agent({ keepAlive: true, maxSockets: 1 })),
    ...([false, false, false, false] as const),
  ].map((agent) => keepRequesting(`${url}/trpc/accounts.list`, agent, over.signal));
  const idle = new Agent({ keepAlive: true, maxSockets: 1 });
  await sendRequest(`${url}/trpc/accounts.list`, idle);
  const stream = awaitLater(sendRequest(`${url}/trpc/live.changes`, false));

  // A running connection and a running job that last longer than the drain.
  const connect = async (institution: string) =>
    sendRequest(`${url}/plaid/exchange-token`, false, "POST", {
      public_token: await app.publicToken(institution),
    });
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 2_500 } });
  expect((await connect("ins_109509")).status).toBe(200);
  await app.fault({ path: "/accounts/get", times: 1, do: { delay: 2_500 } });
  const connecting = awaitLater(connect("ins_109510"));
  const exchanged = async () =>
    (await attemptsOf(app)).filter(({ status }) => status === "exchanged");
  const syncing = async () =>
    (await jobsIn(app, "sync_item")).filter(({ locked_at }) => locked_at !== null);
  await expect.poll(async () => [await exchanged(), await syncing()].flat()).toHaveLength(2);

  child.kill("SIGTERM");
  const readyz = () => sendRequest(`${nodeUrl}/readyz`, false);
  await expect.poll(async () => (await readyz()).status).toBe(503);
  expect((await readyz()).body).toBe('{"status":"stopping"}');
  balancer.leadTo(Number(new URL(app.url).port));

  expect((await stream).body).toContain("event: connected");
  const { status, body } = await connecting;
  expect([status, JSON.parse(body).outcome]).toEqual([200, "connected"]);
  expect(await ended).toEqual([0, null]);
  expect((await sendRequest(`${url}/trpc/accounts.list`, idle)).status).toBe(200);
  over.abort();
  for (const { outcomes } of await Promise.all(clients)) expect([...outcomes]).toEqual(["200"]);
  const toldToLeave = (await Promise.all(clients)).filter(({ closedByNode }) => closedByNode > 0);
  expect(toldToLeave.length).toBe(4);
  expect((await attemptsOf(app)).filter(({ status }) => status !== "connected")).toEqual([]);
  expect((await jobsIn(app)).filter(({ locked_at }) => locked_at !== null)).toEqual([]);
});

test("A node that shuts down closes a connection that has sent nothing at once", async ({
  app,
}) => {
  const second = await app.startNode();
  const { port, hostname } = new URL(second.url);
  const socket = openSocket(Number(port), hostname);
  await once(socket, "connect");
  // The node has accepted it, as this request came later.
  await sendRequest(`${second.url}/healthz`, false);
  const begun = performance.now();
  await Promise.all([second.close(), once(socket, "close")]);
  expect(performance.now() - begun).toBeLessThan(app.services.limits.shutdown / 5);
});
