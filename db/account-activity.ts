import { type Insertable, sql } from "kysely";
import type { ActivityEntry } from "../server/contracts/activity.ts";
import type { Db } from "./client.ts";
import type { AccountActivityTable } from "./schema.ts";
import { isLostExchange } from "./unclaimed-items.ts";
import {
  eventsOf,
  isLinkOf,
  sendDeliveries,
  storedDeliveries,
  toEventsJson,
} from "./webhook-events.ts";

/**
 * Adds one entry to the user's activity (I8), one for each run and each opening of Link, and in the same
 * statement the webhooks that report it.
 *
 * @param plaidItemId Plaid's id of an Item without an attempt, by which its Link is found
 */
export async function addActivity(
  db: Db,
  entry: Insertable<AccountActivityTable>,
  plaidItemId?: string,
): Promise<void> {
  const isLink =
    plaidItemId === undefined
      ? isLinkOf(entry.attempt_id)
      : sql`link.plaid_item_id = ${plaidItemId}`;
  const events = toEventsJson(eventsOf(entry));
  const isNew = sql`exists (select from entry)`;
  await db
    .with("entry", (cte) =>
      cte
        .insertInto("account_activity")
        .values(entry)
        .onConflict((conflict) => conflict.doNothing())
        .returning("id"),
    )
    .with("delivery", () => sql`(${storedDeliveries(entry.user_id, events, isNew, isLink)})`)
    .with("sent", () => sql<{ jobs: string }>`(${sendDeliveries})`)
    .selectFrom("sent")
    .select("jobs")
    .execute();
}

/**
 * Stores the request_id that removed a disconnected Item at Plaid. The removal may follow long after the
 * entry.
 */
export async function storeRemovalRequestId(
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

/** The reason of an entry about an Item that Link created, that was never exchanged, and that was removed. */
export const notFinished = "link_not_finished";

/** Returns the user's activity, newest first, at most `limit` entries. */
export async function listActivity(
  db: Db,
  userId: string,
  limit?: number,
): Promise<ActivityEntry[]> {
  const rows = await db
    .selectFrom("account_activity")
    .leftJoin("link_attempts", (join) =>
      join
        .onRef("link_attempts.id", "=", "account_activity.attempt_id")
        .on("link_attempts.user_id", "=", userId),
    )
    .leftJoin("plaid_users", "plaid_users.user_id", "account_activity.user_id")
    .selectAll("account_activity")
    .select(
      sql<ActivityEntry["cleanUp"]>`case
        when account_activity.reason = ${notFinished} then 'done'
        when account_activity.reason is distinct from 'exchange_lost' then null
        when not ${isLostExchange} then 'done'
        when plaid_users.created_at <= link_attempts.created_at then 'pending' end`.as("clean_up"),
    )
    .where("account_activity.user_id", "=", userId)
    .orderBy("account_activity.created_at", "desc")
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
    cleanUp: row.clean_up,
    createdAt: row.created_at.toISOString(),
  }));
}
