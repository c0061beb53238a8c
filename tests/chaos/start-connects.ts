import { randomBytes } from "node:crypto";
import { startSandbox } from "@fiscility/plaid-sandbox";
import pg from "pg";
import type { ItemAtPlaid } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { startBalancer } from "../support/balancer.ts";
import { type Books, compareBooks } from "../support/books.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";
import { compareSyncs, drain, type SyncBooks } from "../support/sync-books.ts";
import { addTestUser } from "../support/test-users.ts";
import { until } from "../support/until.ts";
import { type Choices, choices } from "./choices.ts";

export interface ConnectsOptions {
  /** How many public_tokens are sent, to how many processes of the app. */
  connects: number;
  nodes: number;
  seed: number;
  /** PostgreSQL for the comparison of the books, migrated. */
  databaseUrl: string;
  /** Other environment variables of the nodes: Redis, PgBouncer. */
  env: Record<string, string>;
  /** Whether Plaid refuses, fails, hangs and drops connections, each in about 2% of requests. */
  plaidFails: boolean;
  /** Whether the nodes take jobs, and Plaid has webhooks and new transactions for them. */
  takeJobs: boolean;
}

/** How the connects ended: the books, and how often each response came. */
export interface ConnectsOutcome {
  books: Books;
  /** Null where the nodes took no jobs. */
  syncs: SyncBooks | null;
  responses: Record<string, number>;
  kills: number;
  /** Lists that did not show, on any node, what had been returned as connected (I5). */
  staleReads: number;
  /** Items that a response said are connected, and that have no row in the end. */
  vanished: number;
  /** Items alive at Plaid without a live row, after the reconciliation: exchanged or not, lost or not. */
  left: number;
}

export type Connects = Awaited<ReturnType<typeof startConnects>>;

const banks = ["ins_109508", "ins_109509", "ins_109510", "ins_109511", "ins_56", "ins_900004"];
const plans = ["intern", "accountant", "analyst", "cfo", "cfo", "cfo"];
const apiPaths = [
  "/item/public_token/exchange",
  "/accounts/get",
  "/item/remove",
  "/user/create",
  "/user/items/get",
  "/user/items/remove",
  "/transactions/sync",
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
/** Responses that do not settle a public_token, so that a user sends it again. */
const unsettled = ["internal", "busy", "outcome_pending", "unavailable"];
/** Days of reconciliation after the run: more than a user's lost Items can take. */
const days = 8;
/** Connections in progress at once. */
const atOnce = 24;
/** A user waits this long for a response, more than a node gives a connection, then retries. Milliseconds. */
const patience = 8_000;

/**
 * Starts users, the sandbox and several app processes, which connect banks, receive webhooks and sync transactions
 * while the caller makes what they use fail. Each connection has its own random numbers from the seed, so a run
 * repeats every choice, but not who wins a race. Loopback only.
 */
export async function startConnects(options: ConnectsOptions) {
  const { connects, nodes, seed, databaseUrl, takeJobs } = options;
  const sandbox = await startSandbox({
    port: 0,
    seed,
    // The product compares dates with its own clock.
    startDate: "today",
    newItemInvalidatesOld: false,
    historicalPullMs: 0,
    transactionsReadyMs: 0,
    webhookRetryMs: 25,
  });
  const balancer = await startBalancer();
  const webhook = `${balancer.url.replace("localhost", "127.0.0.1")}/plaid/webhook`;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const query = async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows;
  const env = {
    APP_URL: "http://localhost:3000",
    DATABASE_URL: databaseUrl,
    PLAID_CLIENT_ID: "chaos",
    PLAID_SECRET: "a-secret-for-chaos",
    PLAID_ENV: "sandbox",
    PLAID_BASE_URL: sandbox.url,
    TOKEN_KEYS: `c1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
    ...options.env,
  };
  const json = async (address: string, body: unknown, cookie = "") => {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", cookie, origin: env.APP_URL },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whatever came back is only counted.
    return { response, body: (await response.json()) as any };
  };

  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sandbox.url}/_control/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  };
  const itemsAtPlaid = async () =>
    ((await control("GET", "items")) as { items: ItemAtPlaid[] }).items;

  let running = true;
  const startReadyNode = async () => {
    const node = await startNode(env);
    if (takeJobs) node.work();
    return node;
  };
  const alive: NodeProcess[] = await Promise.all(Array.from({ length: nodes }, startReadyNode));
  /** The starts of nodes that take the place of dead ones. */
  const starts: Promise<void>[] = [];
  let kills = 0;
  /** Sends webhooks only to running nodes, as a load balancer with health checks does. */
  const balance = () => {
    const up = alive.filter((node) => node.running);
    balancer.leadTo((up.length > 0 ? up : alive).map(({ url }) => url));
  };
  const keepAlive = (place: number) => {
    balance();
    alive[place]?.process.once("exit", () => {
      if (!running) return;
      kills += 1;
      balance();
      const started = startReadyNode().then((node) => {
        alive[place] = node;
        keepAlive(place);
      });
      starts.push(awaitLater(started));
    });
  };
  for (const place of alive.keys()) keepAlive(place);

  const cookies: string[] = [];
  /** Each user's Plaid user, as the product has made it. */
  const plaidUsers: string[] = [];
  // Enough of them that plans fill up, but not all at once.
  const users = Math.max(20, Math.ceil(connects / 25));
  const { pick: pickPlan } = choices(seed, "plans");
  for (let n = 0; n < users; n += 1) {
    const user = { name: `User ${n}`, email: `p${n}@example.com`, plan: pickPlan(plans) };
    const { cookie, id } = await addTestUser(pool, { ...env, production: false }, user);
    cookies.push(cookie);
    // On a busy machine a node may exceed its time limits.
    await until(async () => {
      await json(`${alive[0]?.url}/plaid/create-link-token`, {}, cookie).catch(() => {});
      const [row] = await query("select plaid_user_id from plaid_users where user_id = $1", [id]);
      if (row) plaidUsers.push(row.plaid_user_id);
      return row !== undefined;
    });
  }
  if (options.plaidFails) {
    // With this latency, a node that is paused or killed often has a call in progress.
    if (takeJobs) await control("POST", "settings", { latency_ms: 100 });
    await control("POST", "faults", {
      faults: apiPaths.flatMap((path) =>
        faults.map((what) => ({ path, probability: "hang" in what ? 0.004 : 0.02, do: what })),
      ),
    });
  }

  const responses: Record<string, number> = {};
  const count = (name: string) => {
    responses[name] = (responses[name] ?? 0) + 1;
  };
  let staleReads = 0;
  const returned = new Set<string>();
  /** Connects as a user does: retries a few times when there is no response or no final one. */
  const send = async ({ pick }: Choices, token: string, cookie: string, more: object) => {
    const body = { public_token: token, ...more };
    for (let tries = 0; tries < 6; tries += 1) {
      const node = alive[pick([...alive.keys()])];
      try {
        if (!node?.running) throw new Error("the node is dead");
        const { body: responseBody } = await json(`${node.url}/plaid/exchange-token`, body, cookie);
        const settled = responseBody.outcome ?? responseBody.error.reason;
        count(settled);
        if (responseBody.outcome) {
          returned.add(responseBody.item.id);
          await readBack(alive[pick([...alive.keys()])], cookie, responseBody.item.id);
        }
        if (!unsettled.includes(settled)) return;
      } catch {
        count("no response");
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  /** Checks that a connected Item is in the list of every node that responds. */
  const readBack = async (node: NodeProcess | undefined, cookie: string, itemId: string) => {
    const signal = AbortSignal.timeout(patience);
    const list = await fetch(`${node?.url}/api/v1/accounts`, { headers: { cookie }, signal })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (list && !list.items.some((item: { id: string }) => item.id === itemId)) staleReads += 1;
  };
  /** Changes transactions at a connected bank, so that Plaid sends a webhook and a sync follows. */
  const changeTransactions = async ({ pick, random }: Choices) => {
    if (returned.size === 0) return;
    const id = pick([...returned]);
    const items = await query("select plaid_item_id from items where id = $1", [id]).catch(
      () => [],
    );
    for (const { plaid_item_id: item_id } of items) {
      const [added, modified] = [1 + Math.floor(random() * 5), 2];
      const change = { item_id, added, modified, removed: 2 };
      // The Item may have been removed since.
      await control("POST", "items/transactions", change).catch(() => {});
    }
  };
  const connect = async (number: number) => {
    const own = choices(seed, `connect ${number}`);
    const { pick, random } = own;
    if (takeJobs) await changeTransactions(choices(seed, `change ${number}`));
    const [cookie, bank] = [pick(cookies), pick(banks)];
    const user_id = plaidUsers[cookies.indexOf(cookie)];
    const { body } = await json(`${sandbox.url}/sandbox/public_token/create`, {
      client_id: env.PLAID_CLIENT_ID,
      secret: env.PLAID_SECRET,
      institution_id: bank,
      initial_products: ["transactions"],
      user_id,
      options: {
        override_username: `holder_${Math.floor(random() * 6)}`,
        ...(takeJobs && { webhook }),
      },
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

  /**
   * To the product, a fault is a bank that needs its user. Until Plaid says otherwise only the sweep syncs such an
   * Item, hours later: now.
   */
  const sweepProblems = async () => {
    await query(
      `update item_syncs as s set due_at = now() from items as i
       where i.id = s.item_id and i.problem is not null`,
    );
    await query("select graphile_worker.add_job('sweep', '{}')");
    const left = "select 1 from items where problem is not null limit 1";
    await until(async () => (await query(left)).length === 0, 60);
  };
  const stop = async () => {
    running = false;
    await Promise.allSettled(starts);
    await Promise.all(alive.map((node) => node.kill().catch(() => {})));
  };
  return {
    /** The processes of the app. A new one takes the place of one that died. */
    alive,
    /** Connects all banks. `onBegun` gets the number of each, from 1, before it is connected. */
    async run(onBegun: (begun: number) => Promise<void> | void): Promise<void> {
      let begun = 0;
      const worker = async () => {
        while (begun < connects) {
          begun += 1;
          const number = begun;
          await onBegun(number);
          await connect(number);
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, connects) }, worker));
    },
    /**
     * Ends the nodes, recovers, lets webhooks and syncs end, and reconciles, once nothing fails any more. Then
     * compares the books.
     */
    async settle(): Promise<ConnectsOutcome> {
      await control("DELETE", "faults");
      await control("POST", "settings", { latency_ms: 0 });
      await stop();
      await Promise.all(starts);
      const last = await startReadyNode();
      balancer.leadTo([last.url]);
      // Makes every unfinished attempt due for recovery.
      await query("update link_attempts set retry_at = now()");
      await last.recover();
      if (takeJobs) {
        await drain({ query, control });
        await sweepProblems();
        await drain({ query, control });
      }
      // Two passes 41 minutes apart for each day, as a user has five removals a day.
      const passes = Math.ceil(users / 200);
      for (let day = 0; day < days; day += 1) {
        await query("update plaid_users set due_at = now() - interval '1 minute'");
        const at = [0, 41].flatMap((minutes) => Array<number>(passes).fill(minutes));
        await last.reconcileAt(at.map((minutes) => day * 25 * 60 + minutes));
      }
      await last.kill();
      const books = await compareBooks({ query, itemsAtPlaid });
      const syncs = takeJobs ? await compareSyncs({ query, control }) : null;
      const items = await query("select id, plaid_item_id from items");
      const ids = new Set(items.map(({ id }) => id as string));
      const vanished = [...returned].filter((id) => !ids.has(id)).length;
      const ours = new Set(items.map((item) => item.plaid_item_id as string));
      const left = (await itemsAtPlaid()).filter(
        ({ item_id, removed }) => !removed && !ours.has(item_id),
      ).length;
      return { books, syncs, responses, kills, staleReads, vanished, left };
    },
    async close() {
      await stop();
      await pool.end();
      await sandbox.close();
      await balancer.close();
    },
  };
}
