import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { startMain } from "../support/main-process.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

let app: TestApp;
let owner: Person;
let node: Awaited<ReturnType<typeof startMain>> | undefined;
beforeAll(async () => {
  app = await startTestApp();
  owner = await app.signUp("cfo");
});
afterAll(async () => {
  node?.child.kill("SIGKILL");
  await app?.close();
});

interface Answer {
  status: number;
  closes: boolean;
  body: string;
}

/** One request; rejects unless the whole answer came. */
function ask(url: string, agent: Agent | false, method = "GET", json?: unknown): Promise<Answer> {
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
        else reject(new Error("the answer is cut off"));
      });
    });
    req.on("error", reject);
    req.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

/** Sends one request after another until `over`, below what one user may ask a minute; tells what came of each. */
async function keepAsking(url: string, agent: Agent | false, over: AbortSignal) {
  const outcomes = new Set<string>();
  let closedByNode = 0;
  while (!over.aborted) {
    await ask(url, agent).then(
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

test("a rolling restart under load loses no request, no stream, no job and no connection", async () => {
  node = await startMain(app.env);
  const { child, ended, url: nodeUrl } = node;
  // Before both nodes, a balancer that sends new connections to a node that is ready.
  const balancer = await startTcpProxy(Number(new URL(nodeUrl).port));
  const url = `http://localhost:${balancer.port}`;
  const over = new AbortController();
  const clients = [
    ...[1, 2, 3, 4].map(() => new Agent({ keepAlive: true, maxSockets: 1 })),
    ...([false, false, false, false] as const),
  ].map((agent) => keepAsking(`${url}/trpc/accounts.list`, agent, over.signal));
  const idle = new Agent({ keepAlive: true, maxSockets: 1 });
  await ask(`${url}/trpc/accounts.list`, idle);
  const stream = ask(`${url}/trpc/live.changes`, false);

  // A connection and a job under way that last longer than the drain.
  const connect = async (institution: string) =>
    ask(`${url}/plaid/exchange-token`, false, "POST", {
      public_token: await app.publicToken(institution),
    });
  await app.fault({ path: "/transactions/sync", times: 1, do: { delay: 2_500 } });
  expect((await connect("ins_109509")).status).toBe(200);
  await app.fault({ path: "/accounts/get", times: 1, do: { delay: 2_500 } });
  const connecting = connect("ins_109510");
  const inWork = `select (select count(*) from link_attempts where status = 'exchanged')
    + (select count(*) from graphile_worker.jobs
       where task_identifier = 'sync_item' and locked_at is not null) as count`;
  await expect.poll(async () => (await app.query(inWork))[0].count).toBe("2");

  child.kill("SIGTERM");
  const readyz = () => ask(`${nodeUrl}/readyz`, false);
  await expect.poll(async () => (await readyz()).status).toBe(503);
  expect((await readyz()).body).toBe('{"status":"stopping"}');
  balancer.leadTo(Number(new URL(app.url).port));

  expect((await stream).body).toContain("event: connected");
  const { status, body } = await connecting;
  expect([status, JSON.parse(body).outcome]).toEqual([200, "connected"]);
  expect(await ended).toEqual([0, null]);
  expect((await ask(`${url}/trpc/accounts.list`, idle)).status).toBe(200);
  over.abort();
  for (const { outcomes } of await Promise.all(clients)) expect([...outcomes]).toEqual(["200"]);
  const toldToLeave = (await Promise.all(clients)).filter(({ closedByNode }) => closedByNode > 0);
  expect(toldToLeave.length).toBe(4);
  expect(await app.query("select 1 from link_attempts where status <> 'connected'")).toEqual([]);
  expect(await app.query("select 1 from graphile_worker.jobs where locked_at is not null")).toEqual(
    [],
  );
  await balancer.close();
});
