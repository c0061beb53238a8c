import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startSandbox } from "@fiscility/plaid-sandbox";
import pg from "pg";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import type { ItemAtPlaid } from "../support/app.ts";
import { type Books, compareBooks } from "../support/books.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";
import { addPerson } from "../support/people.ts";
import { startRedis } from "../support/redis.ts";

export interface Chaos {
  connects: number;
  nodes: number;
  seed: number;
}

/** How a run ended: the books, and how often each answer came. */
export interface Outcome {
  books: Books;
  answers: Record<string, number>;
  kills: number;
  restarts: number;
  /** How often Redis went or hung, and came back. */
  redisOutages: number;
  /** Lists that did not show, on any node, what had been answered as connected (I5). */
  staleReads: number;
  /** Items alive at Plaid without a live row, after the reconciliation: exchanged or not, lost or not. */
  left: number;
  seconds: number;
}

/** Steps of `connectAccount` that a node may die after, and the endings of those that fail. */
const steps = [
  "attempt",
  "lock",
  "mark",
  "exchange",
  "save",
  "accounts",
  "insert",
  "commit",
  "ended",
];
const banks = ["ins_109508", "ins_109509", "ins_109510", "ins_109511", "ins_56", "ins_900004"];
const plans = ["intern", "accountant", "analyst", "cfo", "cfo", "cfo"];
const apiPaths = [
  "/item/public_token/exchange",
  "/accounts/get",
  "/item/remove",
  "/user/create",
  "/user/items/get",
  "/user/items/remove",
];
const faults = [
  { error: "RATE_LIMIT_EXCEEDED" },
  { error: "INTERNAL_SERVER_ERROR" },
  { error: "INSTITUTION_DOWN" },
  { error: "ITEM_LOGIN_REQUIRED" },
  { hang: true },
  { delay: 300 },
  { drop: "before" },
  { drop: "after" },
  { malformed: true },
];
/** Days of reconciliation after the run: more than a user's lost Items can take. */
const days = 8;
/** Connections under way at once. */
const atOnce = 24;

/**
 * Connects banks at several app processes while everything that can fail does: Plaid's answers, the
 * processes (SIGKILL at a named step), PostgreSQL (stopped and started), Redis (killed, hanging, back
 * and empty). Then one recovery, a reconciliation, and the comparison with the sandbox's own books. Each connection and
 * each injury has its own numbers from the seed, so a run repeats every choice; who wins a race is not
 * in its power. Loopback only, and only processes of its own.
 */
export async function runChaos({ connects, nodes, seed }: Chaos): Promise<Outcome> {
  const started = performance.now();
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-chaos-"));
  const database = await startEmbeddedDatabase(path.join(folder, "postgres"), "chaos", [
    "max_connections=300",
  ]);
  await database.create("chaos");
  const url = database.urlOf("chaos");
  await prepareDatabase(url);
  const sandbox = await startSandbox({
    port: 0,
    seed,
    // The product compares with its own time.
    startDate: "today",
    newItemInvalidatesOld: false,
    historicalPullMs: 0,
    transactionsReadyMs: 0,
  });
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const query = async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows;
  let redis = await startRedis();
  const env = {
    APP_URL: "http://localhost:3000",
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    PLAID_CLIENT_ID: "chaos",
    PLAID_SECRET: "a-secret-for-chaos",
    PLAID_ENV: "sandbox",
    PLAID_BASE_URL: sandbox.url,
    TOKEN_KEYS: `c1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
  };
  const json = async (address: string, body: unknown, cookie = "") => {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", cookie, origin: env.APP_URL },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whatever came back is only counted.
    return { answer, body: (await answer.json()) as any };
  };

  let running = true;
  const alive: NodeProcess[] = await Promise.all(
    Array.from({ length: nodes }, () => startNode(env)),
  );
  let kills = 0;
  const keepAlive = (place: number) => {
    alive[place]?.process.once("exit", () => {
      if (!running) return;
      kills += 1;
      void startNode(env).then((node) => {
        alive[place] = node;
        keepAlive(place);
      });
    });
  };
  for (const place of alive.keys()) keepAlive(place);

  const cookies: string[] = [];
  /** Each user's Plaid user, as the product has made it. */
  const plaidUsers: string[] = [];
  // Enough of them that plans fill up, but not all at once.
  const people = Math.max(20, Math.ceil(connects / 25));
  const { pick: pickPlan } = choices(seed, "plans");
  for (let n = 0; n < people; n += 1) {
    const person = { name: `Person ${n}`, email: `p${n}@example.com`, plan: pickPlan(plans) };
    const { cookie, id } = await addPerson(pool, { ...env, production: false }, person);
    cookies.push(cookie);
    await json(`${alive[0]?.url}/plaid/create-link-token`, {}, cookie);
    const [row] = await query("select plaid_user_id from plaid_users where user_id = $1", [id]);
    plaidUsers.push(row.plaid_user_id);
  }
  await json(`${sandbox.url}/_control/faults`, {
    faults: apiPaths.flatMap((path) =>
      faults.map((what) => ({ path, probability: "hang" in what ? 0.004 : 0.02, do: what })),
    ),
  });

  const answers: Record<string, number> = {};
  const count = (name: string) => {
    answers[name] = (answers[name] ?? 0) + 1;
  };
  /** As a person does: no answer, or none that settles it, is retried a few times. */
  const send = async ({ pick }: Choices, token: string, cookie: string, more: object) => {
    const body = { public_token: token, ...more };
    for (let tries = 0; tries < 6; tries += 1) {
      const node = alive[pick([...alive.keys()])];
      try {
        if (!node?.running) throw new Error("the node is dead");
        const { body: said } = await json(`${node.url}/plaid/exchange-token`, body, cookie);
        const settled = said.outcome ?? said.error.reason;
        count(settled);
        if (said.outcome) await readBack(alive[pick([...alive.keys()])], cookie, said.item.id);
        if (settled !== "internal" && settled !== "busy" && settled !== "outcome_pending") return;
      } catch {
        count("no answer");
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  /** What was answered as connected is in the list of every node that answers. */
  const readBack = async (node: NodeProcess | undefined, cookie: string, itemId: string) => {
    const list = await fetch(`${node?.url}/api/v1/accounts`, { headers: { cookie } })
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => null);
    if (list && !list.items.some((item: { id: string }) => item.id === itemId)) staleReads += 1;
  };
  const connect = async (number: number) => {
    const own = choices(seed, `connect ${number}`);
    const { pick, random } = own;
    const [cookie, bank] = [pick(cookies), pick(banks)];
    const user_id = plaidUsers[cookies.indexOf(cookie)];
    const { body } = await json(`${sandbox.url}/sandbox/public_token/create`, {
      client_id: env.PLAID_CLIENT_ID,
      secret: env.PLAID_SECRET,
      institution_id: bank,
      initial_products: ["transactions"],
      user_id,
      options: { override_username: `holder_${Math.floor(random() * 6)}` },
    });
    const more =
      random() < 0.2 ? { metadata: { institution: { institution_id: bank, name: null } } } : {};
    const [double, again] = [random() < 0.2, random() < 0.3];
    await Promise.all(
      Array.from({ length: double ? 2 : 1 }, (_, copy) =>
        send(choices(seed, `connect ${number}.${copy}`), body.public_token, cookie, more),
      ),
    );
    if (again) await send(own, body.public_token, cookie, more);
  };

  let begun = 0;
  let restarts = 0;
  let redisOutages = 0;
  let staleReads = 0;
  const injuries = choices(seed, "injuries");
  /** Takes Redis away, one way or the other, or brings it back, without what it had. */
  let away: "stopped" | "hanging" | null = null;
  const injureRedis = async () => {
    if (away === null) {
      redisOutages += 1;
      away = injuries.pick(["stopped", "hanging"] as const);
      if (away === "stopped") await redis.stop();
      else redis.hang();
    } else {
      if (away === "stopped") redis = await startRedis(redis.port);
      else redis.go();
      away = null;
    }
  };
  const everyNth = (n: number) => begun % n === 0;
  let restarting: Promise<void> = Promise.resolve();
  let injuring: Promise<void> = Promise.resolve();
  const worker = async () => {
    while (begun < connects) {
      begun += 1;
      const number = begun;
      if (everyNth(60))
        await injuries
          .pick(alive)
          .dieAfter(injuries.pick(steps))
          .catch(() => {});
      if (everyNth(Math.min(500, Math.max(100, Math.floor(connects / 4))))) {
        restarts += 1;
        restarting = restarting.then(() => database.stop()).then(() => database.start());
      }
      if (everyNth(40)) injuring = injuring.then(injureRedis);
      await connect(number);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, connects) }, worker));
    await Promise.all([restarting, injuring]);
    await fetch(`${sandbox.url}/_control/faults`, { method: "DELETE" });
    running = false;
    await Promise.all(alive.map((node) => node.kill()));
    const last = await startNode(env);
    // As if the time had come to take up what nobody works on.
    await query("update link_attempts set retry_at = now()");
    await last.recover();
    // Two passes 41 minutes apart for each day, as a user has five removals a day.
    const passes = Math.ceil(people / 200);
    for (let day = 0; day < days; day += 1) {
      await query("update plaid_users set due_at = now() - interval '1 minute'");
      const at = [0, 41].flatMap((minutes) => Array<number>(passes).fill(minutes));
      await last.reconcileAt(at.map((minutes) => day * 25 * 60 + minutes));
    }
    await last.kill();
    const itemsAtPlaid = async () =>
      (await (await fetch(`${sandbox.url}/_control/items`)).json()).items;
    const books = await compareBooks({ query, itemsAtPlaid });
    const ours = new Set(
      (await query("select plaid_item_id id from items")).map(({ id }) => id as string),
    );
    const left = ((await itemsAtPlaid()) as ItemAtPlaid[]).filter(
      ({ item_id, removed }) => !removed && !ours.has(item_id),
    ).length;
    const seconds = (performance.now() - started) / 1000;
    return { books, answers, kills, restarts, redisOutages, staleReads, left, seconds };
  } finally {
    running = false;
    await Promise.all(alive.map((node) => node.kill().catch(() => {})));
    await pool.end();
    await sandbox.close();
    await redis.stop();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a part of the run chooses by: the same for the same seed and name, whatever else happens. */
interface Choices {
  random(): number;
  pick<T>(values: readonly T[]): T;
}

function choices(seed: number, name: string): Choices {
  const random = seeded(createHash("sha256").update(`${seed} ${name}`).digest().readUInt32LE());
  return {
    random,
    pick: <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T,
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
