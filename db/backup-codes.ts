import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Replaces the user's backup codes; with none, deletes them. */
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

/** Backup codes of the user that are left, and how many they had; both 0 without any. */
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

/** Spends a code, which works once: of two requests with the same code one gets true. */
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
