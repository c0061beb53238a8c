import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, runTaskList, type Task, type TaskList, type WorkerEvents } from "graphile-worker";
import pg from "pg";
import { z } from "zod";
import { destroyWhenSilent, isConnectionLost } from "../../db/client.ts";
import { showFirstSyncProgress } from "../../db/item-syncs.ts";
import { delayRetry, requestRecovery } from "../../db/jobs.ts";
import { retryInvalidation } from "../cache/invalidate-cache.ts";
import { finishLinks } from "../connect/finish-links.ts";
import { recoverAttempts } from "../connect/recover-attempts.ts";
import { failRefresh, refreshItem } from "../items/refresh-item.ts";
import { updateBranding } from "../items/update-branding.ts";
import { sendMail } from "../mail/send-mail.ts";
import { sendWebhooks } from "../outgoing-webhooks/send-webhooks.ts";
import { warnIfUserApisRefused } from "../reconciliation/plaid-user.ts";
import { reconcile } from "../reconciliation/reconcile.ts";
import type { Services } from "../services.ts";
import { spans } from "../telemetry/spans.ts";
import { failSync } from "../transactions/fail-sync.ts";
import { syncItem } from "../transactions/sync-item.ts";
import { processWebhook } from "../webhooks/process-webhook.ts";
import { watchWorkers } from "./alive.ts";
import { withOwnSignal } from "./own-signal.ts";
import { sweep } from "./sweep.ts";

/**
 * Jobs that one process runs in parallel. A job spends nearly all its time waiting for Plaid or a mail
 * server, and holds no connection meanwhile. There are enough that webhooks and mail still run while many
 * syncs wait for Plaid.
 */
const concurrency = 100;
/** How often each worker polls for jobs that are due: together, twenty times a second. Milliseconds. */
const pollInterval = 5_000;
/**
 * Users' addresses that one process sends to in parallel, in workers of their own: slow addresses delay no
 * other job.
 */
const webhooksAtOnce = 8;

/** Every job of the product. A released name must not change, because stored jobs may have it. */
const tasksOf = (services: Services): Record<string, Task> => ({
  /** Ends attempts of processes that died; see `server/connect/recover-attempts.ts`. */
  recover_attempts: async (_payload, { abortSignal }) => {
    await recoverAttempts(services, services.log, abortSignal);
  },
  /** Compares our Items with Plaid's lists; see `server/reconciliation/reconcile.ts`. */
  reconcile: async (_payload, { abortSignal }) => {
    await reconcile(services, services.log, abortSignal);
  },
  /** Finishes Links whose `onSuccess` never reached us; see `server/connect/finish-links.ts`. */
  finish_links: async (_payload, { abortSignal }) => {
    await finishLinks(services, services.log, abortSignal);
  },
  /** Processes a stored webhook; see `server/webhooks/process-webhook.ts`. */
  handle_webhook: async (payload) => {
    await processWebhook(services, keptWebhook.parse(payload).id, services.log);
  },
  /** Retries clearing the cache; see `server/cache/invalidate-cache.ts`. */
  clear_cache: async (payload) => {
    await retryInvalidation(services, cacheClear.parse(payload), services.log);
  },
  /** Sends a queued mail; see `server/mail/send-mail.ts`. */
  send_mail: async (payload, { job }) => {
    const isLast = job.attempts >= job.max_attempts;
    await sendMail(services, queuedMail.parse(payload), services.log, isLast);
  },
  /** Syncs Items whose webhooks may have been lost; see `server/jobs/sweep.ts`. */
  sweep: async () => {
    await sweep(services);
  },
  /** Makes Plaid fetch a bank's newest data; see `server/items/refresh-item.ts`. */
  refresh_item: async (payload, { job }) => {
    const item = itemOfUser.parse(payload);
    try {
      await refreshItem(services, item, services.log);
    } catch (error) {
      if (job.attempts >= job.max_attempts) await failRefresh(services, item);
      throw error;
    }
  },
  /** Syncs an Item's transactions; see `server/transactions/sync-item.ts`. */
  sync_item: async (payload, { job, abortSignal }) => {
    const item = itemOfUser.parse(payload);
    try {
      await withOwnSignal(abortSignal, async (signal) => {
        await syncItem(services, item, services.log, signal);
      });
      await updateBranding(services, item, services.log);
    } catch (error) {
      if (job.attempts >= job.max_attempts) await failSync(services, item);
      else {
        const retryInMs = 1000 * Math.exp(Math.min(job.attempts, 10));
        await showFirstSyncProgress(services.db, item.userId, item.itemId, { retryInMs });
      }
      throw error;
    }
  },
});

/** Jobs that wait for users' addresses, in workers of their own. */
const webhookTasksOf = (services: Services): Record<string, Task> => ({
  /** Sends the due webhooks to an address; see `server/outgoing-webhooks/send-webhooks.ts`. */
  send_webhooks: async (payload) => {
    await sendWebhooks(services, endpointOfUser.parse(payload), services.log);
  },
});

/** Wraps each run of a job in a span and logs it. */
function withLog({ log }: Services, tasks: Record<string, Task>): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([task, run]): [string, Task] => [
      task,
      (payload, helpers) =>
        spans.inSpan(`job ${task}`, {}, async () => {
          const line = { event: "job", task };
          try {
            await run(payload, helpers);
            log.debug({ ...line, outcome: "done" }, "Job");
          } catch (error) {
            log.debug({ ...line, outcome: "failed" }, "Job");
            throw error;
          }
        }),
    ]),
  );
}

const cacheClear = z.object({
  userId: z.uuid(),
  tries: z.int().nonnegative(),
});
const endpointOfUser = z.object({ userId: z.uuid(), endpointId: z.uuid() });
const itemOfUser = z.object({ userId: z.uuid(), itemId: z.uuid() });
const queuedMail = z.object({ userId: z.uuid(), id: z.uuid() });
const keptWebhook = z.object({ id: z.uuid() });

export interface Worker {
  /** Waits for running jobs, or returns them to the queue. */
  stop(): Promise<void>;
}

/**
 * Runs jobs until `stop`. graphile-worker stores them in PostgreSQL (schema `graphile_worker`), distributes
 * them over the nodes, and learns of new ones by LISTEN.
 *
 * One of its workers that cannot report how a job ended, because PostgreSQL is unavailable, stops for good
 * and keeps the job and its queue locked; so does one that never learned which job it got. Then all workers of
 * this process are replaced, and their jobs are returned to the queue.
 */
export async function startWorker(services: Services): Promise<Worker> {
  const { config, db, log, limits } = services;
  // The pool's own limit also counts the wait for other jobs.
  class JobClient extends pg.Client {
    constructor(options: pg.ClientConfig = {}) {
      super({ ...options, connectionTimeoutMillis: limits.databaseConnect });
    }
  }
  const pool = new pg.Pool({
    Client: JobClient,
    connectionString: config.databaseDirectUrl.reveal(),
    // Each of the two task lists listens for new jobs on its own connection. They share the third one to take
    // jobs and report how they ended. graphile-worker locks every free queue while it takes a job, so a
    // second connection would find none.
    max: 3,
    connectionTimeoutMillis: limits.jobConnection,
    application_name: "fiscility worker",
  });
  const onLost = (error: Error) =>
    log.warn({ event: "database_connection_lost", error: error.message }, "Connection lost");
  pool.on("error", onLost);
  pool.on("connect", (client) => {
    client.on("error", onLost);
    destroyWhenSilent(client, limits.statement + limits.databaseResponse);
  });
  const lists: TaskLists = [
    [withLog(services, tasksOf(services)), concurrency],
    [withLog(services, webhookTasksOf(services)), webhooksAtOnce],
  ];
  const stopping = new AbortController();
  let current: Worker | null = null;
  let replacing: Promise<unknown> = Promise.resolve();

  const stop = (workers: Worker | null) => workers?.stop().catch(onLost);
  /** Starts as soon as PostgreSQL responds, because workers that start without it never get a job. */
  async function start(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await requestRecovery(db);
        if (!stopping.signal.aborted) current = startWorkers(services, lists, pool, replace);
        return;
      } catch (error) {
        log.warn(
          { event: "workers_wait", error: (error as Error).message },
          "Workers not started, retrying",
        );
        await sleep(limits.workerWatch, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
  function replace(lost: Worker): void {
    if (lost !== current) return;
    current = null;
    log.error({ event: "workers_replaced" }, "Workers lost PostgreSQL, replacing them");
    replacing = Promise.all([replacing, stop(lost), start()]);
  }

  await start();
  await warnIfUserApisRefused(services).catch(onLost);
  return {
    async stop() {
      stopping.abort();
      const last = current;
      current = null;
      await Promise.all([replacing, stop(last)]);
      await pool.end();
    },
  };
}

/** Jobs, and how many of them run in parallel. */
type TaskLists = [tasks: TaskList, atOnce: number][];

/** Starts the workers of this process. Calls `lost` when some have stopped or never worked. */
function startWorkers(
  services: Services,
  lists: TaskLists,
  pool: pg.Pool,
  lost: (workers: Worker) => void,
): Worker {
  const { log } = services;
  const events: WorkerEvents = new EventEmitter();
  const ids: string[] = [];
  events.on("worker:create", ({ worker }) => ids.push(worker.workerId));
  const logger = new Logger(() => (level, message) => {
    if (level === "error" || level === "warning") log.warn({ event: "worker" }, message);
  });
  const running = lists.map(([tasks, atOnce]) => {
    const options = { events, concurrency: atOnce, pollInterval, noHandleSignals: true, logger };
    return runTaskList(options, tasks, pool);
  });
  const alive = watchWorkers(services, ids);
  const workers = {
    async stop() {
      await Promise.all(running.map((each) => each.gracefulShutdown()));
      await alive.stop();
    },
  };
  // Without a delay, all jobs that failed with Plaid would be retried at the same moment.
  events.on("job:complete", ({ job, error }) => {
    if (error) delayRetry(services.db, job.id).catch(() => {});
  });
  // A worker looks up its tasks once. If that failed it keeps the error and never finds a job.
  let found = false;
  for (const event of ["worker:getJob:empty", "job:start"] as const) {
    events.on(event, () => {
      found = true;
    });
  }
  // PostgreSQL may have assigned a job whose worker never learns of it: it is free once its worker is gone.
  events.on("worker:getJob:error", ({ error }) => {
    if (!found || isConnectionLost(error)) lost(workers);
  });
  events.on("worker:fatalError", () => lost(workers));
  return workers;
}
