import { randomBytes, randomUUID } from "node:crypto";
import { type SandboxOptions, startSandbox } from "@fiscility/plaid-sandbox";
import pg from "pg";
import { poolUse } from "../../db/client.ts";
import { startMailbox } from "../../local/mailbox/start-mailbox.ts";
import { freePort } from "../../local/ports.ts";
import { parseConfig } from "../../server/config.ts";
import { startServer } from "../../server/server.ts";
import type { ServiceOptions } from "../../server/services.ts";
import { testDatabase } from "./database.ts";
import { addTestUser, cheapHash, type TestUser } from "./test-users.ts";
import { until } from "./until.ts";

export type { TestUser };

/** An Item in the sandbox's own data. */
export interface ItemAtPlaid {
  item_id: string;
  client_user_id: string | null;
  holder: string;
  /** SHA-256 of its public_token, hex. */
  public_token_hash: string;
  access_token_issued: boolean;
  removed: boolean;
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

/**
 * The real server with its own database and its own sandbox; `logLines` is its log.
 *
 * `pooled`: through PgBouncer in transaction mode, if installed. `plaid`: settings of the sandbox that the
 * test needs. The rest are options of the services. Unless a test asks for it, none waits for the second part
 * of a history, for the delay of a rejection, or long before Plaid or Redis is tried again.
 */
export async function startTestApp(
  overrides: Record<string, string> = {},
  {
    pooled = false,
    plaid = {},
    ...given
  }: { pooled?: boolean; plaid?: SandboxOptions } & ServiceOptions = {},
) {
  const options = {
    ...given,
    limits: { refusal: 0, plaidBackoff: 10, redisRetry: 100, ...given.limits },
  };
  const database = await testDatabase(options.limits);
  const sandbox = await startSandbox({
    port: 0,
    historicalPullMs: 0,
    transactionsReadyMs: 0,
    ...plaid,
  });
  const mailbox = await startMailbox({ port: 0 });
  const port = await freePort();
  const logLines: string[] = [];
  const env = {
    PORT: String(port),
    APP_URL: `http://localhost:${port}`,
    DATABASE_URL: pooled ? database.pooledUrl : database.url,
    DATABASE_DIRECT_URL: database.url,
    PLAID_CLIENT_ID: "test-client-id",
    PLAID_SECRET: "a-secret-for-tests",
    PLAID_ENV: "sandbox",
    // Another site than the app's, like Plaid and the banks, so that cookies behave as with them.
    PLAID_BASE_URL: `http://127.0.0.1:${sandbox.port}`,
    TOKEN_KEYS: `t1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: "Fiscility <accounts@fiscility.com>",
    LOG_LEVEL: "debug",
    ...overrides,
  };
  const destination = { write: (line: string) => logLines.push(line) };
  const server = await startServer(parseConfig(env), {
    destination,
    passwordCost: cheapHash,
    ...options,
  });
  const pool = new pg.Pool({ connectionString: env.DATABASE_DIRECT_URL, max: 2 });
  pool.on("error", () => {});

  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sandbox.url}/_control/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };

  async function publicToken(
    institution = "ins_109508",
    username = "user_good",
    password = "pass_good",
    webhook?: string,
    userId?: string,
  ): Promise<string> {
    const response = await fetch(`${sandbox.url}/sandbox/public_token/create`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        client_id: env.PLAID_CLIENT_ID,
        secret: env.PLAID_SECRET,
        institution_id: institution,
        initial_products: ["transactions"],
        user_id: userId,
        options: {
          override_username: username,
          override_password: password,
          webhook,
          transactions: { days_requested: server.services.config.plaid.daysRequested },
        },
      }),
    });
    const body = (await response.json()) as { public_token?: string };
    if (!body.public_token) throw new Error(JSON.stringify(body));
    return body.public_token;
  }

  /** Sends JSON as this user, or without a session. */
  async function post(path: string, body: unknown, user?: Pick<TestUser, "cookie">) {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(user ? { cookie: user.cookie } : {}),
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
    const json: any = await response.json().catch(() => null);
    return { status: response.status, body: json, headers: response.headers };
  }

  /** Reads a page of the REST API as this user. Returns its body, whatever the status. */
  async function get(path: string, user: Pick<TestUser, "cookie">) {
    const response = await fetch(`${server.url}${path}`, { headers: { cookie: user.cookie } });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
    return (await response.json()) as any;
  }

  return {
    url: server.url,
    /** The environment for another node. */
    env: env as Record<string, string>,
    services: server.services,
    databaseUrl: database.url,
    mailbox,
    /**
     * Like the database's own; when away, waits until the app has noticed that its idle connections are
     * closed.
     */
    async setDatabase(state: "away" | "back"): Promise<void> {
      await database.set(state);
      const { db, connectDb } = server.services;
      const gone = () => [db, connectDb].every((each) => poolUse(each).open === 0);
      if (state === "away") await until(gone);
    },
    sandboxUrl: sandbox.url,
    logLines,
    post,
    get,
    query: async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows,
    control,
    fault: (...faults: unknown[]) => control("POST", "faults", { faults }),
    /** Moves Plaid's time forward, so that tokens expire. */
    advanceClock: (seconds: number) => control("POST", "clock", { advance_seconds: seconds }),
    clearFaults: () => control("DELETE", "faults"),
    resetPlaid: () => control("POST", "reset"),
    requestsAtPlaid: async (path: string): Promise<number> => {
      const { requests } = (await control("GET", "requests")) as { requests: { path: string }[] };
      return requests.filter((request) => request.path === path).length;
    },
    itemsAtPlaid: async (): Promise<ItemAtPlaid[]> =>
      ((await control("GET", "items")) as { items: ItemAtPlaid[] }).items,
    /** Like `addTestUser`. */
    async signUp(
      plan?: string,
      email = `${randomUUID()}@example.com`,
      name = "Ada",
    ): Promise<TestUser> {
      const { production } = server.services.config;
      return addTestUser(pool, { ...env, production }, { name, email, plan });
    },
    /** As if the user had just proved their identity in all their sessions. */
    stepUp: ({ id }: TestUser) =>
      pool.query("update sessions set proved_at = now() where user_id = $1", [id]),
    /** Connects on another node. Rejects when it dies before it responds. */
    async connectAt(url: string, publicToken: string, user: TestUser): Promise<number> {
      const response = await fetch(`${url}/plaid/exchange-token`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie: user.cookie },
        body: JSON.stringify({ public_token: publicToken }),
      });
      await response.json();
      return response.status;
    },
    /** Starts a second node of the same app: its own services, the same database. */
    async startNode() {
      const nodePort = await freePort();
      return startServer(
        parseConfig({ ...env, PORT: String(nodePort), APP_URL: `http://localhost:${nodePort}` }),
        { destination, passwordCost: cheapHash, ...options },
      );
    },
    /** Creates a public_token as Link would. `user_custom` takes accounts as its password. */
    publicToken,
    /** Like `publicToken`, from a Link that this user opened: their Plaid user has the Item. */
    async linkedToken(
      user: TestUser,
      institution?: string,
      username?: string,
      password?: string,
    ): Promise<string> {
      const { status } = await post("/plaid/create-link-token", {}, user);
      if (status !== 200) throw new Error(`no link_token: ${status}`);
      const { rows } = await pool.query(
        "select plaid_user_id from plaid_users where user_id = $1",
        [user.id],
      );
      const userId = rows[0]?.plaid_user_id;
      return publicToken(institution, username, password, undefined, userId);
    },
    async close() {
      await server.close();
      await pool.end();
      await sandbox.close();
      await mailbox.close();
      await database.drop();
    },
  };
}
