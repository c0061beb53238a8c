import { DatabaseUnreachable } from "../db/client.ts";
import type { Local } from "../local/index.ts";
import { ConfigError, parseConfig, secretVariables } from "./config.ts";
import { startWorker } from "./jobs/worker.ts";
import { untilMigrated, untilPrepared } from "./prepare-database.ts";
import { startServer } from "./server.ts";

/** The server process: environment, migrations, HTTP, and graceful shutdown on SIGINT and SIGTERM. */
async function main(): Promise<void> {
  // Installed first, so that an interrupted start does not leave its PostgreSQL running.
  const stopped = new Promise<void>((resolve) => {
    process.on("SIGINT", () => resolve());
    process.on("SIGTERM", () => resolve());
  });
  const local =
    process.env.NODE_ENV === "production"
      ? null
      : await (await import("../local/index.ts")).startLocal(process.env);
  try {
    await serve(local, stopped);
  } finally {
    await local?.close();
  }
  process.exit(0);
}

async function serve(local: Local | null, stopped: Promise<void>): Promise<void> {
  const config = parseConfig(local?.env ?? process.env);
  for (const name of secretVariables) delete process.env[name];
  if (!(await untilPrepared(config.databaseDirectUrl.reveal(), stopped))) return;
  let isPrepared = local === null;
  const server = await startServer(config, { isPrepared: () => isPrepared });
  const migrated = await untilMigrated(server.services, stopped);
  const worker = migrated && config.worker === "here" ? await startWorker(server.services) : null;
  const lines = local ? await local.ready(server.services) : [`Fiscility is at ${server.url}`];
  isPrepared = true;
  process.stderr.write(`\n${lines.join("\n")}\n\n`);
  await stopped;
  await Promise.all([worker?.stop(), server.drain()]);
  await server.close();
}

main().catch((error: unknown) => {
  const plain =
    error instanceof ConfigError ||
    error instanceof DatabaseUnreachable ||
    (error instanceof Error && error.name === "StartRefused");
  const text = error instanceof Error ? (plain ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
