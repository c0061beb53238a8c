import { sql } from "kysely";
import type { LogIn } from "../server/contracts/session.ts";
import type { Db } from "./client.ts";
import { listSecurityEvents, type Origin } from "./security-events.ts";

/**
 * How many log-ins are kept for each user and kind, so that many wrong passwords do not push out successful
 * log-ins.
 */
const kept = 50;

/** The log-in history of a user before this log-in. */
export interface LogInRecord {
  userId: string;
  /** There is no earlier log-in. */
  isFirst: boolean;
  /** They have logged in from this address with this user agent before. */
  isKnownOrigin: boolean;
}

/**
 * Records the result of a log-in with this email, and deletes all but the newest 50 of its kind, because
 * others can add wrong passwords without end. The statement is the same for an unknown email, so it takes as
 * long: it writes nothing and returns null.
 */
export async function recordLogIn(
  db: Db,
  email: string,
  { succeeded, address, userAgent }: Origin & { succeeded: boolean },
): Promise<LogInRecord | null> {
  const kind = succeeded ? ("log_in" as const) : ("log_in_failed" as const);
  const { rows } = await sql<LogInRecord>`
    with found_user as (
      select id from users where email = ${email.toLowerCase()} and deleted_at is null
    ), earlier as (
      select 'log_in' as kind, ip_address, user_agent from security_events
        where user_id in (select id from found_user) and kind = 'log_in'
      union all
      select 'log_in', ip_address, user_agent from log_ins
        where user_id in (select id from found_user) and outcome = 'succeeded'
    ), superseded as (
      delete from security_events
      where user_id in (select id from found_user) and id in (
        select id from security_events
        where user_id in (select id from found_user) and kind = ${kind}
        order by at desc, id offset ${sql.lit(kept - 1)})
    ), added as (
      insert into security_events (user_id, kind, ip_address, user_agent)
      select id, ${kind}, ${address}, ${userAgent} from found_user
      returning user_id
    )
    select user_id as "userId", not exists (select from earlier) as "isFirst",
      exists (select from earlier where ip_address is not distinct from ${address}
        and user_agent is not distinct from ${userAgent}) as "isKnownOrigin"
    from added`.execute(db);
  return rows[0] ?? null;
}

/** Returns the user's log-ins and the wrong passwords for their email, newest first. */
export async function listLogIns(db: Db, userId: string): Promise<LogIn[]> {
  const events = await listSecurityEvents(db, userId, { kinds: ["log_in", "log_in_failed"] });
  return events.map(({ id, at, kind, address, userAgent }) => ({
    id,
    at,
    outcome: kind === "log_in" ? "succeeded" : "wrong_password",
    address,
    userAgent,
  }));
}

/**
 * Deletes log-ins of the previous release that are older than `days`, at most 10,000: it is called again
 * within a minute.
 */
export async function dropOldLogIns(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("log_ins")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("user_id", "at", "id"),
        "in",
        selectFrom("log_ins")
          .select(["log_ins.user_id", "log_ins.at", "log_ins.id"])
          .where("at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("user_id", "at", "id"),
      ),
    )
    .execute();
}
