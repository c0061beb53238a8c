import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { startSandbox } from "@fiscility/plaid-sandbox";
import pg from "pg";
import { createDb } from "../../db/client.ts";
import { migrateToLatest } from "../../db/migrate.ts";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { parseConfig } from "../../server/config.ts";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { createServices } from "../../server/services.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { benchClient } from "./client.ts";
import { benchConnect } from "./connect.ts";
import { benchLive } from "./live.ts";
import { benchSync } from "./sync.ts";
import { benchWebhooks } from "./webhooks.ts";

/** `npm run bench`: figures as ratios in one run, on 127.0.0.1 alone. Bounded: 300 connections. */
const rounds = 300;
const warmUp = 50;

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const say = (line: string) => process.stdout.write(`${line}\n`);

const folder = mkdtempSync(path.join(tmpdir(), "fiscility-bench-"));
const database = await startEmbeddedDatabase(
  path.join(folder, "postgres"),
  randomBytes(8).toString("hex"),
);
await database.create("bench");
const url = database.urlOf("bench");
await prepareDatabase(url);
const sandbox = await startSandbox({ port: 0 });
const env = {
  DATABASE_URL: url,
  PLAID_CLIENT_ID: "bench",
  PLAID_SECRET: "bench-secret",
  PLAID_ENV: "sandbox",
  PLAID_BASE_URL: sandbox.url,
  TOKEN_KEYS: `b:${randomBytes(32).toString("base64")}`,
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  APP_URL: "http://localhost:3000",
  LOG_LEVEL: "silent",
};
const { services, close } = createServices(parseConfig(env));
const pool = new pg.Pool({ connectionString: url, max: 1 });

/** Time spent waiting for Plaid: what is left of a connection is our own. Milliseconds. */
let atPlaid = 0;
for (const name of ["exchangePublicToken", "getAccounts"] as const) {
  const call = services.plaid[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(services.plaid, {
    [name]: async (...args: unknown[]) => {
      const started = performance.now();
      try {
        return await call(...args);
      } finally {
        atPlaid += performance.now() - started;
      }
    },
  });
}

async function makeUser(): Promise<string> {
  const { rows } = await pool.query(
    "insert into users (name, email, plan) values ('b', $1, 'cfo') returning id",
    [`${randomUUID()}@example.com`],
  );
  return rows[0].id;
}

async function publicToken(): Promise<string> {
  const response = await fetch(`${sandbox.url}/sandbox/public_token/create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_id: "bench",
      secret: "bench-secret",
      institution_id: "ins_109508",
      initial_products: ["transactions"],
    }),
  });
  return ((await response.json()) as { public_token: string }).public_token;
}

/** The same rows in one transaction, with nothing around it. */
async function bareTransaction(userId: string, accounts: number): Promise<number> {
  const id = randomUUID();
  const client = await pool.connect();
  const started = performance.now();
  await client.query("begin");
  await client.query("select 1 from users where id = $1 for no key update", [userId]);
  await client.query(
    "insert into link_attempts (id, user_id, public_token_hash) values ($1, $2, $3)",
    [id, userId, randomBytes(32)],
  );
  await client.query(
    `insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
     values ($1, $2, $3, 'b', 'b')`,
    [id, userId, id],
  );
  await client.query(
    `insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
     select $1::uuid, $2::uuid, $1::text || n, n, 'b', 'depository' from generate_series(1, $3::int) n`,
    [id, userId, accounts],
  );
  await client.query(
    "insert into account_activity (user_id, attempt_id, kind, account_count) values ($1, $2, 'connected', $3)",
    [userId, id, accounts],
  );
  await client.query("insert into item_syncs (item_id, user_id) values ($1, $2)", [id, userId]);
  await client.query(
    `select graphile_worker.add_job('sync_item', '{}', queue_name := 'sync:' || $1, job_key := $2)`,
    [Math.floor(Math.random() * 64), id],
  );
  await client.query("update users set data_version = data_version + 1 where id = $1", [userId]);
  await client.query("commit");
  const ms = performance.now() - started;
  client.release();
  return ms;
}

const ours: number[] = [];
const bare: number[] = [];
for (let round = 0; round < rounds + warmUp; round++) {
  const [user, bareUser, token] = [await makeUser(), await makeUser(), await publicToken()];
  atPlaid = 0;
  const started = performance.now();
  const { accounts } = await connectAccount(
    services,
    { id: user },
    { publicToken: token },
    services.log,
  );
  const own = performance.now() - started - atPlaid;
  const floor = await bareTransaction(bareUser, accounts.length);
  if (round < warmUp) continue;
  ours.push(own);
  bare.push(floor);
}
const ratio = median(ours) / median(bare);
say(`connectAccount without Plaid's time, against a bare pg transaction of the same inserts:`);
say(
  `  ${median(ours).toFixed(2)} ms / ${median(bare).toFixed(2)} ms = ${ratio.toFixed(2)}x (goal <= 2x, median of ${rounds})`,
);

/** What the dashboard loads before Link: the modules its route and its parents import. */
interface Manifest {
  entry: { module: string; imports: string[] };
  routes: Record<string, { module: string; imports?: string[] }>;
}
const build = path.join(import.meta.dirname, "../../build");
const { default: _unused, ...server } = (await import(path.join(build, "server/index.js"))) as {
  default?: unknown;
  assets: Manifest;
};
const { entry, routes } = server.assets;
const files = new Set([entry.module, ...entry.imports]);
for (const id of ["root", "routes/_app", "routes/_app.dashboard"]) {
  const route = routes[id];
  for (const file of route ? [route.module, ...(route.imports ?? [])] : []) files.add(file);
}
const bytes = [...files].reduce(
  (sum, file) =>
    sum + gzipSync(readFileSync(path.join(build, "client", file.split("?")[0] ?? file))).length,
  0,
);
say(
  `the dashboard's JavaScript, gzipped: ${(bytes / 1000).toFixed(1)} kB in ${files.size} files (goal <= 130 kB)`,
);

const latency = async (latency_ms: number) => {
  await fetch(`${sandbox.url}/_control/settings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ latency_ms }),
  });
};
for await (const line of benchConnect({ env, services, pool, publicToken, latency })) say(line);
for (const line of await benchClient(services, makeUser, publicToken)) say(line);

const setPlan = (email: string) =>
  pool.query("update users set plan = 'cfo' where email = $1", [email]);
for await (const line of benchLive(env, setPlan)) say(line);

const control = (name: string, body: object) =>
  fetch(`${sandbox.url}/_control/${name}`, { method: "POST", body: JSON.stringify(body) });
say(await benchWebhooks(services));

await database.create("twin");
await migrateToLatest(database.urlOf("twin"));
const twin = {
  db: createDb({
    url: database.urlOf("twin"),
    max: 1,
    statementTimeoutMs: timeLimits.statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    idleInTransactionTimeoutMs: timeLimits.statement,
    lockTimeoutMs: timeLimits.lock,
    onIdleError: () => {},
  }),
  pool: new pg.Pool({ connectionString: database.urlOf("twin"), max: 1 }),
};
for (const line of await benchSync(services, pool, makeUser, publicToken, control, twin)) say(line);

await twin.pool.end();
await twin.db.destroy();
await pool.end();
await close();
await sandbox.close();
await database.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
