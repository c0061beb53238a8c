import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { migrateToLatest } from "../../db/migrate.ts";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { parseConfig } from "../../server/config.ts";
import { migrateJobs } from "../../server/jobs/migrate-jobs.ts";
import { createServices } from "../../server/services.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { startProcess } from "./node-process.ts";

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Starts what every figure is measured on: PostgreSQL, the local Plaid at 0 ms, and the product's services. */
export async function startWorld() {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-bench-"));
  const password = randomBytes(8).toString("hex");
  const server = await startEmbeddedDatabase(path.join(folder, "postgres"), password);
  const sandbox = await startProcess("sandbox");

  /** A migrated, empty database of its own with the services on it, and the environment of a node. */
  async function database(name: string) {
    await server.create(name);
    const url = server.urlOf(name);
    await migrateToLatest(url, timeLimits.databaseSetUp);
    await migrateJobs(url, timeLimits.databaseSetUp);
    const env: Record<string, string> = {
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
    return {
      env,
      services,
      pool,
      /** Adds a user without a password, because hashing one takes as long as a connection. */
      async user(): Promise<string> {
        const { rows } = await pool.query(
          "insert into users (name, email, plan) values ('b', $1, 'cfo') returning id",
          [`${randomUUID()}@example.com`],
        );
        return rows[0].id;
      },
      /** An API key of this user that reads and connects. */
      async key(userId: string): Promise<string> {
        const { key } = await createApiKey(services.db, userId, {
          name: "bench",
          scopes: ["accounts:read", "transactions:read", "connections:write"],
          expiresInDays: 365,
        });
        return key;
      },
      async close() {
        await pool.end();
        await close();
      },
    };
  }

  const post = async (address: string, body: object) => {
    const response = await fetch(`${sandbox.url}${address}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const main = await database("bench");
  return {
    ...main,
    database,
    /** One of the sandbox's controls. */
    control: (name: string, body: object) => post(`/_control/${name}`, body),
    /** Ends every fault that `control("faults", …)` began. */
    async endFaults() {
      await fetch(`${sandbox.url}/_control/faults`, { method: "DELETE" });
    },
    /** A call to Plaid with the product's keys. */
    plaid: (path: string, body: object) =>
      post(path, { client_id: main.env.PLAID_CLIENT_ID, secret: main.env.PLAID_SECRET, ...body }),
    sandboxUrl: sandbox.url,
    /**
     * Returns a public_token as Link would; with `account`, of an Item with one account of this name. With
     * `transactions`, it has only these.
     */
    async publicToken(account?: string, transactions?: object[]): Promise<string> {
      const meta = {
        type: "depository",
        subtype: "checking",
        meta: { name: account },
        transactions,
      };
      const options = {
        override_username: "user_custom",
        override_password: JSON.stringify({ override_accounts: [meta] }),
      };
      const { public_token } = (await post("/sandbox/public_token/create", {
        client_id: main.env.PLAID_CLIENT_ID,
        secret: main.env.PLAID_SECRET,
        institution_id: "ins_109508",
        initial_products: ["transactions"],
        options: account === undefined ? undefined : options,
      })) as { public_token: string };
      return public_token;
    },
    async close() {
      await main.close();
      await sandbox.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
