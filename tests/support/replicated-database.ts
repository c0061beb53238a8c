import { execFile } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { startTcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/**
 * Starts a primary PostgreSQL and a standby, both with `database`, and a proxy that leads to the current
 * primary. `prepare` fills the database before the standby is copied from it.
 *
 * `isSynchronous`: a commit succeeds once the standby has it on disk too. Otherwise the standby stops
 * following half a second before the failover, which loses commits that succeeded.
 */
export async function startReplicatedDatabase(
  database: string,
  prepare: (url: string) => Promise<void>,
  { isSynchronous = true } = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-replicated-"));
  const [first, second] = [path.join(folder, "first"), path.join(folder, "second")];
  const password = "replicated";
  const settings = ["max_connections=300"];
  const alone = await startEmbeddedDatabase(first, password, settings);
  try {
    await alone.create(database);
    await prepare(alone.urlOf(database));
  } finally {
    await alone.stop();
  }
  // The embedded binaries have no pg_basebackup. `cp -a` keeps the owner, who runs the server.
  await run("cp", ["-a", first, second]);
  const synchronous = isSynchronous ? ["synchronous_standby_names=standby"] : [];
  const primary = await startEmbeddedDatabase(first, password, [...settings, ...synchronous]);
  const primaryPort = Number(new URL(primary.url).port);
  writeFileSync(path.join(second, "standby.signal"), "");
  appendFileSync(
    path.join(second, "postgresql.conf"),
    `primary_conninfo = 'host=127.0.0.1 port=${primaryPort} user=fiscility password=${password} application_name=standby'\n`,
  );
  const standby = await startEmbeddedDatabase(second, password, settings);
  const proxy = await startTcpProxy(primaryPort);
  const url = new URL(primary.urlOf(database));
  url.port = String(proxy.port);

  const query = async (server: string, sql: string) => {
    const client = new pg.Client({ connectionString: server });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const follows = `select 1 from pg_stat_replication where state = 'streaming'
    and sync_state = '${isSynchronous ? "sync" : "async"}'`;
  await until(async () => (await query(primary.url, follows)).length === 1);

  const signalPrimary = (signal: NodeJS.Signals) => {
    for (const pid of processesOf(first)) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // A connection's process may have exited since the list was read.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  };
  let isPrimaryAlive = true;
  return {
    /** The database behind the proxy. */
    url: url.href,
    /** Freezes the primary and its connections for so long, like a machine that swaps. Milliseconds. */
    async freeze(ms: number) {
      signalPrimary("SIGSTOP");
      await pause(ms);
      signalPrimary("SIGCONT");
    },
    /**
     * Kills the primary's machine; the standby is promoted and gets the address. Until then connections reach
     * a standby that refuses writes, as with a monitor that is early.
     */
    async failOver() {
      if (!isSynchronous) {
        await query(standby.url, "alter system set primary_conninfo = ''");
        await query(standby.url, "select pg_reload_conf()");
        await pause(500);
      }
      // First stopped, so that none can start a process or respond while the others are killed.
      signalPrimary("SIGSTOP");
      signalPrimary("SIGKILL");
      isPrimaryAlive = false;
      proxy.leadTo(Number(new URL(standby.url).port));
      proxy.cut();
      await pause(300);
      await query(standby.url, "select pg_promote()");
    },
    async stop() {
      await proxy.close();
      if (isPrimaryAlive) signalPrimary("SIGKILL");
      await standby.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The process of a data folder and its children. If only the parent were killed, they would continue for a
 * moment.
 */
function processesOf(folder: string): number[] {
  const [first = ""] = readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n");
  const server = Number(first);
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === server);
  return [server, ...children.map(Number)];
}

/** Linux's `/proc/<pid>/stat`: the name, in parentheses, may contain anything. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
