import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { type EmbeddedDatabase, startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { parseConfig } from "../../server/config.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { startServer } from "../../server/server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { endConnections, lockTable, lockUser, refuseWrites } from "../support/database-faults.ts";
import { startOver } from "../support/fixtures.ts";
import { matrixTest } from "../support/matrix.ts";
import { recover } from "../support/recover.ts";
import { apiKeysOf } from "../support/rows.ts";

// Its own server, which is stopped and started while the app runs.
const folder = mkdtempSync(path.join(tmpdir(), "fiscility-faults-"));
let server: EmbeddedDatabase;
let app: TestApp;
beforeAll(async () => {
  server = await startEmbeddedDatabase(path.join(folder, "postgres"), "test", ["fsync=off"]);
  await server.create("faults");
  const url = server.urlOf("faults");
  await prepareDatabase(url);
  app = await startTestApp(
    { DATABASE_URL: url, DATABASE_DIRECT_URL: url },
    { onStep: (step) => onStep(step) },
  );
});
afterAll(async () => {
  await app?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  onStep = () => {};
  await startOver(app);
});

/** Runs at the end of a step of `connectAccount`. */
let onStep = (_step: string) => {};

test.each(["lock", "mark", "save", "accounts", "insert"])(
  "connectAccount loses nothing and leaves nothing half done when PostgreSQL restarts after the step '%s' (I1, I4)",
  async (step) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    let restarted: Promise<void> | undefined;
    onStep = (name) => {
      if (name === step) restarted ??= awaitLater(server.stop().then(() => server.start()));
    };
    onTestFinished(() => restarted);
    const response = await app.post("/plaid/exchange-token", { public_token: token }, user);
    await restarted;
    if (response.status !== 200)
      expect(response.body.error.reason).toMatch(/outcome_pending|connect_failed/);
    await recover(app);
    const books = await compareBooks(app);
    expect(books).toEqual({ ...noDifferences, connected: books.connected });
    const again = await app.post("/plaid/exchange-token", { public_token: token }, user);
    expect(again.body.outcome ?? again.body.error.reason).toBe(
      books.connected ? "already_connected" : response.body.error.reason,
    );
  },
);

matrixTest(
  "connectAccount removes the Item at once when PostgreSQL is away longer than the time limit after the exchange (I1)",
  async () => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    // Plaid is slow, so that PostgreSQL is down when it responds.
    await app.fault({ path: "/item/public_token/exchange", times: 1, do: { delay: 4_000 } });
    let stopped: Promise<void> | undefined;
    onStep = (name) => {
      if (name === "lock") stopped ??= awaitLater(server.stop());
    };
    const response = await app.post("/plaid/exchange-token", { public_token: token }, user);
    await stopped;
    await server.start();
    expect(response.body.error.reason).toBe("outcome_pending");
    expect((await app.itemsAtPlaid()).map((item) => item.removed)).toEqual([true]);
    await recover(app);
    const { unfinished, connected } = await compareBooks(app);
    expect([unfinished, connected]).toEqual([0, 0]);
  },
);

test.each(["items", "accounts", "commit"])(
  "connectAccount removes the Item and keeps nothing when a trigger raises on %s (I1, I4)",
  async (where) => {
    const user = await app.signUp("analyst");
    const allow = await refuseWrites(
      app,
      where === "commit" ? "at commit" : `before insert on ${where}`,
    );
    const token = await app.publicToken();
    const response = await app.post("/plaid/exchange-token", { public_token: token }, user);
    await allow();
    expect(response.body.error.reason).toBe("connect_failed");
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
    expect((await app.itemsAtPlaid()).every((item) => item.removed)).toBe(true);
  },
);

test("connectAccount keeps and logs the connection once when the commit's response is lost (I1, I8)", async () => {
  const direct = new URL(app.env.DATABASE_DIRECT_URL as string);
  const { port, hostname } = direct;
  let cut = false;
  // Between the connecting transactions and PostgreSQL: breaks after PostgreSQL has confirmed a commit.
  const wire = createServer((near) => {
    const far = connect(Number(port), hostname);
    far.on("data", (bytes) => (cut ? near.destroy() : near.write(bytes)));
    near.on("data", (bytes) => {
      cut ||= bytes.includes("commit\0");
      far.write(bytes);
    });
    near.on("error", () => {}).on("close", () => far.destroy());
    far.on("error", () => {}).on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(wire, "listening");
  direct.host = `127.0.0.1:${(wire.address() as AddressInfo).port}`;
  const lines: Record<string, unknown>[] = [];
  const node = await startServer(
    parseConfig({ ...app.env, PORT: "0", DATABASE_DIRECT_URL: direct.href }),
    { destination: { write: (line) => lines.push(JSON.parse(line)) } },
  );
  try {
    const user = await app.signUp("analyst");
    expect(await app.connectAt(node.url, await app.publicToken(), user)).toBe(200);
    expect(cut).toBe(true);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
    const connectionLines = lines.filter(({ event }) => event === "connection");
    expect(connectionLines).toMatchObject([{ outcome: "connected" }]);
  } finally {
    await node.close();
    wire.close();
  }
});

test("A call changes nothing and can be retried when the user's lock is held too long", async () => {
  const user = await app.signUp("analyst");
  await app.stepUp(user);
  const makeKey = () => {
    const key = { name: "Nightly", scopes: ["accounts:read"], expires_in_days: 1 };
    return app.post("/api/v1/api-keys", key, user);
  };
  const release = await lockUser(app, user);
  try {
    const { status, body } = await makeKey();
    expect([status, body.error.reason]).toEqual([503, "unavailable"]);
  } finally {
    await release();
  }
  expect(await apiKeysOf(app)).toEqual([]);
  expect((await makeKey()).status).toBe(200);
});

test("A change returns unavailable and changes nothing when PostgreSQL ends its connection before the commit", async () => {
  const user = await app.signUp("analyst");
  await app.stepUp(user);
  const release = await lockUser(app, user);
  try {
    const key = { name: "Nightly", scopes: ["accounts:read"], expires_in_days: 1 };
    const response = app.post("/api/v1/api-keys", key, user);
    await expect.poll(() => endConnections(app, "wait_event_type = 'Lock'")).not.toHaveLength(0);
    const { status, body } = await response;
    expect([status, body.error.reason]).toEqual([503, "unavailable"]);
  } finally {
    await release();
  }
  expect(await apiKeysOf(app)).toEqual([]);
});

test("A change returns unavailable when PostgreSQL ends its connection while it writes in a transaction", async () => {
  const user = await app.signUp("analyst");
  await app.stepUp(user);
  const release = await lockTable(app, "security_events");
  try {
    const key = { name: "Nightly", scopes: ["accounts:read"], expires_in_days: 1 };
    const response = app.post("/api/v1/api-keys", key, user);
    const writing = "wait_event_type = 'Lock' and query not ilike 'select%'";
    await expect.poll(() => endConnections(app, writing)).not.toHaveLength(0);
    const { status, body } = await response;
    expect([status, body.error.reason]).toEqual([503, "unavailable"]);
  } finally {
    await release();
  }
  expect(await apiKeysOf(app)).toEqual([]);
});

test("A change returns unavailable when a standby that is not promoted yet refuses to write", async () => {
  const user = await app.signUp("analyst");
  await app.stepUp(user);
  const readOnly = "alter database faults set default_transaction_read_only";
  await app.query(`${readOnly} = on`);
  await endConnections(app, "application_name = 'fiscility'");
  try {
    const key = { name: "Nightly", scopes: ["accounts:read"], expires_in_days: 1 };
    const { status, body } = await app.post("/api/v1/api-keys", key, user);
    expect([status, body.error.reason]).toEqual([503, "unavailable"]);
  } finally {
    await app.query(`set default_transaction_read_only = off; ${readOnly} = off`);
    await endConnections(app, "application_name = 'fiscility'");
  }
});

test("connectAccount returns unavailable and connects with the same public_token when PostgreSQL ends the connection that records the attempt (I1, I2)", async () => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const release = await lockTable(app, "link_attempts");
  const connect = () => app.post("/plaid/exchange-token", { public_token: token }, user);
  try {
    const response = connect();
    const recording = "wait_event_type = 'Lock' and query like 'with \"link\"%'";
    await expect.poll(() => endConnections(app, recording)).not.toHaveLength(0);
    expect((await response).body.error.reason).toBe("unavailable");
  } finally {
    await release();
  }
  expect((await connect()).body.outcome).toBe("connected");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test.each(["plans", "sessions"])(
  "A read returns unavailable when PostgreSQL ends its connection while it waits for %s",
  async (table) => {
    const user = await app.signUp();
    const release = await lockTable(app, table);
    try {
      const response = fetch(`${app.url}/api/v1/plan`, { headers: { cookie: user.cookie } });
      const endWaiting = () => endConnections(app, "wait_event_type = 'Lock'");
      await expect.poll(endWaiting).not.toHaveLength(0);
      const { status } = await response;
      expect(status).toBe(503);
    } finally {
      await release();
    }
  },
);
