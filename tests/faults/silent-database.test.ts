import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { afterAll, expect } from "vitest";
import { grantAppRole } from "../../db/app-role.ts";
import { createDb, poolUse } from "../../db/client.ts";
import { listJobs } from "../../db/jobs.ts";
import { limitStatements } from "../../db/limit-statements.ts";
import { listen } from "../../db/live.ts";
import { mayMigrate, migrateToLatest } from "../../db/migrate.ts";
import { freePort } from "../../local/ports.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { migrateDatabase, statementLimits } from "../../server/prepare-database.ts";
import { Secret } from "../../server/vault/secret.ts";
import type { TestApp } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { built } from "../support/built.ts";
import { testWithApp } from "../support/fixtures.ts";
import { addJob } from "../support/rows.ts";

/** A connection between the app and PostgreSQL that can silently swallow every byte of both. */
async function startWire(to: URL) {
  const sockets: Socket[] = [];
  let silent = false;
  let lost: string | null = null;
  let losses = 0;
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    sockets.push(near, far);
    near.on("data", (bytes) => silent || far.write(bytes));
    let isLost = false;
    far.on("data", (bytes) => {
      if (!isLost && lost !== null && bytes.includes(lost)) {
        isLost = true;
        losses += 1;
      }
      if (!silent && !isLost) near.write(bytes);
    });
    near.on("error", () => {}).on("close", () => far.destroy());
    far.on("error", () => {}).on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(to);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    fallSilent() {
      silent = true;
    },
    speak() {
      silent = false;
      lost = null;
    },
    /** Swallows the response that contains `text`, and all later ones on its connection. */
    loseResponse(text: string) {
      lost = text;
      losses = 0;
    },
    /** How many connections are lost since. */
    losses: () => losses,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const test = testWithApp();
let wire: Awaited<ReturnType<typeof startWire>>;
test.beforeAll(async ({ app }) => {
  wire = await startWire(new URL(app.databaseUrl));
});
afterAll(async () => {
  wire?.close();
});

test("The pool drops a connection and does not use it again when PostgreSQL vanishes silently", async () => {
  const limits = { statementTimeoutMs: 500, lockTimeoutMs: 300, idleInTransactionTimeoutMs: 500 };
  const onIdleError = () => {};
  const db = createDb({
    url: wire.url,
    hasSessions: true,
    max: 1,
    connectTimeoutMs: 1_000,
    responseTimeoutMs: 500,
    ...limits,
    onIdleError,
  });
  try {
    const query = () => db.selectFrom("users").select("id").execute();
    expect(await query()).toEqual([]);
    // An idle connection is kept.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(poolUse(db)).toEqual({ open: 1, idle: 1, waiting: 0 });
    wire.fallSilent();
    await expect(query()).rejects.toThrow("PostgreSQL does not respond");
    await expect(query()).rejects.toThrow("timeout");
    wire.speak();
    expect(await query()).toEqual([]);
  } finally {
    await db.destroy();
  }
});

/** Starts the listening connection, and returns once it listens. `lost()` is the error that ended it. */
async function startListening(connectTimeoutMs: number) {
  let listens = false;
  let lost: Error | null = null;
  const live = listen({
    url: wire.url,
    connectTimeoutMs,
    checkEveryMs: 5,
    retryMs: 100,
    onNotice() {},
    onListening: () => {
      listens = true;
    },
    onLost: (error) => {
      lost = error;
    },
  });
  await expect.poll(() => listens).toBe(true);
  return { lost: () => lost, close: () => live.close() };
}

test("The listening connection accumulates nothing while it checks", async () => {
  // The objects are counted while nothing happens, which a check must outlast: the heap is that of many files.
  const listening = await startListening(60_000);
  try {
    await pause(200);
    const before = queryObjects(Promise, { format: "count" });
    await pause(1_500);
    const kept = queryObjects(Promise, { format: "count" }) - before;
    expect(kept).toBeLessThan(100);
    expect(listening.lost()).toBeNull();
  } finally {
    await listening.close();
  }
});

test("The listening connection notices a silent PostgreSQL", async () => {
  const listening = await startListening(1_000);
  try {
    expect(listening.lost()).toBeNull();
    wire.fallSilent();
    await expect.poll(listening.lost).not.toBeNull();
  } finally {
    wire.speak();
    await listening.close();
  }
});

test.for([
  [
    "it fell silent while they asked for one",
    async (app: TestApp) => {
      wire.fallSilent();
      await addJob(app, "sweep");
      // Together they ask twenty times a second.
      await pause(1_000);
    },
  ],
  [
    "its response with a job was lost",
    async (app: TestApp) => {
      wire.loseResponse("unheard");
      await app.query(`select graphile_worker.add_job('sweep', '{"mark": "unheard"}')`);
      const locked = "select 1 from graphile_worker._private_jobs where locked_by is not null";
      await expect.poll(() => app.query(locked)).toHaveLength(1);
    },
  ],
] as const)(
  "Workers run jobs again once PostgreSQL is back after %s",
  async ([, fail], { app }) => {
    const { services } = app;
    const quick = { statement: 500, lock: 300, databaseResponse: 500, workerWatch: 300 };
    const worker = await startWorker({
      ...services,
      config: { ...services.config, databaseDirectUrl: new Secret(wire.url) },
      limits: { ...services.limits, ...quick },
    });
    try {
      await addJob(app, "sweep");
      await expect.poll(() => listJobs(services.db)).toEqual([]);
      await fail(app);
      wire.speak();
      await expect.poll(() => listJobs(services.db), { timeout: 20_000 }).toEqual([]);
    } finally {
      wire.speak();
      await worker.stop();
    }
  },
);

/** Timeout of a connection, in milliseconds. */
const connectMs = 200;

test.each([
  ["migrating", (url: string) => migrateDatabase(url, connectMs)],
  ["migrating our tables", (url: string) => migrateToLatest(url, connectMs)],
  ["asking whether one may", (url: string) => mayMigrate(url, connectMs)],
  ["limiting statements", (url: string) => limitStatements(url, statementLimits, connectMs)],
  ["giving the app's role its rights", (url: string) => grantAppRole(url, url, connectMs)],
])("%s times out on a PostgreSQL that is silent", async (_what, setUp) => {
  wire.fallSilent();
  try {
    await expect(setUp(wire.url)).rejects.toThrow("timeout");
  } finally {
    wire.speak();
  }
});

test.each([
  ["asking whether one may migrate", "may", (url: string) => mayMigrate(url, connectMs)],
  [
    "limiting statements",
    "BEGIN",
    (url: string) => limitStatements(url, statementLimits, connectMs),
  ],
  ["giving the app's role its rights", "BEGIN", (url: string) => grantAppRole(url, url, connectMs)],
] as const)(
  "%s times out on a PostgreSQL that is silent after the log-in",
  async (_what, response, setUp) => {
    wire.loseResponse(response);
    try {
      await expect(setUp(wire.url)).rejects.toThrow("PostgreSQL does not respond");
      expect(wire.losses()).toBe(1);
    } finally {
      wire.speak();
    }
  },
);

test.for(["main", "worker-main"])(
  "%s ends on SIGTERM while it prepares a database that is silent",
  async (name, { app }) => {
    wire.loseResponse("pg_advisory_lock");
    const env = {
      ...app.env,
      NODE_ENV: "development" as const,
      DATABASE_DIRECT_URL: wire.url,
      MAIL_PORT: "0",
      PORT: String(await freePort()),
    };
    const cwd = mkdtempSync(path.join(tmpdir(), "fiscility-silent-"));
    const child = spawn(process.execPath, built(name), { cwd, env, stdio: "ignore" });
    try {
      await expect.poll(() => wire.losses()).toBe(1);
      const ended = awaitLater(once(child, "exit"));
      child.kill("SIGTERM");
      expect(await Promise.race([ended, pause(20_000)])).toEqual([0, null]);
    } finally {
      wire.speak();
      child.kill("SIGKILL");
      rmSync(cwd, { recursive: true, force: true });
    }
  },
);
