import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Replaces the user's backup codes. An empty list deletes them. */
export async function replaceBackupCodes(
  db: Db,
  userId: string,
  hashes: readonly Buffer[],
): Promise<void> {
  await db.deleteFrom("backup_codes").where("user_id", "=", userId).execute();
  if (hashes.length === 0) return;
  await db
    .insertInto("backup_codes")
    .values(hashes.map((code_hash) => ({ user_id: userId, code_hash })))
    .execute();
}

/** Returns how many backup codes are unused and how many were created; both 0 when the user has none. */
export async function countBackupCodes(
  db: Db,
  userId: string,
): Promise<{ left: number; made: number }> {
  const row = await db
    .selectFrom("backup_codes")
    .select([
      sql<string>`count(*)`.as("made"),
      sql<string>`count(*) filter (where used_at is null)`.as("left"),
    ])
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  return { left: Number(row.left), made: Number(row.made) };
}

/** Uses up a code. Of two requests with the same code one gets true. */
export async function spendBackupCode(db: Db, userId: string, hash: Buffer): Promise<boolean> {
  const result = await db
    .updateTable("backup_codes")
    .set({ used_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("code_hash", "=", hash)
    .where("used_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
