import { type RawBuilder, sql } from "kysely";
import type { Db } from "./client.ts";

/** Tries of a sync before it is dead, over about half an hour; the sweep begins anew later. */
const syncTries = 8;

/**
 * One queue runs one job at a time. An Item's syncs always meet in the same queue, and so do its webhooks. There are
 * so many of each kind that those which one worker runs at once seldom wait for each other; and no more, as
 * graphile-worker locks each free queue for every job that it takes.
 */
const queues = { sync: 256, webhook: 64, webhooks: 64 };
const queueOf = (kind: keyof typeof queues, id: unknown) =>
  sql`${`${kind}:`}::text || abs(hashtext(${id}::text) % ${sql.lit(queues[kind])})`;
const syncKey = (itemId: unknown) => sql`'sync_item:' || ${itemId}::text`;

/**
 * SQL that adds the job which syncs an Item `inMs` from now, where it stands in a statement. While one waits, adding
 * it again changes nothing; while one runs, exactly one more comes after it (graphile-worker's
 * `job_key`, https://worker.graphile.org/docs/job-key). Its value is the job's id.
 */
export function syncItemJob(userId: unknown, itemId: unknown, inMs = 0) {
  return sql<string>`(graphile_worker.add_job('sync_item',
    json_build_object('userId', ${userId}::text, 'itemId', ${itemId}::text),
    queue_name := ${queueOf("sync", itemId)}, job_key := ${syncKey(itemId)},
    run_at := now() + ${inMs} * interval '1 millisecond',
    max_attempts := ${sql.lit(syncTries)})).id`;
}

/** Refreshes that run at once over all nodes: each may take 40 s, and other jobs must not wait for them. */
const refreshesAtOnce = 2;

/** SQL that adds the job which refreshes an Item. Its value is the job's id. */
export function refreshItemJob(userId: unknown, itemId: unknown) {
  return sql<string>`(graphile_worker.add_job('refresh_item',
    json_build_object('userId', ${userId}::text, 'itemId', ${itemId}::text),
    queue_name := 'refresh:' || abs(hashtext(${itemId}::text) % ${sql.lit(refreshesAtOnce)}),
    max_attempts := ${sql.lit(syncTries)})).id`;
}

/**
 * SQL that adds the job which clears a user's cache `inMs` from now, where it stands in a statement.
 * There is one for a user, the last that was asked for. Its value is the job's id.
 */
export function clearCacheJob(payload: { userId: string; tries: number }, inMs: number) {
  return sql<string>`(graphile_worker.add_job('clear_cache', ${JSON.stringify(payload)}::json,
    job_key := ${`clear_cache:${payload.userId}`},
    run_at := now() + ${inMs} * interval '1 millisecond')).id`;
}

/** Asks for a sync of the Item, `inMs` from now. Add it in the transaction it is about. */
export async function requestSync(db: Db, userId: string, itemId: string, inMs = 0): Promise<void> {
  await requestSyncs(db, [{ userId, itemId }], inMs);
}

/** Asks for a sync of each Item; the last job of one, if dead, goes. */
export async function requestSyncs(
  db: Db,
  items: readonly { userId: string; itemId: string }[],
  inMs = 0,
): Promise<void> {
  const asked = sql`json_to_recordset(${JSON.stringify(items)}::json)
    as asked ("userId" uuid, "itemId" uuid)`;
  await sql`select graphile_worker.complete_jobs(array(
    select jobs.id from graphile_worker.jobs, ${asked}
    where key = ${syncKey(sql.ref("asked.itemId"))}
      and attempts >= max_attempts and locked_at is null))`.execute(db);
  await sql`select ${syncItemJob(sql.ref("asked.userId"), sql.ref("asked.itemId"), inMs)}
    from ${asked}`.execute(db);
}

/** SQL that adds the job which acts on a kept webhook; those of one Item run one after the other. */
export function handleWebhookJob(id: unknown, plaidItemId: unknown) {
  return sql<string>`(graphile_worker.add_job('handle_webhook',
    json_build_object('id', ${id}::text),
    queue_name := ${queueOf("webhook", sql`coalesce(${plaidItemId}::text, '')`)},
    max_attempts := 12)).id`;
}

/** Slow addresses that are sent to at once, over all nodes. */
const slowAtOnce = 2;

/**
 * SQL that adds the job which sends what is due to one address. One user's addresses are sent to one after the
 * other; those that respond slowly wait for each other, and for nobody else. A job for later has a key of its own, so
 * that it never delays news. Its value is the job's id.
 */
export function sendWebhooksJob(
  { userId, endpointId, isSlow }: { userId: unknown; endpointId: unknown; isSlow: unknown },
  later: RawBuilder<Date> | null = null,
) {
  return sql<string>`(graphile_worker.add_job('send_webhooks',
    json_build_object('userId', ${userId}::text, 'endpointId', ${endpointId}::text),
    queue_name := case when ${isSlow}
      then 'slow-webhooks:' || abs(hashtext(${endpointId}::text) % ${sql.lit(slowAtOnce)})
      else ${queueOf("webhooks", userId)} end,
    job_key := ${sql.lit(later ? "later_webhooks:" : "send_webhooks:")} || ${endpointId}::text,
    run_at := ${later ?? sql`now()`})).id`;
}

/** What runs every minute, each in a queue of its own: one at a time over all nodes. */
const regularTasks = ["recover_attempts", "sweep", "reconcile", "finish_links"];

/** SQL that adds one of them; what fails three times is planned anew for the next minute. */
const regularJob = (task: unknown, more: unknown) =>
  sql`graphile_worker.add_job(${task}, queue_name := ${task}, job_key := ${task}, max_attempts := 3, ${more})`;

/** Asks for a pass of the recovery now. */
export async function askForRecovery(db: Db): Promise<void> {
  await sql`select ${regularJob("recover_attempts", sql`run_at := now()`)}`.execute(db);
}

/** Asks for a look now at what became of Links. */
export async function askForLinksPass(db: Db): Promise<void> {
  await sql`select ${regularJob("finish_links", sql`run_at := now()`)}`.execute(db);
}

/** Asks for a pass of the reconciliation now. */
export async function askForReconcilePass(db: Db): Promise<void> {
  await sql`select ${regularJob("reconcile", sql`run_at := now()`)}`.execute(db);
}

/**
 * Sees to it that each job of every minute waits for the next one, once however many nodes ask. Not by
 * graphile-worker's crontab, which ends the process when PostgreSQL is away at the full minute.
 */
export async function planRegularJobs(db: Db): Promise<void> {
  const next = sql`run_at := date_trunc('minute', now()) + interval '1 minute',
    job_key_mode := 'preserve_run_at'`;
  await sql`select ${regularJob(sql`task`, next)}
    from unnest(${regularTasks}::text[]) task`.execute(db);
}

/** A job that has not ended well yet. `dead`: it is not tried again. */
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
 * Every job, the dead first. Not told of are a dead one whose place a newer one took, and what runs every
 * minute while it waits.
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

/** How many jobs are in each state, of those that `listJobs` tells of. */
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

/** What runs every minute waits for the next one. */
const betweenRuns = sql`(task_identifier = any(${regularTasks}) and attempts = 0
  and locked_at is null and run_at > now())`;

/** Puts the next try of a job that failed off by up to as long as it has to wait anyway, at random. */
export async function delayRetry(db: Db, id: string): Promise<void> {
  await sql`select graphile_worker.reschedule_jobs(array[id], run_at := run_at + (run_at - now()) * random())
    from graphile_worker.jobs
    where id = ${id} and locked_at is null and attempts > 0 and run_at > now()`.execute(db);
}

/** A dead job whose key a newer one took. */
const superseded = sql`(task_identifier = any(${["sync_item", ...regularTasks]}) and key is null
  and attempts >= max_attempts and locked_at is null)`;

/** Deletes dead jobs that newer ones have taken the place of. */
export async function dropSupersededJobs(db: Db): Promise<void> {
  await sql`select graphile_worker.complete_jobs(array(
    select id from graphile_worker.jobs where ${superseded}))`.execute(db);
}

const workerLock = (id: unknown) => sql`hashtextextended('worker ' || ${id}, 0)`;

/**
 * Says that these workers live, by locks of one connection that are held until `until` settles:
 * PostgreSQL lets go of them when the process is gone. Rejects when the connection breaks.
 */
export async function holdWorkers(
  db: Db,
  ids: readonly string[],
  until: (ask: () => Promise<unknown>) => Promise<void>,
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
 * Hands back the jobs of workers whose process is gone, which graphile-worker itself would do after
 * four hours. Returns the workers.
 */
export async function handBackJobs(db: Db): Promise<string[]> {
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
