import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { freePort } from "../../local/ports.ts";
import { amount, type Figure, ratio, spread, timed } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import { fill } from "./users.ts";
import type { World } from "./world.ts";

const rounds = 8;
const warmUp = 2;
/** Users, and their tokens, of one burst. */
const users = 20;
const transactions = 2_000;
/** Until the work that Pattern goes on with after its responses is done. */
const settle = 1_500;

/**
 * The product beside Plaid's Pattern, an example app for the same task (https://github.com/plaid/pattern):
 * on the same PostgreSQL and the same local Plaid, alternating. `folder` is a checkout of Pattern, with `npm ci`
 * run in its `server` folder.
 */
export async function* benchPeer(world: World, folder: string): AsyncGenerator<Figure> {
  const server = path.join(folder, "server");
  if (!existsSync(path.join(server, "node_modules"))) {
    throw new Error(`${server} has no node_modules: run \`npm ci --omit=dev\` in it`);
  }
  await world.pool.query("create database plaid_pattern");
  const url = new URL(world.env.DATABASE_URL as string);
  url.pathname = "plaid_pattern";
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  await pool.query(readFileSync(path.join(folder, "database/init/create.sql"), "utf8"));
  const start = { ours: () => startOurs(world), pattern: () => startPattern(world, server, url) };
  yield* starts(start);
  const node = await startProcess("app", { ...world.env, PORT: "0" });
  const pattern = await start.pattern();
  try {
    yield* bursts(world, node.url, pattern);
    yield await firstAccounts(world, node.url, pattern);
    yield await allTransactions(world, node.url, pattern, pool);
  } finally {
    await node.stop();
    await pattern.stop();
    await pool.end();
  }
}

/** Of an Item without transactions: Pattern's process ends when its pool is too small for what 20 Items have. */
const token = (world: World) => world.publicToken("A", []);

/** A server as its users start it. */
interface Started {
  url: string;
  /** From the start of the process to its first response. */
  firstMs: number;
  resident: () => number;
  stop: () => Promise<void>;
}

async function startOurs(world: World): Promise<Started> {
  const port = await freePort();
  const own = { PORT: String(port), APP_URL: `http://localhost:${port}` };
  return startServer(
    ["build/node/main.mjs"],
    { ...world.env, ...own },
    `http://127.0.0.1:${port}/healthz`,
  );
}

async function startPattern(world: World, cwd: string, database: URL): Promise<Started> {
  const port = await freePort();
  const env = {
    PORT: String(port),
    PLAID_ENV: "sandbox",
    PLAID_CLIENT_ID: world.env.PLAID_CLIENT_ID,
    PLAID_SECRET_SANDBOX: world.env.PLAID_SECRET,
    PLAID_BASE_URL: world.sandboxUrl,
    DB_HOST_NAME: database.hostname,
    DB_PORT: database.port,
    POSTGRES_USER: decodeURIComponent(database.username),
    POSTGRES_PASSWORD: decodeURIComponent(database.password),
  };
  const preload = path.join(import.meta.dirname, "pattern-plaid.cjs");
  return startServer(["--require", preload, "index.js"], env, `http://127.0.0.1:${port}/test`, cwd);
}

async function startServer(
  args: string[],
  env: Record<string, string | undefined>,
  first: string,
  cwd = process.cwd(),
): Promise<Started> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, NODE_ENV: "development", ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  while (
    !(await fetch(first).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`${args.at(-1)} ended with ${child.exitCode}`);
    await pause(5);
  }
  return {
    url: new URL(first).origin,
    firstMs: performance.now() - started,
    resident: () => residentOf(child),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Megabytes of a process that are resident, as Linux counts them. */
function residentOf({ pid }: ChildProcess): number {
  const [, kilobytes] =
    /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

async function* starts(
  start: Record<"ours" | "pattern", () => Promise<Started>>,
): AsyncGenerator<Figure> {
  const first: Record<string, number[]> = { ours: [], pattern: [] };
  const idle: Record<string, number[]> = { ours: [], pattern: [] };
  for (let round = 0; round < 3; round++) {
    for (const side of ["ours", "pattern"] as const) {
      const server = await start[side]();
      await pause(5_000);
      first[side]?.push(server.firstMs);
      idle[side]?.push(server.resident());
      await server.stop();
    }
  }
  const beside = (values: number[] = [], unit: "ms" | "MB") =>
    `Pattern: ${spread(values, unit)}. The build, with its worker in the same process, 3 times.`;
  yield amount(
    {
      name: "from the start of the process to the first response",
      goal: { atMost: 1_500 },
      note: beside(first.pattern, "ms"),
    },
    first.ours ?? [],
    "ms",
  );
  yield amount(
    {
      name: "resident memory five seconds after the start",
      goal: { atMost: 200 },
      note: beside(idle.pattern, "MB"),
    },
    idle.ours ?? [],
    "MB",
  );
}

/**
 * 20 users connect at one moment. The same token 50 times at one moment is in `bursts.ts` only: Pattern's process
 * ends of it.
 */
async function* bursts(world: World, ours: string, pattern: Started): AsyncGenerator<Figure> {
  const many = { ours: [] as number[], pattern: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round++) {
    const tokens = () => Promise.all(Array.from({ length: users }, () => token(world)));
    const [own, theirs] = [await tokens(), await tokens()];
    const keys = await Promise.all(own.map(async () => world.key(await world.user())));
    const people = await Promise.all(theirs.map(() => addPatternUser(pattern.url)));
    const ownMs = await timed(() =>
      Promise.all(keys.map((key, at) => connect(ours, key, own[at] as string))),
    );
    const theirMs = await timed(() =>
      Promise.all(people.map((id, at) => connectPattern(pattern.url, id, theirs[at] as string))),
    );
    await pause(settle);
    if (round < warmUp) continue;
    many.ours.push(ownMs);
    many.pattern.push(theirMs);
  }
  yield ratio(
    {
      name: `${users} users connect at one moment, against Plaid's Pattern`,
      goal: { atMost: 2 },
      note: `${rounds} bursts over HTTP, alternating, of Items without transactions; until the last response. Pattern has the accounts later.`,
      bound:
        "a connection takes 16 ms of processor time here, local Plaid and client included: 160 ms for 20 on two cores that do nothing else. Those that had to wait start 20 ms apart, so that reads beside them stay quick; each has its attempt, its token and its accounts stored before its response.",
    },
    many.ours,
    many.pattern,
    "ms",
  );
}

/** From a connection's request to its accounts. */
async function firstAccounts(world: World, ours: string, pattern: Started): Promise<Figure> {
  const times = { ours: [] as number[], pattern: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round++) {
    const key = await world.key(await world.user());
    const id = await addPatternUser(pattern.url);
    const [own, theirs] = [await token(world), await token(world)];
    const ownMs = await timed(async () => {
      await connect(ours, key, own);
      await readAccounts(ours, key);
    });
    const theirMs = await timed(async () => {
      await connectPattern(pattern.url, id, theirs);
      while ((await readList(`${pattern.url}/users/${id}/accounts`)).length === 0) await pause(1);
    });
    await pause(settle / 3);
    if (round < warmUp) continue;
    times.ours.push(ownMs);
    times.pattern.push(theirMs);
  }
  return ratio(
    {
      name: "one user connects and reads the accounts, against Plaid's Pattern",
      goal: null,
      note: `${rounds} of each, alternating, Plaid at 0 ms. Pattern responds before it has read them.`,
    },
    times.ours,
    times.pattern,
    "ms",
  );
}

/** All of one user's transactions: of ours in pages of 500. */
async function allTransactions(
  world: World,
  ours: string,
  pattern: Started,
  pool: pg.Pool,
): Promise<Figure> {
  const userId = await world.user();
  const key = await world.key(userId);
  await connect(ours, key, await token(world));
  await fill(world, userId, transactions);
  const id = await addPatternUser(pattern.url);
  await connectPattern(pattern.url, id, await token(world));
  await pause(settle);
  await pool.query(
    `insert into transactions_table (account_id, plaid_transaction_id, category, type, name, amount, date, pending)
     select a.id, md5(a.id::text || n), 'FOOD_AND_DRINK', 'place', 'A merchant with number ' || n,
       (n % 500)::numeric / 7, current_date - (n % 730), false
     from accounts a, generate_series(1, $2::int) n where a.user_id = $1`,
    [id, transactions],
  );
  await pool.query("vacuum analyze transactions_table");
  const times = { ours: [] as number[], pattern: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round++) {
    let read = 0;
    const ownMs = await timed(async () => {
      for (let cursor: string | null = ""; cursor !== null; ) {
        const after = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const response = await fetch(`${ours}/api/v1/transactions?limit=500${after}`, {
          headers: { authorization: `Bearer ${key}` },
        });
        const page = (await response.json()) as {
          transactions: unknown[];
          next_cursor: string | null;
        };
        if (!response.ok) throw new Error(`transactions: ${response.status}`);
        read += page.transactions.length;
        cursor = page.next_cursor;
      }
    });
    let theirs = 0;
    const theirMs = await timed(async () => {
      theirs = (await readList(`${pattern.url}/users/${id}/transactions`)).length;
    });
    if (read < transactions || theirs < transactions) {
      throw new Error(`read ${read} and ${theirs} of ${transactions} transactions`);
    }
    if (round < warmUp) continue;
    times.ours.push(ownMs);
    times.pattern.push(theirMs);
  }
  return ratio(
    {
      name: `all of ${transactions.toLocaleString("en")} transactions, in pages of 500, against Plaid's Pattern`,
      goal: null,
      note: `${rounds} of each, alternating. Pattern returns all of them in one response.`,
    },
    times.ours,
    times.pattern,
    "ms",
  );
}

async function connect(url: string, key: string, token: string): Promise<void> {
  const refused = await exchange(url, key, token);
  if (refused) throw new Error(`a connection was refused: ${refused.reason}`);
}

const postJson = (url: string, body: object) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function addPatternUser(url: string): Promise<number> {
  const response = await postJson(`${url}/users`, { username: randomUUID() });
  const [user] = (await response.json()) as [{ id: number }];
  return user.id;
}

async function connectPattern(url: string, userId: number, publicToken: string): Promise<void> {
  const body = { publicToken, institutionId: "ins_109508", userId };
  const response = await postJson(`${url}/items`, body);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`Pattern responded with ${response.status}`);
}

async function readList(url: string): Promise<unknown[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as unknown[];
}
