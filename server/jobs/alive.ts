import { setTimeout as sleep } from "node:timers/promises";
import { createDb } from "../../db/client.ts";
import { holdWorkers, planRegularJobs, releaseJobsOfDeadWorkers } from "../../db/jobs.ts";
import type { Services } from "../services.ts";

/**
 * Marks these workers as alive for the other nodes, plans the jobs of every minute, and returns the jobs of
 * dead workers to the queue. Without it the jobs of a killed process would stay locked for four hours. A job
 * that still runs may be returned too, when the connection to PostgreSQL was lost for a while: jobs are
 * idempotent.
 */
export function watchWorkers(services: Services, workerIds: readonly string[]) {
  const { config, db, log, limits } = services;
  // Session locks need a dedicated connection.
  const ownDb = createDb({
    url: config.databaseDirectUrl.reveal(),
    hasSessions: true,
    max: 1,
    statementTimeoutMs: limits.statement,
    connectTimeoutMs: limits.databaseConnect,
    responseTimeoutMs: limits.databaseResponse,
    idleInTransactionTimeoutMs: limits.statement,
    lockTimeoutMs: limits.lock,
    onIdleError: () => {},
  });
  const stopping = new AbortController();
  const pause = () =>
    sleep(limits.workerWatch, undefined, { signal: stopping.signal }).catch(() => {});
  const watch = async () => {
    await planRegularJobs(db);
    const workers = await releaseJobsOfDeadWorkers(db);
    if (workers.length > 0)
      log.warn({ event: "jobs_released", workers }, "Jobs of dead workers released");
  };
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await holdWorkers(ownDb, workerIds, async (ask) => {
          while (!stopping.signal.aborted) {
            await ask();
            await watch();
            await pause();
          }
        });
      } catch (error) {
        log.warn({ event: "worker_watch", error: (error as Error).message }, "Workers not watched");
        await pause();
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await ended;
      await ownDb.destroy();
    },
  };
}
