import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { migrateToLatest } from "../../db/migrate.ts";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { migrateJobs } from "../../server/jobs/migrate-jobs.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The server's maintenance database; `template_migrated` on it has every migration. */
    databaseServer: string;
    /** Whether a real redis-server is on the PATH. */
    redis: boolean;
  }
}

export const templateDatabase = "template_migrated";

/** One PostgreSQL for the run with a migrated template; a real redis-server, installed if need be. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-test-"));
  const server = await startEmbeddedDatabase(
    path.join(folder, "postgres"),
    randomBytes(8).toString("hex"),
    ["fsync=off", "synchronous_commit=off", "max_connections=300"],
  );
  await server.create(templateDatabase);
  await migrateToLatest(server.urlOf(templateDatabase));
  await migrateJobs(server.urlOf(templateDatabase));
  project.provide("databaseServer", server.url);
  project.provide("redis", haveRedis());
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** The one on the PATH, or Debian's; without either the Redis suites are skipped, in CI the run fails. */
function haveRedis(): boolean {
  const found = () => spawnSync("redis-server", ["--version"]).status === 0;
  if (found()) return true;
  try {
    execFileSync("apt-get", ["update", "-qq"], { stdio: "ignore", timeout: 120_000 });
    execFileSync("apt-get", ["install", "-y", "-qq", "redis-server"], {
      stdio: "ignore",
      timeout: 180_000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  } catch {}
  if (found()) return true;
  if (process.env.CI) throw new Error("redis-server is missing and could not be installed");
  process.stderr.write("\n!!! No redis-server on this machine: the Redis suites are SKIPPED.\n\n");
  return false;
}
