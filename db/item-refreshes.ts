import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { ItemOfUser } from "./items.ts";
import { addJob, refreshItemJob } from "./jobs.ts";
import { refreshInterval } from "./refresh-of.ts";
import { raisedDataVersion } from "./users.ts";

/**
 * Requests a refresh of one Item of the user, with its job in the same statement, unless one was requested
 * within the last 15 minutes. Raises the data version, unless the user's lock is held: then the job raises
 * it.
 *
 * @returns false when it is too early or the Item does not exist
 */
export async function requestRefresh(db: Db, { userId, itemId }: ItemOfUser): Promise<boolean> {
  const { rows } = await sql<{ job: string }>`
    with asked as (
      update item_syncs
      set refresh_asked_at = now(), refresh_sent_at = null, refresh_ended_at = null
      where item_id = ${itemId} and user_id = ${userId}
        and (refresh_asked_at is null or refresh_asked_at <= now() - ${refreshInterval})
      returning user_id, item_id
    ),
    version as (
      ${raisedDataVersion(sql`id = (select users.id from users, asked
        where users.id = asked.user_id for no key update of users skip locked)`)}
    )
    select ${addJob(refreshItemJob(sql.ref("asked.user_id"), sql.ref("asked.item_id")))} as job
    from asked`.execute(db);
  return rows.length === 1;
}

/**
 * Returns the seconds until one Item of the user may be refreshed again; 0 when it may now, null when it does
 * not exist.
 */
export async function secondsToRefresh(
  db: Db,
  { userId, itemId }: ItemOfUser,
): Promise<number | null> {
  const row = await ofItem(db, { userId, itemId })
    .select(
      sql<number>`ceil(extract(epoch from greatest(refresh_asked_at + ${refreshInterval} - now(),
        interval '0')))::int`.as("seconds"),
    )
    .executeTakeFirst();
  return row ? (row.seconds ?? 0) : null;
}

/** Marks that Plaid is about to be called, once for each refresh. Returns false when it was marked before. */
export async function markRefreshSent(db: Db, { userId, itemId }: ItemOfUser): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("item_syncs")
    .set({ refresh_sent_at: sql<Date>`now()` })
    .where("item_id", "=", itemId)
    .where("user_id", "=", userId)
    .where("refresh_asked_at", "is not", null)
    .where("refresh_sent_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends the refresh and raises the user's data version, so it takes the user's lock. */
export async function endRefresh(db: Db, { userId, itemId }: ItemOfUser): Promise<void> {
  await sql`
    with version as (
      ${raisedDataVersion(sql`id = ${userId}`)}
    )
    update item_syncs set refresh_ended_at = now() from version
    where item_id = ${itemId} and user_id = version.id and refresh_ended_at is null
      and refresh_asked_at is not null`.execute(db);
}

const ofItem = (db: Db, { userId, itemId }: ItemOfUser) =>
  db.selectFrom("item_syncs").where("item_id", "=", itemId).where("user_id", "=", userId);
