import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../local/ports.ts";
import { reachable } from "./reachable.ts";

/**
 * Starts a real PgBouncer in transaction mode in front of the server of `url`, with so many connections for each
 * database. Like its default, it refuses unknown startup parameters.
 */
export async function startPgBouncer(url: string, connections: number) {
  const { hostname, port, username, password } = new URL(url);
  const own = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-pgbouncer-"));
  chmodSync(folder, 0o755);
  const file = (name: string) => path.join(folder, name);
  writeFileSync(file("users"), `"${username}" "${password}"\n`);
  writeFileSync(
    file("pgbouncer.ini"),
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${file("users")}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 500
`,
  );
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const server: ChildProcess = spawn("pgbouncer", ["-q", ...user, file("pgbouncer.ini")], {
    stdio: "ignore",
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  await reachable(own);
  return {
    port: own,
    async stop() {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
