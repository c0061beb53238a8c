import { randomUUID } from "node:crypto";
import type pg from "pg";
import { createApiKey } from "../../server/auth/api-keys.ts";
import type { Services } from "../../server/services.ts";
import { startProcess } from "./node-process.ts";

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: number[], q: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
const median = (values: number[]) => quantile(values, 0.5);

export interface ConnectBench {
  env: Record<string, string>;
  services: Pick<Services, "db">;
  pool: pg.Pool;
  publicToken(): Promise<string>;
  /** Milliseconds that each call to Plaid takes from now on. */
  latency(ms: number): Promise<void>;
}

/** What issue C promises of reads beside slow connections, and of a large table. */
export async function* benchConnect(bench: ConnectBench): AsyncGenerator<string> {
  const app = await startProcess("app", { ...bench.env, PORT: "0" });
  try {
    yield* besideSlowConnects(app.url, bench);
    yield* largeTable(app.url, bench);
  } finally {
    await app.stop();
  }
}

/** 200 connections at once while each call to Plaid takes 2 s; the reads of another person beside. */
async function* besideSlowConnects(url: string, bench: ConnectBench) {
  const { publicToken, latency } = bench;
  const reader = await personWithKey(bench);
  const people = await Promise.all(Array.from({ length: 200 }, () => personWithKey(bench)));
  const tokens = await Promise.all(people.map(publicToken));
  await readFor(url, reader, 1_000);
  const alone = await readFor(url, reader, 6_000);
  await latency(2_000);
  const answers = people.map((key, n) => exchange(url, key, tokens[n] ?? ""));
  const beside = await readFor(url, reader, 6_000);
  const statuses = await Promise.all(answers);
  await latency(0);
  const ratio = quantile(beside, 0.99) / quantile(alone, 0.99);
  yield `p99 of accounts.list beside 200 connects with Plaid at 2 s a call: ${quantile(beside, 0.99).toFixed(2)} ms / ${quantile(alone, 0.99).toFixed(2)} ms alone = ${ratio.toFixed(2)}x (goal <= 1.5x)`;
  const connected = statuses.filter((status) => status === 200).length;
  yield `  of the 200, ${connected} connected and ${statuses.length - connected} were told "busy"`;
}

/** Connect and list, with an empty table and with a million accounts in it. */
async function* largeTable(url: string, bench: ConnectBench) {
  const { pool, publicToken } = bench;
  const measure = async () => {
    const [connects, lists]: [number[], number[]] = [[], []];
    for (let round = 0; round < 120; round += 1) {
      const [key, token] = [await personWithKey(bench), await publicToken()];
      const started = performance.now();
      await exchange(url, key, token);
      const connected = performance.now();
      await read(url, key);
      if (round < 20) continue;
      connects.push(connected - started);
      lists.push(performance.now() - connected);
    }
    return { connect: median(connects), list: median(lists) };
  };
  const empty = await measure();
  await pool.query(`
    with made as (
      insert into users (name, email, plan)
      select 'b', 'many' || n || '@example.com', 'cfo' from generate_series(1, 100000) n returning id
    ), item as (
      insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
      select gen_random_uuid(), id, id::text, 'b', 'b' from made returning id, user_id
    )
    insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
    select item.id, user_id, item.id::text || n, n, 'b', 'depository'
      from item, generate_series(1, 10) n`);
  await pool.query("analyze");
  const full = await measure();
  for (const name of ["connect", "list"] as const) {
    const ratio = full[name] / empty[name];
    yield `${name} with 1,000,000 accounts in the table: ${full[name].toFixed(2)} ms / ${empty[name].toFixed(2)} ms empty = ${ratio.toFixed(2)}x (goal <= 1.2x)`;
  }
  const [one] = (await pool.query("select user_id from items limit 1")).rows;
  const { rows } = await pool.query(
    `explain select * from items join accounts on accounts.item_id = items.id
      where items.user_id = $1 and accounts.user_id = $1`,
    [one.user_id],
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  yield `  scans of the list's plan: ${[...plan.matchAll(/\w+ (?:Only )?Scan(?: using \w+)?/g)].join(", ")}`;
}

/** A person with an API key, made without the cost of a password. */
async function personWithKey({ pool, services }: ConnectBench): Promise<string> {
  const { rows } = await pool.query(
    "insert into users (name, email, plan) values ('b', $1, 'cfo') returning id",
    [`${randomUUID()}@example.com`],
  );
  const { key } = await createApiKey(services.db, rows[0].id, {
    name: "bench",
    scopes: ["accounts:read", "connections:write"],
    expiresInDays: null,
  });
  return key;
}

async function exchange(url: string, key: string, token: string): Promise<number> {
  const answer = await fetch(`${url}/plaid/exchange-token`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ public_token: token }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function read(url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/trpc/accounts.list`, { headers });
  await answer.arrayBuffer();
  if (!answer.ok && answer.status !== 429) throw new Error(`accounts.list: ${answer.status}`);
}

/** Reads one after the other for so long; milliseconds of each. */
async function readFor(url: string, key: string, ms: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const started = performance.now();
    await read(url, key);
    times.push(performance.now() - started);
    // Below what a key may ask in a minute.
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return times;
}
