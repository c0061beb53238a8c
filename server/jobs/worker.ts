import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Logger, runTaskList, type Task, type TaskList, type WorkerEvents } from "graphile-worker";
import pg from "pg";
import { z } from "zod";
import { tellFirstSync } from "../../db/item-syncs.ts";
import { askForRecovery, delayRetry } from "../../db/jobs.ts";
import { retryInvalidation } from "../cache/invalidate-cache.ts";
import { finishLinks } from "../connect/finish-links.ts";
import { recoverAttempts } from "../connect/recover-attempts.ts";
import { keepLooks } from "../items/keep-looks.ts";
import { giveUpRefresh, refreshItem } from "../items/refresh-item.ts";
import { sendMail } from "../mail/send-mail.ts";
import { sendWebhooks } from "../outgoing-webhooks/send-webhooks.ts";
import { warnWhereRefused } from "../reconciliation/plaid-user.ts";
import { reconcile } from "../reconciliation/reconcile.ts";
import type { Services } from "../services.ts";
import { spans } from "../telemetry/spans.ts";
import { giveUpSync } from "../transactions/give-up-sync.ts";
import { syncItem } from "../transactions/sync-item.ts";
import { processWebhook } from "../webhooks/process-webhook.ts";
import { keepAlive } from "./alive.ts";
import { sweep } from "./sweep.ts";

/**
 * Jobs that one process runs side by side. Nearly all of a job's time is Plaid's or a mail server's, and it
 * holds no connection meanwhile. More than the queues of syncs (`db/jobs.ts`), so that however many of these
 * wait for Plaid, there is room for a webhook or a mail.
 */
const concurrency = 80;
/** How often each looks for jobs whose time has come, of itself: together, sixteen times a second. Milliseconds. */
const pollInterval = 5_000;
/** Addresses of users that one process sends to beside them: however slow they are, no other job waits. */
const webhooksAtOnce = 8;

/** Every job of the product. A name, once landed, stays: there may be rows with it. */
const tasksOf = (services: Services): Record<string, Task> => ({
  /** Ends what processes that died have left; see `server/connect/recover-attempts.ts`. */
  recover_attempts: async () => {
    await recoverAttempts(services, services.log);
  },
  /** Balances the books with Plaid's lists of Items; see `server/reconciliation/reconcile.ts`. */
  reconcile: async () => {
    await reconcile(services, services.log);
  },
  /** Finishes what Link has made and never handed over; see `server/connect/finish-links.ts`. */
  finish_links: async () => {
    await finishLinks(services, services.log);
  },
  /** Acts on a webhook that was kept; see `server/webhooks/process-webhook.ts`. */
  handle_webhook: async (payload) => {
    await processWebhook(services, keptWebhook.parse(payload).id, services.log);
  },
  /** Clears the cache that could not be cleared before; see `server/cache/invalidate-cache.ts`. */
  clear_cache: async (payload) => {
    await retryInvalidation(services, cacheClear.parse(payload), services.log);
  },
  /** Sends a queued mail; see `server/mail/send-mail.ts`. */
  send_mail: async (payload, { job }) => {
    const isLast = job.attempts >= job.max_attempts;
    await sendMail(services, queuedMail.parse(payload), services.log, isLast);
  },
  /** Catches what a lost webhook would have said; see `server/jobs/sweep.ts`. */
  sweep: async () => {
    await sweep(services);
  },
  /** Asks a bank for its newest data; see `server/items/refresh-item.ts`. */
  refresh_item: async (payload, { job }) => {
    const item = itemOfUser.parse(payload);
    try {
      await refreshItem(services, item, services.log);
    } catch (error) {
      if (job.attempts >= job.max_attempts) await giveUpRefresh(services, item);
      throw error;
    }
  },
  /** Brings an Item's transactions up to date; see `server/transactions/sync-item.ts`. */
  sync_item: async (payload, { job, abortSignal }) => {
    const item = itemOfUser.parse(payload);
    try {
      await syncItem(services, item, services.log, abortSignal ?? never);
      await keepLooks(services, item, services.log);
    } catch (error) {
      if (job.attempts >= job.max_attempts) await giveUpSync(services, item);
      else {
        const retryInMs = 1000 * Math.exp(Math.min(job.attempts, 10));
        await tellFirstSync(services.db, item.userId, item.itemId, { retryInMs });
      }
      throw error;
    }
  },
});

/** What waits for addresses of users, in workers of its own. */
const webhookTasksOf = (services: Services): Record<string, Task> => ({
  /** Sends what is due to an address; see `server/outgoing-webhooks/send-webhooks.ts`. */
  send_webhooks: async (payload) => {
    await sendWebhooks(services, endpointOfUser.parse(payload), services.log);
  },
});

/** The same jobs, each run a span and a line of the log. */
function told({ log }: Services, tasks: Record<string, Task>): TaskList {
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
const never = new AbortController().signal;

export interface Worker {
  /** Lets running jobs finish, or hands them back. */
  stop(): Promise<void>;
}

/**
 * Runs the jobs until `stop`. graphile-worker keeps them in PostgreSQL (schema `graphile_worker`),
 * shares them out among the nodes, and hears of new ones by LISTEN.
 *
 * A worker of it that cannot say how a job ended, as PostgreSQL is away, is gone for good, with the job
 * and its queue: then all of this process's workers are replaced, and the jobs are handed back.
 */
export async function startWorker(services: Services): Promise<Worker> {
  const { config, db, log, limits } = services;
  // The pool's own limit counts the wait for other jobs, too.
  class JobClient extends pg.Client {
    constructor(options: pg.ClientConfig = {}) {
      super({ ...options, connectionTimeoutMillis: limits.databaseConnect });
    }
  }
  const pool = new pg.Pool({
    Client: JobClient,
    connectionString: config.databaseDirectUrl.reveal(),
    // Each of the two lists listens for new jobs on one connection. They share the third to take jobs and to report
    // how these ended. graphile-worker locks every free queue while it takes a job: a second connection would find none.
    max: 3,
    connectionTimeoutMillis: limits.jobConnection,
    application_name: "fiscility worker",
  });
  const onLost = (error: Error) =>
    log.warn({ event: "database_connection_lost", error: error.message }, "Connection lost");
  pool.on("error", onLost);
  pool.on("connect", (client) => client.on("error", onLost));
  const lists: TaskLists = [
    [told(services, tasksOf(services)), concurrency],
    [told(services, webhookTasksOf(services)), webhooksAtOnce],
  ];
  const stopping = new AbortController();
  let current: Worker | null = null;
  let replacing: Promise<unknown> = Promise.resolve();

  const stop = (workers: Worker | null) => workers?.stop().catch(onLost);
  /** As soon as PostgreSQL answers: workers that begin while it does not never get a job. */
  async function start(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await askForRecovery(db);
        if (!stopping.signal.aborted) current = startWorkers(services, lists, pool, replace);
        return;
      } catch (error) {
        log.warn({ event: "workers_wait", error: (error as Error).message }, "No workers yet");
        await sleep(limits.workerWatch, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
  function replace(lost: Worker): void {
    if (lost !== current) return;
    current = null;
    log.error({ event: "workers_replaced" }, "Workers lost to PostgreSQL");
    replacing = Promise.all([replacing, stop(lost), start()]);
  }

  await start();
  await warnWhereRefused(services).catch(onLost);
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

/** Jobs, and how many of them run side by side. */
type TaskLists = [tasks: TaskList, atOnce: number][];

/** The workers of this process, until `lost` is told that some are gone or were never of use. */
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
  const alive = keepAlive(services, ids);
  const workers = {
    async stop() {
      await Promise.all(running.map((each) => each.gracefulShutdown()));
      await alive.stop();
    },
  };
  // Those that failed with Plaid would all come back with it at one moment.
  events.on("job:complete", ({ job, error }) => {
    if (error) delayRetry(services.db, job.id).catch(() => {});
  });
  // It looks its tasks up once; where that failed it keeps the error, and never finds a job.
  let found = false;
  for (const event of ["worker:getJob:empty", "job:start"] as const) {
    events.on(event, () => {
      found = true;
    });
  }
  events.on("worker:getJob:error", () => !found && lost(workers));
  events.on("worker:fatalError", () => lost(workers));
  return workers;
}
