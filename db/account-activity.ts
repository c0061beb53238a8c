import type { Insertable } from "kysely";
import type { ActivityEntry } from "../server/contracts/activity.ts";
import type { Db } from "./client.ts";
import type { AccountActivityTable } from "./schema.ts";

/** Writes one ending into the user's history (I8): once for each run, and for each opening of Link. */
export async function addActivity(db: Db, entry: Insertable<AccountActivityTable>): Promise<void> {
  await db
    .insertInto("account_activity")
    .values(entry)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Which of our requests ended a disconnected Item at Plaid; it may come long after the entry. */
export async function keepRemovalRequestId(
  db: Db,
  userId: string,
  attemptId: string,
  requestId: string | null,
): Promise<void> {
  await db
    .updateTable("account_activity")
    .set({ plaid_request_id: requestId })
    .where("user_id", "=", userId)
    .where("attempt_id", "=", attemptId)
    .where("kind", "=", "disconnected")
    .execute();
}

/** The entries of the user's history, newest first; with `limit` so many at most. */
export async function listActivity(
  db: Db,
  userId: string,
  limit?: number,
): Promise<ActivityEntry[]> {
  const rows = await db
    .selectFrom("account_activity")
    .selectAll()
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .$if(limit !== undefined, (query) => query.limit(limit as number))
    .execute();
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    itemId: row.kind === "connected" ? row.attempt_id : null,
    institutionName: row.institution_name,
    accountCount: row.account_count,
    reason: row.reason,
    problem: row.problem,
    createdAt: row.created_at.toISOString(),
  }));
}
