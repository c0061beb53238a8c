import { fork } from "node:child_process"; import { once } from "node:events"; import v8 from "node:v8";
import { randomBytes } from "node:crypto"; import { connect } from "node:net";
import { chmodSync, mkdtempSync, rmSync } from "node:fs"; import { tmpdir } from "node:os"; import path from "node:path";
import { migrateToLatest } from "./db/migrate.ts"; import { startEmbeddedDatabase } from "./local/embedded-database.ts";
import { parseConfig } from "./server/config.ts"; import { startServer } from "./server/server.ts"; import { createLog } from "./server/telemetry/log.ts";
if (process.argv[2]) {
  const s = await startServer(parseConfig(process.env), createLog("info", { write: () => {} }));
  process.on("message", (m: any) => { for (let i=0;i<3;i++) (globalThis as any).gc(); if (m.snap) v8.writeHeapSnapshot(m.snap); const u = process.memoryUsage(); process.send!({ heap: u.heapUsed, ext: u.external, ab: u.arrayBuffers, rss: u.rss }); });
  process.send!({ url: s.url });
} else {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-bench-")); chmodSync(folder, 0o755);
  const database = await startEmbeddedDatabase(path.join(folder, "postgres"), randomBytes(8).toString("hex"));
  await database.create("bench"); const durl = database.urlOf("bench"); await migrateToLatest(durl);
  const env: any = { ...process.env, DATABASE_URL: durl, PLAID_CLIENT_ID: "bench", PLAID_SECRET: "bench-secret", PLAID_ENV: "sandbox", TOKEN_KEYS: `b:${randomBytes(32).toString("base64")}`, SESSION_SECRET: randomBytes(32).toString("base64url"), LOG_LEVEL: "info", APP_URL: "http://localhost:4101", PORT: "4101" };
  const c = fork("./snap.tmp.ts", ["app"], { execArgv: ["--import", "tsx", "--expose-gc"], env }); await once(c, "message");
  const r = await fetch("http://localhost:4101/api/auth/sign-up/email", { method: "POST", headers: { "content-type": "application/json", origin: "http://localhost:4101" }, body: JSON.stringify({ name: "b", email: "b@example.com", password: "correct horse" }) });
  const cookie = r.headers.getSetCookie().map((l) => l.split(";")[0]).join("; ");
  const ask = async (m: any = {}) => { c.send(m); return (await once(c, "message"))[0] as any; };
  const sockets: any[] = [];
  const open = (p: string, want: string) => new Promise<void>((res) => { const s = connect(4101, "127.0.0.1", () => s.write(`GET ${p} HTTP/1.1\r\nhost: localhost:4101\r\ncookie: ${cookie}\r\n\r\n`)); sockets.push(s); s.setEncoding("latin1").on("data", (t: string) => { if (t.includes(want)) res(); }); });
  const many = async (n: number, p = "/trpc/live.changes", w = "dataVersion") => { for (let i = 0; i < n; i += 50) await Promise.all(Array.from({ length: 50 }, () => open(p, w))); };
  const N = 1000;
  await many(200); const a = await ask({ snap: process.env.SNAP ? "/tmp/a.heapsnapshot" : undefined }); await many(N); const b = await ask({ snap: process.env.SNAP ? "/tmp/b.heapsnapshot" : undefined });
  for (const k of Object.keys(a)) console.log(k, ((b[k] - a[k]) / N / 1000).toFixed(1), "kB");
  await many(N, "/healthz", "ok"); const d = await ask(); console.log("healthz idle connection"); for (const k of Object.keys(a)) console.log(k, ((d[k] - b[k]) / N / 1000).toFixed(1), "kB");
  c.kill("SIGKILL"); await database.close(); rmSync(folder, { recursive: true, force: true }); process.exit(0);
}
