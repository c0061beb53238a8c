import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { grantAppRole } from "../../db/app-role.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { untilMigrated } from "../../server/prepare-database.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { compareBooks } from "../support/books.ts";
import { built } from "../support/built.ts";
import { doneSyncsOf } from "../support/rows.ts";
import { openStream } from "../support/sse.ts";

const name = randomBytes(6).toString("hex");
const [database, owner, role, made, group] = ["d", "owner", "app", "made", "group"].map(
  (one) => `${one}_${name}`,
) as [string, string, string, string, string];
const urlOf = (username = "", password = "") => {
  const url = new URL(inject("databaseServer"));
  const user = { username, password: encodeURIComponent(password) };
  return Object.assign(url, { pathname: database, ...user }).href;
};
const ownerUrl = urlOf(owner, "owner's");
const appUrl = urlOf(role, "app's");
const superUrl = Object.assign(new URL(inject("databaseServer")), { pathname: database }).href;

let admin: pg.Client;
let app: TestApp;
let worker: Promise<Worker | null> | undefined;
let stopWaiting = () => {};
beforeAll(async () => {
  admin = new pg.Client({ connectionString: inject("databaseServer") });
  admin.on("error", () => {});
  await admin.connect();
});
afterAll(async () => {
  await remove();
  await admin.end();
});

/**
 * Creates an empty database whose owner is no superuser. The server and the worker run as another role from
 * the start.
 */
async function create(): Promise<void> {
  await admin.query(`create role ${owner} login password 'owner''s'`);
  await admin.query(`create role ${role} login password 'app''s'`);
  await admin.query(`create role ${group}`);
  await admin.query(`create database ${database} owner ${owner}`);
  app = await startTestApp({ DATABASE_URL: appUrl, DATABASE_DIRECT_URL: appUrl });
  const { services } = app;
  const stopped = new Promise<void>((resolve) => {
    stopWaiting = resolve;
  });
  worker = awaitLater(
    untilMigrated(services, stopped).then((isMigrated) =>
      isMigrated ? startWorker(services) : null,
    ),
  );
}

/** Removes it with its server and its worker, if it is there. */
async function remove(): Promise<void> {
  stopWaiting();
  await (await worker)?.stop();
  await app?.close();
  await admin.query(`drop database if exists ${database} with (force)`);
  await admin.query(`drop role if exists ${made}, ${group}, ${owner}, ${role}`);
}

/** Runs `npm run db:migrate` with this environment. Returns its output or its error. */
async function migrate(env: Record<string, string>): Promise<string> {
  const run = promisify(execFile)(process.execPath, built("migrate"), {
    env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
  });
  return run.then(
    ({ stdout }) => stdout,
    ({ stderr }) => stderr,
  );
}
/** Runs one statement as the role of this URL. */
async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
const ready = async () => {
  const response = await fetch(`${app.url}/readyz`);
  return [response.status, (await response.json()).status];
};
test("The server is not ready and the worker waits before the migrations, and both start after them", async () => {
  // A second try starts without the migrations of the first.
  await remove();
  await create();
  expect(await ready()).toEqual([503, "migrating"]);
  await expect.poll(() => app.logLines.join("")).toContain("Waiting for npm run db:migrate");
  expect(await migrate({ DATABASE_URL: appUrl })).toContain("This role may not migrate");
  expect(await ready()).toEqual([503, "migrating"]);
  const env = { DATABASE_URL: appUrl, DATABASE_OWNER_URL: ownerUrl };
  expect(await migrate(env)).toBe("The database is up to date.\n");
  expect(await ready()).toEqual([200, "ok"]);
  await worker;
});

test("The app's role can connect, sync, disconnect and delete an account", async () => {
  const user = await app.signUp("cfo");
  const stream = await openStream(`${app.url}/trpc/live.changes`, { cookie: user.cookie });
  const connect = async (institution: string) => {
    const body = { public_token: await app.publicToken(institution) };
    const response = await app.post("/plaid/exchange-token", body, user);
    expect(response.status).toBe(200);
    return response.body.item.id as string;
  };
  const first = await connect("ins_109508");
  await connect("ins_109510");
  await expect.poll(() => stream.messages().at(-1)?.dataVersion).toBeGreaterThan(0);
  stream.close();
  await expect.poll(() => doneSyncsOf(app, user)).toHaveLength(2);
  expect(await app.query("select 1 from transactions limit 1")).toHaveLength(1);

  const words = { item_id: first, confirmation: "disconnect First Platypus Bank" };
  expect((await app.post("/api/v1/disconnections", words, user)).status).toBe(200);
  const gone = await fetch(`${app.url}/api/v1/account?confirmation=delete%20my%20account`, {
    method: "DELETE",
    headers: { cookie: user.cookie },
  });
  expect(gone.status).toBe(200);
  await expect
    .poll(async () => (await app.itemsAtPlaid()).filter((item) => !item.removed))
    .toEqual([]);
  expect(await app.query("select 1 from transactions")).toEqual([]);
  expect(await compareBooks(app)).toMatchObject({ orphans: 0, connected: 0 });
  expect(app.logLines.join("")).not.toContain("permission denied");
});

test.each([
  "create table public.mine (id int)",
  "create temporary table mine (id int)",
  "create schema mine",
  "create function public.mine() returns int language sql as 'select 1'",
  "truncate transactions",
  "create role mine",
  "insert into kysely_migration values ('999', now()::text)",
  "update graphile_worker.migrations set breaking = true",
])("The app's role is refused (ASVS 13.2.2): %s", async (sql) => {
  await expect(app.query(sql)).rejects.toThrow("permission denied");
});

test.each([
  "alter table users add column mine int",
  "alter table users disable trigger users_tell_changed",
  "drop table plans cascade",
  "drop index accounts_user_item",
  "alter table graphile_worker._private_jobs disable row level security",
  "drop function tell_changed cascade",
])("The app's role owns nothing (ASVS 13.2.2): %s", async (sql) => {
  await expect(app.query(sql)).rejects.toThrow("must be owner");
});

test("The app's role can read and write a table of the next version from its creation on", async () => {
  await run(ownerUrl, "create table next (id int)");
  await app.query("insert into next values (1)");
  expect(await app.query("select id from next")).toEqual([{ id: 1 }]);
  await run(ownerUrl, "drop table next");
});

test("db:migrate creates a missing role with the URL's password", async () => {
  await admin.query(`alter role ${owner} createrole`);
  const env = { DATABASE_URL: urlOf(made, "p'%ss w"), DATABASE_OWNER_URL: ownerUrl };
  expect(await migrate(env)).toBe("The database is up to date.\n");
  await admin.query(`alter role ${made} createdb`);
  expect(await migrate(env)).toContain(
    `The role ${made} of DATABASE_URL may do more than read and write rows: be a superuser, or make roles or databases`,
  );
  await admin.query(`alter role ${made} nocreatedb`);
});

const privilege = (name: string, who: string) => [
  `${name} plans`,
  `grant ${name} on plans to ${who}`,
  `revoke ${name} on plans from ${who}`,
];
test.each([
  privilege("truncate", made),
  privilege("trigger", "public"),
  privilege("references", group),
  privilege("maintain", made),
  ["act as pg_monitor", `grant pg_monitor to ${made}`, `revoke pg_monitor from ${made}`],
  [
    "write_all_data",
    `grant pg_write_all_data to ${group}`,
    `revoke pg_write_all_data from ${group}`,
  ],
  ["make roles or databases", `alter role ${group} createdb`, `alter role ${group} nocreatedb`],
])(
  "db:migrate refuses a role that may %s, itself, as a member or as PUBLIC (ASVS 13.2.2)",
  async (right, give, take) => {
    const grant = () => grantAppRole(ownerUrl, urlOf(made, "p'%ss w"), timeLimits.databaseSetUp);
    await run(superUrl, `grant ${group} to ${made}`);
    await grant();
    await run(superUrl, give);
    await expect(grant())
      .rejects.toThrow(right)
      .finally(() => run(superUrl, take));
    await grant();
  },
);
