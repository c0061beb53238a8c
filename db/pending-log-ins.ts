import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Stores that this user's password was correct. The second factor is due within so many milliseconds. */
export async function insertPendingLogIn(
  db: Db,
  { tokenHash, userId, forMs }: { tokenHash: Buffer; userId: string; forMs: number },
): Promise<void> {
  await db
    .insertInto("pending_log_ins")
    .values({
      token_hash: tokenHash,
      user_id: userId,
      expires_at: sql<Date>`now() + ${forMs} * interval '1 millisecond'`,
    })
    .execute();
}

/** Returns the log-in with this token, unless it has expired or its user may not log in any more. */
export async function findPendingLogIn(db: Db, tokenHash: Buffer) {
  const row = await db
    .selectFrom("pending_log_ins")
    .innerJoin("users", "users.id", "pending_log_ins.user_id")
    .where("pending_log_ins.token_hash", "=", tokenHash)
    .where("pending_log_ins.expires_at", ">", sql<Date>`now()`)
    .where("users.deleted_at", "is", null)
    .where("users.disabled_at", "is", null)
    .select(["users.id as userId", "users.email"])
    .executeTakeFirst();
  return row ?? null;
}

/** Ends a log-in. Of two requests with the same token one gets true. */
export async function endPendingLogIn(db: Db, userId: string, tokenHash: Buffer): Promise<boolean> {
  const result = await db
    .deleteFrom("pending_log_ins")
    .where("token_hash", "=", tokenHash)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Ends all log-ins of the user that wait for a second factor. */
export async function endPendingLogIns(db: Db, userId: string): Promise<void> {
  await db.deleteFrom("pending_log_ins").where("user_id", "=", userId).execute();
}

/** Deletes expired ones, at most 1,000: the sweep runs again within a minute. */
export async function deleteExpiredPendingLogIns(db: Db): Promise<void> {
  await db
    .deleteFrom("pending_log_ins")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("token_hash", "user_id"),
        "in",
        selectFrom("pending_log_ins")
          .select(["pending_log_ins.token_hash", "pending_log_ins.user_id"])
          .where("expires_at", "<", sql<Date>`now()`)
          .limit(1_000)
          .$asTuple("token_hash", "user_id"),
      ),
    )
    .execute();
}
