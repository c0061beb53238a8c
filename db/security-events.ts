import { sql } from "kysely";
import {
  type SecurityEvent,
  type SecurityEventKind,
  securityEventKinds,
} from "../server/contracts/security-events.ts";
import type { Db } from "./client.ts";

/** The origin of the request that caused an event. */
export interface Origin {
  address: string | null;
  userAgent: string | null;
}

/** An event to record. `details` never holds a secret, and an email only when it was changed. */
export interface NewSecurityEvent {
  userId: string;
  kind: SecurityEventKind;
  details?: Record<string, string>;
  origin?: Origin | null;
}

/** Characters of a user agent that are stored: a client may send thousands. */
const userAgentLength = 500;

/**
 * Adds an event to the user's security history, in the transaction of the change. Events are never changed;
 * they are deleted with their user or when they expire. Does nothing for a deleted user.
 */
export async function recordSecurityEvent(
  tx: Db,
  { userId, kind, details = {}, origin = null }: NewSecurityEvent,
): Promise<void> {
  await tx
    .insertInto("security_events")
    .columns(["user_id", "kind", "details", "ip_address", "user_agent"])
    .expression((eb) =>
      eb
        .selectFrom("users")
        .select((s) => [
          "users.id",
          s.val(kind).as("kind"),
          sql`${JSON.stringify(details)}::jsonb`.as("details"),
          s.val(origin?.address ?? null).as("ip_address"),
          s.val(origin?.userAgent?.slice(0, userAgentLength) ?? null).as("user_agent"),
        ])
        .where("users.id", "=", userId)
        .where("users.deleted_at", "is", null),
    )
    .execute();
}

/**
 * Returns the user's security history, newest first: all of it, only some `kinds`, or at most `limit`.
 * Log-ins that nodes of the previous release wrote stay in `log_ins` for another 90 days.
 */
export async function listSecurityEvents(
  db: Db,
  userId: string,
  {
    kinds = securityEventKinds,
    limit,
  }: { kinds?: readonly SecurityEventKind[]; limit?: number } = {},
): Promise<SecurityEvent[]> {
  const { rows } = await sql<Omit<SecurityEvent, "at"> & { at: Date }>`
    select id, at, kind, details, ip_address as address, user_agent as "userAgent"
    from security_events where user_id = ${userId} and kind = any(${[...kinds]}::text[])
    union all
    select id, at, case outcome when 'succeeded' then 'log_in' else 'log_in_failed' end, '{}',
      ip_address, user_agent
    from log_ins where user_id = ${userId}
      and case outcome when 'succeeded' then 'log_in' else 'log_in_failed' end = any(${[...kinds]}::text[])
    order by at desc, id limit ${limit ?? null}`.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Deletes events older than `days`, at most 10,000: the sweep runs again within a minute. */
export async function dropOldSecurityEvents(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("security_events")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("user_id", "at", "id"),
        "in",
        selectFrom("security_events")
          .select(["security_events.user_id", "security_events.at", "security_events.id"])
          .where("at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("user_id", "at", "id"),
      ),
    )
    .execute();
}
