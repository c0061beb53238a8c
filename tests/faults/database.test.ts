import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type EmbeddedDatabase, startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { parseConfig } from "../../server/config.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { startServer } from "../../server/server.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { matrixTest } from "../support/matrix.ts";

// A server of its own: it is stopped and started under the app.
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
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
});

/** What happens as a step of `connectAccount` ends. */
let onStep = (_step: string) => {};

async function recover(): Promise<void> {
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
}

test.each(["lock", "mark", "save", "accounts", "insert"])(
  "I1 I4 PostgreSQL is stopped and started after the step '%s': nothing is lost, nothing is half",
  async (step) => {
    const person = await app.signUp("analyst");
    const token = await app.publicToken();
    let restarted: Promise<void> | undefined;
    onStep = (name) => {
      if (name === step) restarted ??= server.stop().then(() => server.start());
    };
    const answer = await app.post("/plaid/exchange-token", { public_token: token }, person);
    await restarted;
    if (answer.status !== 200)
      expect(answer.body.error.reason).toMatch(/outcome_pending|connect_failed/);
    await recover();
    const books = await compareBooks(app);
    expect(books).toEqual({ ...right, connected: books.connected });
    const again = await app.post("/plaid/exchange-token", { public_token: token }, person);
    expect(again.body.outcome ?? again.body.error.reason).toBe(
      books.connected ? "already_connected" : answer.body.error.reason,
    );
  },
);

matrixTest(
  "I1 PostgreSQL is away for longer than we wait after the exchange: the Item is removed at once",
  async () => {
    const person = await app.signUp("analyst");
    const token = await app.publicToken();
    // Plaid takes its time, so that PostgreSQL is gone when it answers.
    await app.fault({ path: "/item/public_token/exchange", times: 1, do: { delay: 4_000 } });
    let stopped: Promise<void> | undefined;
    onStep = (name) => {
      if (name === "lock") stopped ??= server.stop();
    };
    const answer = await app.post("/plaid/exchange-token", { public_token: token }, person);
    await stopped;
    await server.start();
    expect(answer.body.error.reason).toBe("outcome_pending");
    expect((await app.itemsAtPlaid()).map((item) => item.removed)).toEqual([true]);
    await recover();
    const { unfinished, connected } = await compareBooks(app);
    expect([unfinished, connected]).toEqual([0, 0]);
  },
);

test.each(["items", "accounts", "commit"])(
  "I1 I4 a trigger that raises on %s: the Item is removed at Plaid and nothing is kept here",
  async (where) => {
    const person = await app.signUp("analyst");
    await app.query(
      `create or replace function refuse() returns trigger language plpgsql
         as $$ begin raise exception 'refused'; end $$`,
    );
    await app.query(
      where === "commit"
        ? `create constraint trigger refuse after insert on items
             deferrable initially deferred for each row execute function refuse()`
        : `create trigger refuse before insert on ${where} for each row execute function refuse()`,
    );
    const token = await app.publicToken();
    const answer = await app.post("/plaid/exchange-token", { public_token: token }, person);
    await app.query(`drop trigger refuse on ${where === "commit" ? "items" : where}`);
    expect(answer.body.error.reason).toBe("connect_failed");
    expect(await compareBooks(app)).toEqual({ ...right, connected: 0 });
    expect((await app.itemsAtPlaid()).every((item) => item.removed)).toBe(true);
  },
);

test("I1 I8 the answer of the commit is lost: the connection stands, is answered, and is told of once", async () => {
  const direct = new URL(app.env.DATABASE_DIRECT_URL as string);
  const { port, hostname } = direct;
  let cut = false;
  // Between the connecting transactions and PostgreSQL: breaks when that has said that one stands.
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
    const person = await app.signUp("analyst");
    expect(await app.connectAt(node.url, await app.publicToken(), person)).toBe(200);
    expect(cut).toBe(true);
    expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
    const told = lines.filter(({ event }) => event === "connection");
    expect(told).toMatchObject([{ outcome: "connected" }]);
  } finally {
    await node.close();
    wire.close();
  }
});

test("a call that waits too long for a person's lock changes nothing, and may be tried again", async () => {
  const person = await app.signUp("analyst");
  await app.stepUp(person);
  const makeKey = () => {
    const key = { name: "Nightly", scopes: ["accounts:read"], expires_in_days: 1 };
    return app.post("/api/v1/api-keys", key, person);
  };
  const other = new pg.Client({ connectionString: app.env.DATABASE_URL });
  await other.connect();
  try {
    await other.query("begin");
    await other.query("select 1 from users where id = $1 for no key update", [person.id]);
    const { status, body } = await makeKey();
    expect([status, body.error.reason]).toEqual([503, "unavailable"]);
  } finally {
    await other.end();
  }
  expect(await app.query("select 1 from api_keys")).toEqual([]);
  expect((await makeKey()).status).toBe(200);
});

test.each(["plans", "sessions"])(
  "a read answers unavailable when PostgreSQL ends its connection while it waits for %s",
  async (table) => {
    const user = await app.signUp();
    const locker = new pg.Client({ connectionString: server.urlOf("faults") });
    await locker.connect();
    try {
      await locker.query(`begin; lock table ${table} in access exclusive mode`);
      const answer = fetch(`${app.url}/api/v1/plan`, { headers: { cookie: user.cookie } });
      const ended = `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(() => app.query(ended)).not.toHaveLength(0);
      const { status } = await answer;
      expect(status).toBe(503);
    } finally {
      await locker.end();
    }
  },
);
