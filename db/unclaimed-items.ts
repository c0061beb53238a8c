import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { UnclaimedItemRow } from "./schema.ts";

/** An Item in Plaid's list. */
interface Listed {
  plaidItemId: string;
  institutionId: string | null;
  institutionName: string | null;
}

/** Our rows of a user that are compared with Plaid's list; see `server/reconciliation/decide.ts`. */
export interface OwnBooks {
  rows: { itemId: string; plaidItemId: string; isAssociated: boolean }[];
  held: ReadonlySet<string>;
  isUnclear: boolean;
  sightings: UnclaimedItemRow[];
  lost: { attemptId: string; institutionId: string | null; createdAt: Date; endedAt: Date }[];
}

/** Reads them under the user's lock. `listed`: Plaid's ids of the Items in its list. */
export async function readOwnBooks(
  tx: Db,
  userId: string,
  plaidUserId: string,
  listed: string[],
): Promise<OwnBooks> {
  const rows = await tx
    .selectFrom("items")
    .where("user_id", "=", userId)
    .select((eb) => [
      "id as itemId",
      "plaid_item_id as plaidItemId",
      eb("plaid_user_id", "is not distinct from", plaidUserId)
        .$castTo<boolean>()
        .as("isAssociated"),
    ])
    .execute();
  const lost = await sql<OwnBooks["lost"][number]>`
    select link_attempts.id as "attemptId", link_attempts.created_at as "createdAt",
      link_attempts.updated_at as "endedAt",
      (select institution_id from account_activity
        where account_activity.user_id = ${userId} and attempt_id = link_attempts.id
          and account_activity.reason = 'exchange_lost' limit 1) as "institutionId"
    from link_attempts
    join plaid_users on plaid_users.user_id = link_attempts.user_id
    where link_attempts.user_id = ${userId} and ${isLostExchange}
      and link_attempts.created_at >= plaid_users.created_at
    order by link_attempts.created_at`.execute(tx);
  const unclear = await tx
    .selectFrom("link_attempts")
    .where("user_id", "=", userId)
    .where("status", "=", "started")
    .where("public_token_sealed", "is not", null)
    .select("id")
    .limit(1)
    .execute();
  const sightings = await tx
    .selectFrom("unclaimed_items")
    .where("user_id", "=", userId)
    .selectAll()
    .execute();
  return {
    rows,
    held: await heldItems(tx, listed),
    isUnclear: unclear.length > 0,
    sightings,
    lost: lost.rows,
  };
}

/** SQL: an attempt whose Item may exist at Plaid without a row here. */
export const isLostExchange = sql<boolean>`(link_attempts.status = 'failed'
  and link_attempts.reason = 'exchange_lost' and link_attempts.plaid_item_id is null
  and link_attempts.cleaned_up_at is null)`;

/** Returns which of these Items a live row or an unfinished attempt of any user holds. */
export async function heldItems(db: Db, plaidItemIds: string[]): Promise<Set<string>> {
  if (plaidItemIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("items")
    .where("plaid_item_id", "in", plaidItemIds)
    .select("plaid_item_id as id")
    .union(
      db
        .selectFrom("link_attempts")
        .where("status", "in", ["started", "exchanged", "removing"])
        .where("plaid_item_id", "in", plaidItemIds)
        .select("plaid_item_id as id")
        .$narrowType<{ id: string }>(),
    )
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Stores that Plaid lists Items which no row holds. One that was removed starts over. */
export async function noteItems(tx: Db, userId: string, items: Listed[], now: Date): Promise<void> {
  if (items.length === 0) return;
  await tx
    .insertInto("unclaimed_items")
    .values(
      items.map(({ plaidItemId, institutionId, institutionName }) => ({
        user_id: userId,
        plaid_item_id: plaidItemId,
        institution_id: institutionId,
        institution_name: institutionName,
        first_seen_at: now,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(["user_id", "plaid_item_id"])
        // `removed_at` is kept: it counts towards its day's removals.
        .doUpdateSet({ first_seen_at: now, sent_at: null, confirmed_at: null }),
    )
    .execute();
}

/** Stores that the removal of these Items is about to be sent, or has succeeded; `field` says which. */
export async function markItems(
  tx: Db,
  userId: string,
  plaidItemIds: string[],
  field: "sent_at" | "removed_at",
  now: Date,
): Promise<void> {
  if (plaidItemIds.length === 0) return;
  await tx
    .updateTable("unclaimed_items")
    .set({ [field]: now })
    .where("user_id", "=", userId)
    .where("plaid_item_id", "in", plaidItemIds)
    .execute();
}

/** Deletes the rows of these Items, except removals since `removedSince`, which count towards their day. */
export async function dropItems(
  tx: Db,
  userId: string,
  plaidItemIds: string[],
  removedSince: Date,
): Promise<void> {
  if (plaidItemIds.length === 0) return;
  await tx
    .deleteFrom("unclaimed_items")
    .where("user_id", "=", userId)
    .where("plaid_item_id", "in", plaidItemIds)
    .where((eb) => eb.or([eb("removed_at", "is", null), eb("removed_at", "<=", removedSince)]))
    .execute();
  await tx
    .updateTable("unclaimed_items")
    .set((eb) => ({ first_seen_at: eb.ref("removed_at").$notNull() }))
    .where("user_id", "=", userId)
    .where("plaid_item_id", "in", plaidItemIds)
    .execute();
}

/** Stores that live Items of the user belong to a Plaid user, as they do at Plaid. */
export async function markItemsAssociated(
  tx: Db,
  userId: string,
  plaidItemIds: string[],
  plaidUserId: string | null,
): Promise<void> {
  if (plaidItemIds.length === 0) return;
  await tx
    .updateTable("items")
    .set({ plaid_user_id: plaidUserId })
    .where("user_id", "=", userId)
    .where("plaid_item_id", "in", plaidItemIds)
    .execute();
}

/** Closes lost attempts. `plaidItemId` is the removed Item of one of them; null when there is none. */
export async function closeLost(
  tx: Db,
  userId: string,
  attemptIds: string[],
  { plaidItemId, now }: { plaidItemId: string | null; now: Date },
): Promise<void> {
  if (attemptIds.length === 0) return;
  await tx
    .updateTable("link_attempts")
    .set({ cleaned_up_at: now, plaid_item_id: plaidItemId })
    .where("user_id", "=", userId)
    .where("id", "in", attemptIds)
    .where(isLostExchange)
    .execute();
}

/** Whether an attempt of the user, in any state, has this Item. */
export async function isItemOfAttempt(
  tx: Db,
  userId: string,
  plaidItemId: string,
): Promise<boolean> {
  const found = await tx
    .selectFrom("link_attempts")
    .where("user_id", "=", userId)
    .where("plaid_item_id", "=", plaidItemId)
    .select("id")
    .limit(1)
    .execute();
  return found.length > 0;
}

/** Returns which users hold these live Items, when a Plaid user's list has Items of another user. */
export async function holdersOf(
  db: Db,
  plaidItemIds: string[],
): Promise<{ userId: string; plaidItemId: string }[]> {
  if (plaidItemIds.length === 0) return [];
  return db
    .selectFrom("items")
    .where("plaid_item_id", "in", plaidItemIds)
    .select(["user_id as userId", "plaid_item_id as plaidItemId"])
    .execute();
}

/** Whether an attempt of the deleted user with this Plaid user has not ended yet. */
export async function hasUnfinishedAttempt(db: Db, plaidUserId: string): Promise<boolean> {
  const found = await db
    .selectFrom("plaid_users")
    .innerJoin("link_attempts", "link_attempts.user_id", "plaid_users.user_id")
    .where("plaid_users.plaid_user_id", "=", plaidUserId)
    .where((eb) =>
      eb.or([
        eb("status", "in", ["exchanged", "removing"]),
        eb.and([eb("status", "=", "started"), eb("public_token_sealed", "is not", null)]),
      ]),
    )
    .select("link_attempts.id")
    .limit(1)
    .execute();
  return found.length > 0;
}

/** SQL: not removed, or listed again since. */
const isListed = sql<boolean>`(removed_at is null or removed_at < first_seen_at)`;

/** Returns every Item that Plaid lists and no row holds, of all users, the longest seen first. */
export async function listUnclaimed(db: Db): Promise<UnclaimedItemRow[]> {
  return db
    .selectFrom("unclaimed_items")
    .where(isListed)
    .selectAll()
    .orderBy("first_seen_at")
    .limit(1000)
    .execute();
}

/** Stores the operator's confirmation that these may be removed, whatever a day allows. Returns how many. */
export async function confirmUnclaimed(db: Db, seenBefore: Date, now: Date): Promise<number> {
  const confirmed = await db
    .updateTable("unclaimed_items")
    .set({ confirmed_at: now })
    .where(isListed)
    .where("first_seen_at", "<=", seenBefore)
    .returning("user_id")
    .execute();
  const users = [...new Set(confirmed.map(({ user_id }) => user_id))];
  if (users.length > 0) {
    await db
      .updateTable("plaid_users")
      .set({ due_at: now, tries: 0 })
      .where("user_id", "in", users)
      .execute();
  }
  return confirmed.length;
}
