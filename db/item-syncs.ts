import { sql } from "kysely";
import type { Db } from "./client.ts";
import { isExpired } from "./items.ts";
import { addJob, clearCacheJob, requestSyncs } from "./jobs.ts";
import { raisedDataVersion } from "./users.ts";

/** Balances of an account. `accountId` is Plaid's; money is in decimal strings. */
export interface PageBalances {
  accountId: string;
  current: string | null;
  available: string | null;
  limit: string | null;
  currency: string | null;
}

/**
 * Returns the state of the Item's sync and its encrypted access token; null when it does not exist.
 * `mayHaveHealed`: it had a problem, which is over once its data arrives again.
 */
export async function findSync(db: Db, userId: string, itemId: string) {
  const row = await db
    .selectFrom("items")
    .innerJoin("item_syncs", "item_syncs.item_id", "items.id")
    .innerJoin("users", "users.id", "items.user_id")
    .where("items.id", "=", itemId)
    .where("items.user_id", "=", userId)
    .where("item_syncs.user_id", "=", userId)
    .select([
      "items.access_token_sealed as tokenSealed",
      "items.status as itemStatus",
      sql<boolean>`users.disabled_at is not null`.as("userDisabled"),
      "items.has_transactions as hasTransactions",
      sql<boolean>`(items.problem is not null or items.status = 'login_required' or ${isExpired})`.as(
        "mayHaveHealed",
      ),
      "item_syncs.cursor",
      "item_syncs.is_held as isHeld",
      sql<boolean>`items.created_at < now() - interval '1 day'`.as("isOld"),
      "item_syncs.midway",
      "item_syncs.update_cursor as updateCursor",
      "item_syncs.reread_cursor as rereadCursor",
      "item_syncs.cursor_refusals as cursorRefusals",
      sql<boolean>`item_syncs.synced_at is null`.as("first"),
    ])
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Stores the end of a sync: its balances, how much it could not parse, and the user's data version, which
 * rises. Takes the user's lock.
 *
 * `dueInMs`: when the sweep syncs it again. `plaidClient`: the client whose keys the access token works with.
 */
export async function finishSync(
  db: Db,
  userId: string,
  itemId: string,
  {
    balances,
    accountsUnreadable,
    dueInMs,
    plaidClient,
  }: {
    balances: PageBalances[];
    accountsUnreadable: number;
    dueInMs: number;
    plaidClient: string;
  },
): Promise<void> {
  await sql`
    with version as (
      ${raisedDataVersion(sql`id = ${userId}`)}
    ),
    sync as (
      update item_syncs set status = 'done', synced_at = now(), due_at = ${fromNow(dueInMs)},
        retry_at = null, arrived = case when synced_at is null then ${arrived(userId, itemId)} else arrived end,
        accounts_unreadable = ${accountsUnreadable},
        transactions_unreadable = (select count(*) from unreadable_transactions as u
          where u.user_id = ${userId} and u.item_id = ${itemId})
      from version
      where item_syncs.item_id = ${itemId} and item_syncs.user_id = version.id
      returning item_syncs.user_id, item_syncs.item_id
    ),
    claimed as (
      update items set plaid_client = ${plaidClient} from version
      where items.id = ${itemId} and items.user_id = version.id and plaid_client is null
    )
    update accounts set current_balance = b.current, available_balance = b.available,
      balance_limit = b."limit", currency = b.currency, updated_at = now()
    from sync, json_to_recordset(${JSON.stringify(balances)}::json) as b (
      "accountId" text, current numeric, available numeric, "limit" numeric, currency text
    )
    where accounts.user_id = sync.user_id and accounts.item_id = sync.item_id
      and accounts.plaid_account_id = b."accountId"`.execute(db);
}

const arrived = (userId: string, itemId: string) => sql`(select count(*) from transactions
  join accounts on accounts.user_id = transactions.user_id and accounts.id = transactions.account_id
  where accounts.user_id = ${userId} and accounts.item_id = ${itemId})`;

/**
 * Shows the progress of the first sync: that it has begun, how many transactions it has fetched, and when it
 * is retried after a failure. Raises the user's data version. When the user's lock is held it does nothing,
 * as the next page or retry will.
 */
export async function showFirstSyncProgress(
  db: Db,
  userId: string,
  itemId: string,
  { retryInMs }: { retryInMs: number | null },
): Promise<void> {
  await sql`
    with sync as (
      select count(*) from item_syncs
      where item_id = ${itemId} and user_id = ${userId} and synced_at is null
    ),
    version as (
      ${raisedDataVersion(sql`id = (select id from users, sync where id = ${userId} and sync.count = 1
        for no key update of users skip locked)`)}
    )
    update item_syncs set status = 'waiting', started_at = coalesce(started_at, now()),
      retry_at = now() + ${retryInMs}::float8 * interval '1 millisecond',
      arrived = ${arrived(userId, itemId)}
    from version
    where item_id = ${itemId} and user_id = version.id and synced_at is null`.execute(db);
}

/**
 * The user's cache could not be cleared: adds the job that retries in `waitMs`, and shows that time in the
 * timeline of the Item and of those that wait for it already. Raises the user's data version.
 */
export async function postponeCacheClear(
  db: Db,
  again: { userId: string; itemId?: string; tries: number },
  waitMs: number,
): Promise<void> {
  const { userId, itemId = null, tries } = again;
  const waiting = sql`user_id = ${userId} and (item_id = ${itemId}::uuid or clear_retry_at is not null)`;
  await sql`
    with version as (
      ${raisedDataVersion(sql`id = ${userId} and exists (select 1 from item_syncs where ${waiting})`)}
    ),
    marked as (
      update item_syncs set clear_retry_at = ${fromNow(waitMs)} from version
      where version.id = user_id and ${waiting}
    )
    select ${addJob(clearCacheJob({ userId, tries }, waitMs))}`.execute(db);
}

/**
 * The cache is cleared: updates the timelines that waited for it, and raises the user's data version if there
 * were any.
 */
export async function markCacheCleared(db: Db, userId: string): Promise<void> {
  await sql`
    with version as (
      ${raisedDataVersion(sql`id = ${userId}
        and exists (select 1 from item_syncs where user_id = ${userId} and clear_retry_at is not null)`)}
    )
    update item_syncs set clear_retry_at = null from version
    where user_id = version.id and clear_retry_at is not null`.execute(db);
}

/**
 * The Item has new accounts, so it is synced from the beginning again (`restartFromFirstPage`) and shows this like a
 * first sync. Transactions before the cursor may belong to the new accounts.
 */
export async function restartSync(tx: Db, userId: string, itemId: string): Promise<void> {
  await tx
    .updateTable("item_syncs")
    .set({
      cursor: null,
      update_cursor: null,
      midway: false,
      status: "waiting",
      synced_at: null,
      started_at: null,
      retry_at: null,
      reading: sql<number>`reading + 1`,
      reread_cursor: "",
    })
    .where("item_id", "=", itemId)
    .where("user_id", "=", userId)
    .execute();
}

/** Waits until a page that is being written is done, and blocks others until the transaction ends. */
export async function lockSync(tx: Db, userId: string, itemId: string): Promise<void> {
  await tx
    .selectFrom("item_syncs")
    .where("item_id", "=", itemId)
    .where("user_id", "=", userId)
    .select("item_id")
    .forUpdate()
    .execute();
}

/** Stores that there is nothing to sync yet. The sweep tries again in `dueInMs`. */
export async function postponeSync(
  db: Db,
  userId: string,
  itemId: string,
  dueInMs: number,
): Promise<void> {
  await db
    .updateTable("item_syncs")
    .set({ due_at: fromNow(dueInMs) })
    .where("item_id", "=", itemId)
    .where("user_id", "=", userId)
    .execute();
}

/** Marks the Item's sync as failed until one succeeds. Raises the user's data version. */
export async function markSyncFailed(db: Db, userId: string, itemId: string): Promise<void> {
  await sql`
    with version as (
      ${raisedDataVersion(sql`id = ${userId}`)}
    )
    update item_syncs set status = 'failed' from version
    where item_id = ${itemId} and user_id = version.id`.execute(db);
}

/**
 * Requests a sync of up to `max` Items that are due, and makes them due again in `dueInMs`. Items whose
 * permission was withdrawn are left out. Returns how many. Several nodes may run it at once.
 */
export async function requestDueSyncs(db: Db, max: number, dueInMs: number): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const due = await tx
      .selectFrom("item_syncs")
      .innerJoin("items", (join) =>
        join
          .onRef("items.user_id", "=", "item_syncs.user_id")
          .onRef("items.id", "=", "item_syncs.item_id"),
      )
      .where("item_syncs.due_at", "<=", sql<Date>`now()`)
      .innerJoin("users", "users.id", "item_syncs.user_id")
      .where("items.status", "!=", "revoked")
      .where("users.disabled_at", "is", null)
      .select(["item_syncs.item_id as itemId", "item_syncs.user_id as userId"])
      .orderBy("item_syncs.due_at")
      .limit(max)
      .forUpdate("item_syncs")
      .skipLocked()
      .execute();
    if (due.length === 0) return 0;
    await tx
      .updateTable("item_syncs")
      .set({ due_at: fromNow(dueInMs) })
      .where((eb) =>
        eb(
          eb.refTuple("user_id", "item_id"),
          "in",
          due.map(({ userId, itemId }) => eb.tuple(userId, itemId)),
        ),
      )
      .execute();
    await requestSyncs(tx, due);
    return due.length;
  });
}

const fromNow = (ms: number) => sql<Date>`now() + ${ms} * interval '1 millisecond'`;
