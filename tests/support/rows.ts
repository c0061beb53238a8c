import type { Selectable } from "kysely";
import type { AccountsTable, Database, ItemsTable } from "../../db/schema.ts";
import type { TestApp } from "./app.ts";
import { waitingLocks } from "./database.ts";

/** Named reads and changes of the app's database for tests. */
type App = Pick<TestApp, "query">;
type User = { id: string };

/** Whole rows, of one user or of all. */
function rowsOf<Table extends keyof Database>(
  app: App,
  table: Table,
  order: string,
  user?: User,
): Promise<Selectable<Database[Table]>[]> {
  const sql = `select * from ${table} where $1::uuid is null or user_id = $1 order by ${order}`;
  return app.query(sql, [user?.id]);
}

export const itemsOf = (app: App, user?: User) => rowsOf(app, "items", "created_at", user);
/** In the bank's order. */
export const accountsOf = (app: App, user?: User) =>
  rowsOf(app, "accounts", "item_id, position", user);
export const syncsOf = (app: App, user?: User) => rowsOf(app, "item_syncs", "item_id", user);
export const attemptsOf = (app: App, user?: User) =>
  rowsOf(app, "link_attempts", "created_at", user);
export const activityOf = (app: App, user?: User) =>
  rowsOf(app, "account_activity", "created_at", user);
export const sessionsOf = (app: App, user?: User) => rowsOf(app, "sessions", "created_at", user);
export const apiKeysOf = (app: App, user?: User) => rowsOf(app, "api_keys", "created_at", user);
export const securityEventsOf = (app: App, user?: User) =>
  rowsOf(app, "security_events", "at", user);
/** Log-ins and wrong passwords of the security history. */
export const logInsOf = async (app: App, user?: User) =>
  (await securityEventsOf(app, user)).filter(({ kind }) => /^log_in(_failed)?$/.test(kind));
export const mailsOf = (app: App, user?: User) => rowsOf(app, "mails", "created_at", user);
export const mailLinksOf = (app: App, user?: User) => rowsOf(app, "mail_links", "created_at", user);
export const devicesOf = (app: App, user?: User) => rowsOf(app, "known_devices", "used_at", user);

/** The only row that one of the above returns. */
export async function only<Row>(rows: Promise<Row[]>): Promise<Row> {
  const [row, another] = await rows;
  if (!row || another) throw new Error(row ? "There is more than one row." : "There is no row.");
  return row;
}

export const usersIn = (app: App): Promise<Selectable<Database["users"]>[]> =>
  app.query("select * from users order by created_at");

export const webhooksIn = (app: App): Promise<Selectable<Database["webhooks"]>[]> =>
  app.query("select * from webhooks order by received_at");

/** Plaid's id of an Item; `itemId` is ours. */
export async function plaidItemIdOf(app: App, itemId: string): Promise<string> {
  const [item] = await app.query("select plaid_item_id from items where id = $1", [itemId]);
  return item.plaid_item_id;
}

/** The version of the user's data, which each change raises. */
export async function dataVersionOf(app: App, { id }: User): Promise<number> {
  const [user] = await app.query("select data_version from users where id = $1", [id]);
  return user.data_version;
}

/** Connections that wait for a lock. */
export const lockWaiters = (app: App) => app.query(waitingLocks);

/** Deletes all users with their data. */
export const deleteUsers = (app: App) => app.query("delete from users");

export const deleteWebhooks = (app: App) => app.query("delete from webhooks");

export const deleteTransactions = (app: App, { id }: User) =>
  app.query("delete from transactions where user_id = $1", [id]);

/** Removes all jobs, including those that failed for good. */
export const removeJobs = (app: App) =>
  app.query("select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))");

/** Makes every unfinished attempt due for the recovery. */
export const makeAttemptsDue = (app: App) => app.query("update link_attempts set retry_at = now()");

/** Makes every sync due for the sweep, now or in so many minutes. */
export const makeSyncsDue = (app: App, inMinutes = 0) =>
  app.query("update item_syncs set due_at = now() + make_interval(mins => $1)", [inMinutes]);

/** Invalidates the cache of the user, or of everyone, and notifies their streams. */
export const raiseDataVersion = (app: App, user?: User, by = 1) =>
  app.query("update users set data_version = data_version + $2 where $1::uuid is null or id = $1", [
    user?.id,
    by,
  ]);

/** Moves the user, or everyone, to a plan. */
export const setPlan = (app: App, plan: string, user?: User) =>
  app.query(
    "update users set plan = $1, data_version = data_version + 1 where $2::uuid is null or id = $2",
    [plan, user?.id],
  );

/** Changes the account limit of a plan. */
export const setPlanLimit = (app: App, plan: string, accounts: number) =>
  app.query(
    `with changed as (update plans set max_accounts = $2 where id = $1)
     update users set data_version = data_version + 1 where plan = $1`,
    [plan, accounts],
  );

/** Changes one Item, all of a user's, or all; `itemId` is ours. */
export function updateItems(
  app: App,
  changes: Partial<Selectable<ItemsTable>>,
  { itemId, user }: { itemId?: string; user?: User } = {},
) {
  const columns = Object.keys(changes).map((column, at) => `${column} = $${at + 3}`);
  return app.query(
    `update items set ${columns} where ($1::uuid is null or id = $1)
       and ($2::uuid is null or user_id = $2)`,
    [itemId, user?.id, ...Object.values(changes)],
  );
}

/** As if every session's last step-up had been so many minutes earlier. */
export const ageStepUps = (app: App, minutes: number) =>
  app.query("update sessions set proved_at = proved_at - make_interval(mins => $1)", [minutes]);

/** As if no user had proved their identity in a session. */
export const deleteStepUps = (app: App, user?: User) =>
  app.query("update sessions set proved_at = null where $1::uuid is null or user_id = $1", [
    user?.id,
  ]);

/** Changes all accounts of the user, or all. */
export function updateAccounts(app: App, changes: Partial<Selectable<AccountsTable>>, user?: User) {
  const columns = Object.keys(changes).map((column, at) => `${column} = $${at + 2}`);
  return app.query(`update accounts set ${columns} where $1::uuid is null or user_id = $1`, [
    user?.id,
    ...Object.values(changes),
  ]);
}

/** Syncs that succeeded. */
export const doneSyncsOf = async (app: App, user?: User) =>
  (await syncsOf(app, user)).filter(({ status }) => status === "done");

export interface Job {
  task_identifier: string;
  run_at: Date;
  last_error: string | null;
  locked_at: Date | null;
  locked_by: string | null;
}

/** Jobs of a task, or all: those that wait, run, or failed for good. */
export const jobsIn = (app: App, task?: string): Promise<Job[]> =>
  app.query(
    "select * from graphile_worker.jobs where $1::text is null or task_identifier = $1 order by id",
    [task],
  );

/** Runs the jobs of a task that wait for their next try, or for their time. */
export const makeJobsDue = (app: App, task: string) =>
  app.query(
    `select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs
       where task_identifier = $1 and locked_at is null and run_at > now()), run_at := now())`,
    [task],
  );

/** Adds a job that runs in so many minutes. */
export const addJob = (app: App, task: string, { inMinutes = 0, maxAttempts = 25 } = {}) =>
  app.query(
    `select graphile_worker.add_job($1, '{}', run_at := now() + make_interval(mins => $2),
       max_attempts := $3)`,
    [task, inMinutes, maxAttempts],
  );

export const setPasswordHash = (app: App, hash: string, user?: User) =>
  app.query("update credentials set password = $1 where $2::uuid is null or user_id = $2", [
    hash,
    user?.id,
  ]);

export const expireApiKey = (app: App, keyId: string) =>
  app.query("update api_keys set expires_at = now() - interval '1 second' where id = $1", [keyId]);

export const revokeApiKeys = (app: App, { id }: User) =>
  app.query("update api_keys set revoked_at = now() where user_id = $1", [id]);

/** Adds sessions to the user, each a minute older than the one before. */
export const addSessions = (app: App, { id }: User, count: number) =>
  app.query(
    `insert into sessions (user_id, token, expires_at, created_at)
     select $1::uuid, $1::uuid::text || ' ' || n, now() + interval '1 day', now() - n * interval '1 minute'
     from generate_series(1, $2::int) n`,
    [id, count],
  );

/** Adds transactions to one of the user's accounts. `nameLength` in characters makes them large. */
export async function addTransactions(app: App, { id }: User, count: number, nameLength: number) {
  // One statement for all of them would exceed the statement timeout.
  for (let from = 1; from <= count; from += 10_000) {
    await app.query(
      `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
       select user_id, md5(n::text), id, '2026-06-30'::date - (n % 200), 1, 'USD', repeat('x', $4), false
         from (select user_id, id from accounts where user_id = $1 limit 1) a,
           generate_series($2::int, least($2::int + 9999, $3::int)) n`,
      [id, from, count, nameLength],
    );
  }
}
