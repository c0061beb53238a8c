import { type RawBuilder, sql } from "kysely";
import type { Db } from "./client.ts";

/** Attempts of a sync before its job is dead, over about half an hour. The sweep starts a new one later. */
const syncTries = 8;

/**
 * A queue runs one job at a time. An Item's syncs always use the same queue, and so do its webhooks. There
 * are enough queues of each kind that the jobs of one worker seldom wait for each other; more would be slow,
 * because graphile-worker locks each free queue whenever it takes a job.
 */
const queues = { sync: 256, webhook: 64, webhooks: 64 };
const queueOf = (kind: keyof typeof queues, id: unknown) =>
  sql`${`${kind}:`}::text || abs(hashtext(${id}::text) % ${sql.lit(queues[kind])})`;
const syncKey = (itemId: unknown) => sql`'sync_item:' || ${itemId}::text`;

/**
 * SQL of one job to add: an expression in a statement. graphile-worker needs a millisecond for each call, so a
 * statement that adds several adds them in one (https://worker.graphile.org/docs/sql-add-job).
 */
export type JobSpec = RawBuilder<{ jobSpec: true }>;

/**
 * @param job each an expression; without `runAt` it runs now, without `tries` it has 25 of them, and a
 *   higher `priority` runs later
 */
export const jobSpec = (job: {
  task: string;
  payload: RawBuilder<unknown>;
  queue?: RawBuilder<unknown>;
  key?: RawBuilder<unknown>;
  runAt?: RawBuilder<unknown>;
  tries?: number;
  priority?: number;
}): JobSpec => {
  const { task, payload, queue = none, key = none, runAt = none, tries = null, priority = 0 } = job;
  return sql`row(${sql.lit(task)}, ${payload}, ${queue}, ${runAt}, ${sql.lit(tries)}, ${key},
    ${sql.lit(priority)}, null)::graphile_worker.job_spec`;
};
const none = sql`null`;

/** SQL, as an expression in a statement, that adds a job. Its value is the job's id. */
export const addJob = (spec: JobSpec) =>
  sql<string>`(select id from graphile_worker.add_jobs(array[${spec}]))`;

/** SQL of a query that adds all jobs of another one, each with its own key: one row, whose `jobs` must be read. */
export const addJobs = (specs: RawBuilder<unknown>) =>
  sql<{ jobs: string }>`
    with given as materialized (select array(${specs}) as specs)
    select count(*) as jobs from given, graphile_worker.add_jobs(given.specs)
    where cardinality(given.specs) > 0`;

/**
 * The job which syncs an Item in `inMs`. While one waits, adding it again changes nothing. While one runs,
 * exactly one more follows it (graphile-worker's `job_key`, https://worker.graphile.org/docs/job-key).
 */
export const syncItemJob = (userId: unknown, itemId: unknown, inMs = 0): JobSpec =>
  jobSpec({
    task: "sync_item",
    payload: sql`json_build_object('userId', ${userId}::text, 'itemId', ${itemId}::text)`,
    queue: queueOf("sync", itemId),
    key: syncKey(itemId),
    runAt: sql`now() + ${inMs} * interval '1 millisecond'`,
    tries: syncTries,
  });

/**
 * Refreshes that run in parallel over all nodes. Each may take 40 s, and other jobs must not wait for them.
 */
const refreshesAtOnce = 2;

/** The job which refreshes an Item. */
export const refreshItemJob = (userId: unknown, itemId: unknown): JobSpec =>
  jobSpec({
    task: "refresh_item",
    payload: sql`json_build_object('userId', ${userId}::text, 'itemId', ${itemId}::text)`,
    queue: sql`'refresh:' || abs(hashtext(${itemId}::text) % ${sql.lit(refreshesAtOnce)})`,
    tries: syncTries,
  });

/**
 * The job which clears a user's cache in `inMs`. Each user has at most one; the last request replaces it.
 */
export const clearCacheJob = (payload: { userId: string; tries: number }, inMs: number): JobSpec =>
  jobSpec({
    task: "clear_cache",
    payload: sql`${JSON.stringify(payload)}::json`,
    key: sql`${`clear_cache:${payload.userId}`}::text`,
    runAt: sql`now() + ${inMs} * interval '1 millisecond'`,
  });

/** Requests a sync of the Item in `inMs`. Call it in the transaction that causes the sync. */
export async function requestSync(db: Db, userId: string, itemId: string, inMs = 0): Promise<void> {
  await requestSyncs(db, [{ userId, itemId }], inMs);
}

/** Requests a sync of each Item. Deletes an Item's dead job. */
export async function requestSyncs(
  db: Db,
  items: readonly { userId: string; itemId: string }[],
  inMs = 0,
): Promise<void> {
  const requested = sql`json_to_recordset(${JSON.stringify(items)}::json)
    as asked ("userId" uuid, "itemId" uuid)`;
  await sql`select graphile_worker.complete_jobs(array(
    select jobs.id from graphile_worker.jobs, ${requested}
    where key = ${syncKey(sql.ref("asked.itemId"))}
      and attempts >= max_attempts and locked_at is null))`.execute(db);
  await sql`select ${addJob(syncItemJob(sql.ref("asked.userId"), sql.ref("asked.itemId"), inMs))}
    from ${requested}`.execute(db);
}

/** SQL of the queue in which webhooks of an Item are processed, one after the other. */
export const webhookQueue = (plaidItemId: unknown) =>
  queueOf("webhook", sql`coalesce(${plaidItemId}::text, '')`);

/** The job which processes a stored webhook. */
export const handleWebhookJob = (id: unknown, plaidItemId: unknown): JobSpec =>
  jobSpec({
    task: "handle_webhook",
    payload: sql`json_build_object('id', ${id}::text)`,
    queue: webhookQueue(plaidItemId),
    tries: 12,
  });

/** Slow addresses that are sent to in parallel, over all nodes. */
const slowAtOnce = 2;

/**
 * The job which sends the due webhooks to one address. A user's addresses are sent to one after the other. Slow
 * addresses wait only for each other. A job with a later time has its own key, so that it never delays new
 * webhooks.
 */
export const sendWebhooksJob = (
  { userId, endpointId, isSlow }: { userId: unknown; endpointId: unknown; isSlow: unknown },
  later?: RawBuilder<Date>,
): JobSpec =>
  jobSpec({
    task: "send_webhooks",
    payload: sql`json_build_object('userId', ${userId}::text, 'endpointId', ${endpointId}::text)`,
    queue: sql`case when ${isSlow}
      then 'slow-webhooks:' || abs(hashtext(${endpointId}::text) % ${sql.lit(slowAtOnce)})
      else ${queueOf("webhooks", userId)} end`,
    key: sql`${sql.lit(later ? "later_webhooks:" : "send_webhooks:")} || ${endpointId}::text`,
    ...(later && { runAt: later }),
  });

/** The jobs of each minute. Each has its own queue, so it runs once at a time over all nodes. */
const regularTasks = ["recover_attempts", "sweep", "reconcile", "finish_links"];

/** SQL that adds one of them. One that fails three times is planned again for the next minute. */
const regularJob = (task: unknown, more: unknown) =>
  sql`graphile_worker.add_job(${task}, queue_name := ${task}, job_key := ${task}, max_attempts := 3, ${more})`;

/** Requests a pass of the recovery now. */
export async function requestRecovery(db: Db): Promise<void> {
  await sql`select ${regularJob("recover_attempts", sql`run_at := now()`)}`.execute(db);
}

/** Requests a pass over the unfinished Links now. */
export async function requestLinksPass(db: Db): Promise<void> {
  await sql`select ${regularJob("finish_links", sql`run_at := now()`)}`.execute(db);
}

/** Requests a pass of the reconciliation now. */
export async function requestReconcilePass(db: Db): Promise<void> {
  await sql`select ${regularJob("reconcile", sql`run_at := now()`)}`.execute(db);
}

/**
 * Plans each job of every minute for the next minute, once, however many nodes call it. Not by
 * graphile-worker's crontab, which ends the process when PostgreSQL is unavailable at the full minute.
 */
export async function planRegularJobs(db: Db): Promise<void> {
  const next = sql`run_at := date_trunc('minute', now()) + interval '1 minute',
    job_key_mode := 'preserve_run_at'`;
  await sql`select ${regularJob(sql`task`, next)}
    from unnest(${regularTasks}::text[]) task`.execute(db);
}

/** A job that has not succeeded yet. `dead`: it is not retried. */
export interface JobState {
  id: string;
  task: string;
  key: string | null;
  state: "running" | "waiting" | "failing" | "dead";
  attempts: number;
  maxAttempts: number;
  runAt: Date;
  lastError: string | null;
}

/**
 * Returns every job, dead ones first. Omits dead jobs that a newer one replaced, and the jobs of every minute
 * while they wait.
 */
export async function listJobs(db: Db): Promise<JobState[]> {
  const { rows } = await sql<JobState>`
    select id::text, task_identifier as task, key, attempts, max_attempts as "maxAttempts",
      run_at as "runAt", last_error as "lastError",
      ${jobState} as state
    from graphile_worker.jobs
    where not (${superseded} or ${betweenRuns})
    order by 8, run_at, id limit 1000`.execute(db);
  return rows;
}

/** Counts the jobs that `listJobs` returns, by state. */
export async function countJobs(db: Db): Promise<Record<JobState["state"], number>> {
  const { rows } = await sql<{ state: JobState["state"]; jobs: string }>`
    select ${jobState} as state, count(*) as jobs from graphile_worker.jobs
    where not (${superseded} or ${betweenRuns}) group by 1`.execute(db);
  const counts = { running: 0, waiting: 0, failing: 0, dead: 0 };
  for (const { state, jobs } of rows) counts[state] = Number(jobs);
  return counts;
}

const jobState = sql`case when locked_at is not null then 'running'
  when attempts >= max_attempts then 'dead'
  when attempts > 0 then 'failing' else 'waiting' end`;

/** A job of every minute that waits for the next one. */
const betweenRuns = sql`(task_identifier = any(${regularTasks}) and attempts = 0
  and locked_at is null and run_at > now())`;

/** Delays the next retry of a failed job by a random time, at most its current wait. */
export async function delayRetry(db: Db, id: string): Promise<void> {
  await sql`select graphile_worker.reschedule_jobs(array[id], run_at := run_at + (run_at - now()) * random())
    from graphile_worker.jobs
    where id = ${id} and locked_at is null and attempts > 0 and run_at > now()`.execute(db);
}

/** A dead job whose key a newer one has. */
const superseded = sql`(task_identifier = any(${["sync_item", ...regularTasks]}) and key is null
  and attempts >= max_attempts and locked_at is null)`;

/** Deletes dead jobs that newer ones replaced. */
export async function dropSupersededJobs(db: Db): Promise<void> {
  await sql`select graphile_worker.complete_jobs(array(
    select id from graphile_worker.jobs where ${superseded}))`.execute(db);
}

const workerLock = (id: unknown) => sql`hashtextextended('worker ' || ${id}, 0)`;

/**
 * Marks these workers as alive, by locks of one connection that are held until `until` settles. PostgreSQL
 * releases them when the process is gone. Rejects when the connection breaks.
 */
export async function holdWorkers(
  db: Db,
  ids: readonly string[],
  until: (probe: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${workerLock(sql`id`)}) from unnest(${ids}::text[]) id`.execute(
      connection,
    );
    try {
      await until(() => sql`select 1`.execute(connection));
    } finally {
      await sql`select pg_advisory_unlock_all()`.execute(connection);
    }
  });
}

/**
 * Returns the jobs of workers whose process is gone to the queue, which graphile-worker itself would do after
 * four hours. Returns the workers' ids.
 */
export async function releaseJobsOfDeadWorkers(db: Db): Promise<string[]> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from (
        select locked_by as id from graphile_worker.jobs where locked_by is not null
        union
        select locked_by from graphile_worker._private_job_queues where locked_by is not null
      ) worker
      where pg_try_advisory_xact_lock(${workerLock(sql`id`)})`.execute(tx);
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) {
      await sql`select graphile_worker.force_unlock_workers(${ids})`.execute(tx);
    }
    return ids;
  });
}
