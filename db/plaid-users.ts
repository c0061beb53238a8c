import { sql } from "kysely";
import type { Db } from "./client.ts";
import { requestReconcilePass } from "./jobs.ts";

/** Returns the Plaid user of our user under the client's keys, and when Plaid last refused to create one. */
export async function findPlaidUser(
  db: Db,
  userId: string,
  client: string,
): Promise<{ plaidUserId: string | null; refusedAt: Date | null }> {
  const { rows } = await sql<{ plaidUserId: string | null; refusedAt: Date | null }>`
    select (select plaid_user_id from plaid_users where user_id = ${userId} and client = ${client})
        as "plaidUserId",
      (select user_apis_refused_at from plaid_clients where client = ${client}) as "refusedAt"`.execute(
    db,
  );
  return rows[0] ?? { plaidUserId: null, refusedAt: null };
}

/**
 * Stores the Plaid user of our user. The first one is kept, and a second caller gets it too.
 *
 * @returns the stored one; null when our user was deleted meanwhile
 */
export async function storePlaidUser(
  db: Db,
  userId: string,
  client: string,
  plaidUserId: string,
): Promise<string | null> {
  await db
    .insertInto("plaid_users")
    .columns(["plaid_user_id", "user_id", "client"])
    .expression((eb) =>
      eb
        .selectFrom("users")
        .where("id", "=", userId)
        .where("deleted_at", "is", null)
        .select((eb) => [
          eb.val(plaidUserId).as("plaid_user_id"),
          "users.id as user_id",
          eb.val(client).as("client"),
        ]),
    )
    .onConflict((conflict) =>
      conflict
        .column("user_id")
        // A Plaid user of another client does not work with these keys.
        .doUpdateSet({ plaid_user_id: plaidUserId, client, created_at: sql<Date>`now()` })
        .where("plaid_users.client", "!=", client),
    )
    .execute();
  return (await findPlaidUser(db, userId, client)).plaidUserId;
}

/** Deletes a Plaid user that no longer exists at Plaid. The next link_token or round makes a new one. */
export async function deletePlaidUser(
  db: Db,
  { userId, plaidUserId }: { userId: string; plaidUserId: string },
): Promise<void> {
  await db
    .deleteFrom("plaid_users")
    .where("user_id", "=", userId)
    .where("plaid_user_id", "=", plaidUserId)
    .execute();
}

/** Stores that Link may add an Item to the user's until `until`. */
export async function keepLinksUntil(db: Db, userId: string, until: Date): Promise<void> {
  await db
    .updateTable("plaid_users")
    .set({ links_until: sql<Date>`greatest(links_until, ${until}::timestamptz)` })
    .where("user_id", "=", userId)
    .execute();
}

/** Requests that the user's Items are compared with Plaid's list at once. */
export async function requestReconciliation(db: Db, userId: string, now: Date): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("plaid_users")
    .set({ due_at: now, tries: 0 })
    .where("user_id", "=", userId)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await requestReconcilePass(db);
}

/** A user of ours and their Plaid user. */
export interface KnownPlaidUser {
  userId: string;
  plaidUserId: string;
}

/**
 * Returns those that are due, the longest waiting first. Excludes deleted users, whose Plaid user is removed
 * instead.
 */
export async function duePlaidUsers(
  db: Db,
  client: string,
  now: Date,
  limit: number,
): Promise<KnownPlaidUser[]> {
  return db
    .selectFrom("plaid_users")
    .innerJoin("users", "users.id", "plaid_users.user_id")
    .where("users.deleted_at", "is", null)
    .where("client", "=", client)
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(limit)
    .select(["plaid_user_id as plaidUserId", "user_id as userId"])
    .execute();
}

/**
 * Stores that the comparison succeeded. The next one is at `dueAt`; null leaves it to the sweep. One that is
 * due sooner stays due.
 */
export async function setDue(
  db: Db,
  userId: string,
  { now, dueAt }: { now: Date; dueAt: Date | null },
): Promise<void> {
  await db
    .updateTable("plaid_users")
    .set({ due_at: dueAt, tries: 0 })
    .where("user_id", "=", userId)
    // A request since the round began stays due.
    .where((eb) => eb.or([eb("due_at", "is", null), eb("due_at", "<=", now)]))
    .execute();
}

/** SQL: 30 s from `now`, doubling with each failure in a row up to an hour. */
const later = (now: Date) => sql<Date>`${now}::timestamptz
  + least(interval '30 seconds' * 2 ^ least(tries, 10), interval '1 hour')`;

/** Stores that the comparison failed, and when it is retried. */
export async function backOff(db: Db, userId: string, now: Date): Promise<void> {
  await db
    .updateTable("plaid_users")
    .set({ tries: sql<number>`tries + 1`, due_at: later(now) })
    .where("user_id", "=", userId)
    .execute();
}

/**
 * In the transaction that erases the user: requests that their Plaid user is removed, `afterMs` after Link
 * can no longer add an Item to it.
 */
export async function requestPlaidUserRemoval(
  tx: Db,
  userId: string,
  now: Date,
  afterMs: number,
): Promise<void> {
  await tx
    .insertInto("ended_plaid_users")
    .columns(["plaid_user_id", "client", "due_at"])
    .expression((eb) =>
      eb
        .selectFrom("plaid_users")
        .where("user_id", "=", userId)
        .select([
          "plaid_user_id",
          "client",
          sql<Date>`greatest(${now}::timestamptz,
            links_until + ${afterMs} * interval '1 millisecond')`.as("due_at"),
        ]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await requestReconcilePass(tx);
}

/** Returns the Plaid users of deleted users whose removal is due. */
export async function duePlaidUsersToEnd(
  db: Db,
  client: string,
  now: Date,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("ended_plaid_users")
    .where("client", "=", client)
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(limit)
    .select("plaid_user_id as id")
    .execute();
  return rows.map(({ id }) => id);
}

/** Deletes the row of a Plaid user that Plaid has removed. */
export async function plaidUserEnded(db: Db, plaidUserId: string): Promise<void> {
  await db.deleteFrom("ended_plaid_users").where("plaid_user_id", "=", plaidUserId).execute();
}

/** Stores that the removal failed, and when it is retried. */
export async function backOffEnding(db: Db, plaidUserId: string, now: Date): Promise<void> {
  await db
    .updateTable("ended_plaid_users")
    .set({ tries: sql<number>`tries + 1`, due_at: later(now) })
    .where("plaid_user_id", "=", plaidUserId)
    .execute();
}
