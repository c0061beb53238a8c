import { DatabaseUnreachable } from "../db/client.ts";
import { ConfigError, parseConfig, secretVariables } from "./config.ts";
import { startWorker } from "./jobs/worker.ts";
import { untilMigrated, untilPrepared } from "./prepare-database.ts";
import { createServices, workerPoolSize } from "./services.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";

/**
 * `npm run worker`: runs only the jobs, without HTTP, next to servers with `WORKER=apart`. Every variable
 * must be set, because the defaults of `npm start` belong to that process.
 */
async function main(): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    process.on("SIGINT", () => resolve());
    process.on("SIGTERM", () => resolve());
  });
  const config = parseConfig(process.env);
  for (const name of secretVariables) delete process.env[name];
  if (!(await untilPrepared(config.databaseDirectUrl.reveal(), stopped))) process.exit(0);
  const telemetry = await startTelemetry(config);
  const { services, close } = createServices(config, {
    observe: telemetry.observe,
    connections: workerPoolSize,
  });
  await telemetry.watch(services);
  if (await untilMigrated(services, stopped)) {
    const worker = await startWorker(services);
    process.stderr.write("The worker takes jobs. Stop it with Ctrl-C.\n");
    await stopped;
    await worker.stop();
  }
  await close();
  await telemetry.close();
  process.exit(0);
}

main().catch((error: unknown) => {
  const plain = error instanceof ConfigError || error instanceof DatabaseUnreachable;
  const text = error instanceof Error ? (plain ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
