import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startSandbox } from "@fiscility/plaid-sandbox";
import { migrateToLatest } from "./db/migrate.ts";
import { startEmbeddedDatabase } from "./local/embedded-database.ts";
import { benchLive } from "./tests/bench/live.ts";
const folder = mkdtempSync(path.join(tmpdir(), "fiscility-bench-")); chmodSync(folder, 0o755);
const database = await startEmbeddedDatabase(path.join(folder, "postgres"), randomBytes(8).toString("hex"));
await database.create("bench"); const url = database.urlOf("bench"); await migrateToLatest(url);
const sandbox = await startSandbox({ port: 0 });
const env = { DATABASE_URL: url, PLAID_CLIENT_ID: "bench", PLAID_SECRET: "bench-secret", PLAID_ENV: "sandbox", PLAID_BASE_URL: sandbox.url, TOKEN_KEYS: `b:${randomBytes(32).toString("base64")}`, SESSION_SECRET: randomBytes(32).toString("base64url"), LOG_LEVEL: "info" };
const publicToken = async () => { const r = await fetch(`${sandbox.url}/sandbox/public_token/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ client_id: "bench", secret: "bench-secret", institution_id: "ins_900004", initial_products: ["transactions"] }) }); return ((await r.json()) as any).public_token; };
try { for await (const line of benchLive(env, publicToken)) console.log(line); } catch (e) { console.error(e); }
await sandbox.close(); await database.close(); rmSync(folder, { recursive: true, force: true }); process.exit(0);
