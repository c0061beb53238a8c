import type { Insertable } from "kysely";
import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { PasskeysTable } from "./schema.ts";

/** Returns the user's passkeys, newest first. */
export async function listPasskeys(db: Db, userId: string) {
  return db
    .selectFrom("passkeys")
    .select(["id", "name", "transports", "created_at as createdAt", "last_used_at as lastUsedAt"])
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

/** Returns a passkey of this user, or null, also for another user's. */
export async function findPasskey(db: Db, userId: string, id: string) {
  const row = await db
    .selectFrom("passkeys")
    .select(["id", "public_key as publicKey", "counter", "transports"])
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row ? { ...row, counter: Number(row.counter) } : null;
}

/** Stores a new passkey. Returns false, and stores nothing, when any user has one with this id. */
export async function insertPasskey(db: Db, row: Insertable<PasskeysTable>): Promise<boolean> {
  const taken = await db
    .selectFrom("passkeys")
    .select("id")
    .where("id", "=", row.id)
    .executeTakeFirst();
  if (taken) return false;
  const result = await db
    .insertInto("passkeys")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Stores a use. Returns false when the counter has not risen, because the passkey was copied or deleted. */
export async function notePasskeyUse(
  db: Db,
  userId: string,
  id: string,
  counter: number,
): Promise<boolean> {
  const result = await db
    .updateTable("passkeys")
    .set({ counter, last_used_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .where((eb) => (counter === 0 ? eb("counter", "=", "0") : eb("counter", "<", String(counter))))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Deletes one passkey of the user and returns its name; null when they have no such passkey. */
export async function deletePasskey(db: Db, userId: string, id: string): Promise<string | null> {
  const row = await db
    .deleteFrom("passkeys")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("name")
    .executeTakeFirst();
  return row?.name ?? null;
}

/** Deletes all passkeys of the user. Returns how many there were. */
export async function deletePasskeys(db: Db, userId: string): Promise<number> {
  const result = await db.deleteFrom("passkeys").where("user_id", "=", userId).executeTakeFirst();
  return Number(result.numDeletedRows);
}
