import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { startPgBouncer } from "./pgbouncer.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The server's maintenance database. `template_migrated` on it has every migration. */
    databaseServer: string;
    /** Whether a real redis-server is available. */
    redis: boolean;
    /** The port of a real PgBouncer in transaction mode; null when it is not installed. */
    pgbouncer: number | null;
  }
}

export const templateDatabase = "template_migrated";

/**
 * Starts one PostgreSQL for the run, with a migrated template, and the other servers, installed if needed.
 * All projects share what the first one starts.
 */
export default async function setup({ vitest }: TestProject): Promise<() => Promise<void>> {
  const project = vitest.getRootProject();
  if (project.getProvidedContext().databaseServer) return async () => {};
  // The name of this run, for its workers: see `built.ts`.
  const run = randomBytes(8).toString("hex");
  process.env.TEST_RUN = run;
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-test-"));
  const server = await startEmbeddedDatabase(
    path.join(folder, "postgres"),
    randomBytes(8).toString("hex"),
    ["fsync=off", "synchronous_commit=off", "max_connections=300"],
  );
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    const build = path.join(import.meta.dirname, "../../build");
    for (const name of readdirSync(build).filter((name) => name.endsWith(`-${run}`)))
      rmSync(path.join(build, name), { recursive: true, force: true });
  };
  try {
    await server.create(templateDatabase);
    await prepareDatabase(server.urlOf(templateDatabase));
    project.provide("databaseServer", server.url);
    project.provide("redis", have("redis-server"));
    const pgbouncer = have("pgbouncer") ? await startPgBouncer(server.url, 2) : null;
    project.provide("pgbouncer", pgbouncer?.port ?? null);
    return async () => {
      await pgbouncer?.stop();
      await stop();
    };
  } catch (error) {
    // Vitest calls no teardown when the set-up failed.
    await stop();
    throw error;
  }
}

/**
 * Finds a program on the PATH or installs it from Debian. Without it its suites are skipped; in CI the run
 * fails.
 */
function have(program: "redis-server" | "pgbouncer"): boolean {
  // Debian installs pgbouncer in a folder that is only on root's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const found = () => spawnSync(program, ["--version"], { env }).status === 0;
  if (found()) return true;
  try {
    execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore", timeout: 120_000 });
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", program], {
      stdio: "ignore",
      timeout: 180_000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  } catch {}
  if (found()) return true;
  if (process.env.CI) throw new Error(`${program} is missing and could not be installed`);
  process.stderr.write(`\n!!! No ${program} on this machine: its suites are SKIPPED.\n\n`);
  return false;
}
