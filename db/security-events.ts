import { sql } from "kysely";
import {
  type SecurityEvent,
  type SecurityEventKind,
  securityEventKinds,
} from "../server/contracts/security-events.ts";
import type { Db } from "./client.ts";

/** Where the request came from that caused an event. */
export interface Origin {
  address: string | null;
  userAgent: string | null;
}

/** An event to record; `details` never holds a secret, and an email only where that changed. */
export interface NewSecurityEvent {
  userId: string;
  kind: SecurityEventKind;
  details?: Record<string, string>;
  origin?: Origin | null;
}

/** Characters of a user agent that are kept: a client may send thousands. */
const userAgentLength = 500;

/**
 * Adds an event to the user's security record, in the transaction of what it is about. Rows are only ever
 * added; they go with their user, or when they are older than they are kept. For a user who is gone it does
 * nothing.
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
 * The user's security record, newest first: all of it, or of some `kinds`, or so many at most. Log-ins that nodes
 * of the release before wrote are in `log_ins`, for 90 days more.
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

/** Deletes events older than `days`, 10,000 at most: the sweep comes again within a minute. */
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
