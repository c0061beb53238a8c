import { fork } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { startSandbox } from "@fiscility/plaid-sandbox";
import { createRequestHandler } from "@remix-run/express";
import type { AppLoadContext, LoaderFunction, ServerBuild } from "@remix-run/node";
import express, { type Express, type Response } from "express";
import { compactVerify, importJWK } from "jose";
import pg from "pg";
import { createClient } from "redis";
import { identify } from "../../server/auth/identify.ts";
import { parseConfig } from "../../server/config.ts";
import { createHttp } from "../../server/http/create-http.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { startServer } from "../../server/server.ts";
import { createServices, type Services, workerPoolSize } from "../../server/services.ts";
import { type Quotas, quotas } from "../../server/time-limits.ts";

const serverBuild = "../../build/server/index.js";

/** Log lines are made, as in production, but not written. */
const nowhere = { write: () => {} };

/** One user stands for many here, so the limits on one user would be all that is measured. */
const lifted: Quotas = {
  ...quotas,
  ...{ keyCalls: 1e9, sessionCalls: 1e9, callsAtOnce: 1e9, callsWaiting: 1e9, streams: 1e9 },
};
export const liftedQuotas = "calls a minute, calls at once and open streams of one user";

/**
 * A server in a process of its own, so that the client takes none of its time. It has the
 * product's limits on one user where `limited`, else `liftedQuotas` are lifted.
 */
export async function startProcess(
  kind: keyof typeof starts,
  env: Record<string, string> = {},
  { limited = false } = {},
) {
  const child = fork(import.meta.filename, [kind], {
    execArgv: ["--import", "tsx", "--expose-gc"],
    // Vite's own build, measured before this, leaves NODE_ENV at production.
    env: {
      ...process.env,
      ...{ NODE_ENV: "development", BENCH_LIMITED: limited ? "yes" : "no" },
      ...env,
      LOG_LEVEL: "info",
    },
    serialization: "json",
  });
  const tell = async <T>(question?: string): Promise<T> => {
    if (question) child.send(question);
    const [answer] = await once(child, "message");
    return answer as T;
  };
  const { url } = await tell<{ url: string }>();
  return {
    url,
    /** Processor time spent so far, in microseconds. */
    cpu: async () => {
      const { user, system } = await tell<NodeJS.CpuUsage>("cpu");
      return user + system;
    },
    /** Bytes once the process is idle: resident memory, and its part on the heap and in buffers. */
    memory: () => tell<{ resident: number; heap: number }>("memory"),
    /** Bytes that are resident now. */
    resident: () => tell<number>("resident"),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** After a log-in, as in the product's process, each promise takes longer: better-auth starts async hooks. */
async function logIn({ auth }: Services): Promise<void> {
  const email = `${randomUUID()}@example.com`;
  const password = "correct horse battery";
  await auth.createUser({ name: "b", email, password });
  const request = new Request(`${process.env.APP_URL}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": "127.0.0.1" },
    body: JSON.stringify({ email, password }),
  });
  const { status } = await auth.handle(request);
  if (status !== 200) throw new Error(`the floor could not log in: ${status}`);
}

/** At `/known`, the response is the value of one Redis GET, for a session that is read as the product reads it. */
async function startBare(): Promise<string> {
  const { services } = createServices(parseConfig(process.env), {
    destination: nowhere,
    quotas: ownQuotas,
  });
  const client = await createClient({ url: process.env.REDIS_URL ?? "" }).connect();
  await logIn(services);
  const answer = async (res: Response, userId: string) => {
    const json = await client.get(`bench:accounts:${userId}`);
    res.setHeader("content-type", "application/json");
    res.end(json);
  };
  const app = express().get("/known", (req, res, next) => {
    identify(services, req.headers, 1, () => {})
      .then(({ user }) => (user ? answer(res, user.id) : void res.sendStatus(401)))
      .catch(next);
  });
  return listen(app);
}

/** A webhook's signature verified with the key `bench`, and one row inserted. */
async function startIntake(): Promise<string> {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
  const { rows } = await pool.query("select x, y from webhook_keys where id = 'bench'");
  const key = await importJWK({ kty: "EC", crv: "P-256", ...rows[0] }, "ES256");
  const app = express().post(
    "/plaid/webhook",
    express.raw({ type: () => true }),
    (req, res, next) => {
      const signature = req.get("plaid-verification") ?? "";
      const { webhook_type, webhook_code, item_id } = JSON.parse(req.body.toString());
      compactVerify(signature, key, { algorithms: ["ES256"] })
        .then(() =>
          pool.query({
            name: "insert",
            text: `insert into webhooks (delivery_hash, type, code, plaid_item_id, details, signed_at)
            values ($1, $2, $3, $4, '{}', now())`,
            values: [
              createHash("sha256").update(signature).digest(),
              webhook_type,
              webhook_code,
              item_id,
            ],
          }),
        )
        .then(() => res.json({}), next);
    },
  );
  return listen(app);
}

/**
 * The product's pages with nothing to load: each loader returns what it returned the first time. That
 * first request goes through the product, every later one through Express and Remix alone.
 */
async function startStill(): Promise<string> {
  const build: ServerBuild = await import(path.join(import.meta.dirname, serverBuild));
  const loaded = new Map<string, ReturnType<LoaderFunction>>();
  const routes = Object.entries(build.routes).map(([id, route]) => {
    const { loader } = route?.module ?? {};
    if (!route || !loader) return [id, route];
    const remembering: LoaderFunction = (args) => {
      const answer = loaded.get(id) ?? loader(args);
      loaded.set(id, answer);
      return answer;
    };
    return [id, { ...route, module: { ...route.module, loader: remembering } }];
  });
  const still: ServerBuild = { ...build, routes: Object.fromEntries(routes) };
  const { services } = createServices(parseConfig(process.env), { destination: nowhere });
  await logIn(services);
  const product = createHttp(services, still, {
    stopping: new AbortController().signal,
    isPrepared: () => true,
  });
  const pages = createRequestHandler({
    build: still,
    mode: "production",
    getLoadContext: () => ({ nonce: "bench" }) as AppLoadContext,
  });
  return listen(express().use((...args) => (loaded.size === 0 ? product : pages)(...args)));
}

/** Only the jobs, without our count of Plaid's rate limits. */
async function startJobs(): Promise<string> {
  for (const limit of Object.values(rateLimits)) limit.perClient = 1e9;
  const { services } = createServices(parseConfig(process.env), {
    destination: nowhere,
    connections: workerPoolSize,
  });
  await startWorker(services);
  return "";
}

async function listen(app: Express): Promise<string> {
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Of this process. */
const ownQuotas = process.env.BENCH_LIMITED === "yes" ? quotas : lifted;

const starts = {
  app: async () =>
    (await startServer(parseConfig(process.env), { destination: nowhere, quotas: ownQuotas })).url,
  worker: startJobs,
  bare: startBare,
  intake: startIntake,
  still: startStill,
  sandbox: async () =>
    (
      await startSandbox({
        port: 0,
        fullHistory: true,
        historicalPullMs: 0,
        transactionsReadyMs: 0,
      })
    ).url,
};

if (process.argv[1] === import.meta.filename) {
  const [, , kind] = process.argv;
  const url = await starts[kind as keyof typeof starts]();
  process.on("message", async (question) => {
    if (question === "cpu") return void process.send?.(process.cpuUsage());
    if (question === "resident") return void process.send?.(process.memoryUsage.rss());
    // Memory pages are returned some time after the objects on them.
    for (let n = 0; n < 6; n++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.({ resident: rss, heap: heapUsed + external });
  });
  // Ends with the bench, however the bench ends.
  process.on("disconnect", () => process.exit(0));
  process.send?.({ url });
}
