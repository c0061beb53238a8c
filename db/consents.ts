import { sql } from "kysely";
import type { Consent } from "../server/contracts/consents.ts";
import type { Db } from "./client.ts";

/**
 * SQL that records which notice the user saw before this bank was connected, copied from the Item's attempt.
 * Part of the statement that connects it.
 */
export const recordedConsent = (item: {
  userId: unknown;
  itemId: unknown;
  institutionName: unknown;
}) => sql<{ id: string }>`
    insert into consents (user_id, item_id, institution_name, notice_version, shown_at, link_session_id)
    select user_id, id, ${item.institutionName}::text, notice_version, notice_shown_at, link_session_id
    from link_attempts where id = ${item.itemId} and user_id = ${item.userId}
    returning id`;

/** Returns the user's consents, newest first. */
export async function listConsents(db: Db, userId: string): Promise<Consent[]> {
  const rows = await db
    .selectFrom("consents")
    .select([
      "id",
      "institution_name as institutionName",
      "connected_at as connectedAt",
      "notice_version as noticeVersion",
      "shown_at as shownAt",
      "link_session_id as linkSessionId",
    ])
    .where("user_id", "=", userId)
    .orderBy("connected_at", "desc")
    .orderBy("id")
    .execute();
  return rows.map(({ connectedAt, shownAt, ...row }) => ({
    ...row,
    connectedAt: connectedAt.toISOString(),
    shownAt: shownAt?.toISOString() ?? null,
  }));
}
