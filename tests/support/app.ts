import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { startSandbox } from "@fiscility/plaid-sandbox";
import pg from "pg";
import { freePort } from "../../local/ports.ts";
import { parseConfig } from "../../server/config.ts";
import { startServer } from "../../server/server.ts";
import { testDatabase } from "./database.ts";

/** A person of a test: the cookie of their session and their id. */
export interface Person {
  email: string;
  password: string;
  cookie: string;
  id: string;
}

const password = "correct horse battery";
/** Of that, by better-auth's scrypt. */
const passwordHash =
  "0123456789abcdef0123456789abcdef:b87ad68e260d745e9edfac97cc70f72a8fbb1771cf033e8d2b3c360d3788e3548d977bae5090f5d6cd75f5190a6fbe6b0b5737d5420119bd1e44ccdc779acfe5";

/** An Item as the sandbox's own books have it. */
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
 * The real server on a database of its own, against a sandbox of its own; `logLines` is its log.
 * `pooled`: through PgBouncer in transaction mode, where there is one.
 */
export async function startTestApp(
  overrides: Record<string, string> = {},
  { pooled = false } = {},
) {
  const database = await testDatabase();
  const sandbox = await startSandbox({ port: 0 });
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
    // Another site than the app's, as Plaid and the banks are: cookies behave as they do there.
    PLAID_BASE_URL: `http://127.0.0.1:${sandbox.port}`,
    TOKEN_KEYS: `t1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
    LOG_LEVEL: "debug",
    ...overrides,
  };
  const log = { write: (line: string) => logLines.push(line) };
  const server = await startServer(parseConfig(env), log);
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

  /** Sends JSON as this person, or as nobody. */
  async function post(path: string, body: unknown, person?: Pick<Person, "cookie">) {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(person ? { cookie: person.cookie } : {}),
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
    const json: any = await response.json().catch(() => null);
    return { status: response.status, body: json, headers: response.headers };
  }

  return {
    url: server.url,
    /** The environment of another node beside this one. */
    env: env as Record<string, string>,
    services: server.services,
    databaseUrl: database.url,
    sandboxUrl: sandbox.url,
    logLines,
    post,
    query: async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows,
    control,
    fault: (...faults: unknown[]) => control("POST", "faults", { faults }),
    /** Moves Plaid's time forward: tokens expire. */
    advanceClock: (seconds: number) => control("POST", "clock", { advance_seconds: seconds }),
    clearFaults: () => control("DELETE", "faults"),
    resetPlaid: () => control("POST", "reset"),
    requestsAtPlaid: async (path: string): Promise<number> => {
      const { requests } = (await control("GET", "requests")) as { requests: { path: string }[] };
      return requests.filter((request) => request.path === path).length;
    },
    itemsAtPlaid: async (): Promise<ItemAtPlaid[]> =>
      ((await control("GET", "items")) as { items: ItemAtPlaid[] }).items,
    /**
     * A person with a session, as sign-up and log-in leave them: as rows, because hashing a password
     * takes longer than most tests. The forms have tests of their own.
     */
    async signUp(
      plan?: string,
      email = `${randomUUID()}@example.com`,
      name = "Ada",
    ): Promise<Person> {
      const token = randomBytes(24).toString("base64url");
      const { rows } = await pool.query(
        `with person as (
           insert into users (name, email, email_verified, plan)
             values ($1, $2, false, coalesce($3, 'intern')) returning id
         ), credential as (
           insert into credentials (user_id, account_id, provider_id, password)
             select id, id, 'credential', $4 from person
         ), session as (
           insert into sessions (user_id, token, expires_at, ip_address, user_agent)
             select id, $5, now() + interval '7 days', '127.0.0.1', 'node' from person
         ) select id from person`,
        [name, email, plan ?? null, passwordHash, token],
      );
      const signature = createHmac("sha256", env.SESSION_SECRET).update(token).digest("base64");
      const signed = encodeURIComponent(`${token}.${signature}`);
      const secure = server.services.config.production ? "__Secure-" : "";
      return {
        email,
        password,
        cookie: `${secure}fiscility.session_token=${signed}`,
        id: rows[0].id,
      };
    },
    /** Connects at another node; rejects when it dies before it answers. */
    async connectAt(url: string, publicToken: string, person: Person): Promise<number> {
      const answer = await fetch(`${url}/plaid/exchange-token`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie: person.cookie },
        body: JSON.stringify({ public_token: publicToken }),
      });
      await answer.json();
      return answer.status;
    },
    /** A second node of the same app: its own process's worth of services, the same database. */
    async startNode() {
      const nodePort = await freePort();
      return startServer(
        parseConfig({ ...env, PORT: String(nodePort), APP_URL: `http://localhost:${nodePort}` }),
        log,
      );
    },
    /** A public_token as Link would hand it over; `user_custom` takes accounts as its password. */
    async publicToken(
      institution = "ins_109508",
      username = "user_good",
      password = "pass_good",
      webhook?: string,
    ): Promise<string> {
      const response = await fetch(`${sandbox.url}/sandbox/public_token/create`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          client_id: env.PLAID_CLIENT_ID,
          secret: env.PLAID_SECRET,
          institution_id: institution,
          initial_products: ["transactions"],
          options: { override_username: username, override_password: password, webhook },
        }),
      });
      const body = (await response.json()) as { public_token?: string };
      if (!body.public_token) throw new Error(JSON.stringify(body));
      return body.public_token;
    },
    async close() {
      await server.close();
      await pool.end();
      await sandbox.close();
      await database.drop();
    },
  };
}
