import { type Insertable, type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { ApiKeysTable } from "./schema.ts";

export type ApiKeyRow = Selectable<ApiKeysTable>;

/** Milliseconds. `last_used_at` is updated when it is older than this. */
const lastUsedStep = 60_000;

export async function insertApiKey(db: Db, row: Insertable<ApiKeysTable>): Promise<ApiKeyRow> {
  return db.insertInto("api_keys").values(row).returningAll().executeTakeFirstOrThrow();
}

/** Returns every key of the user, newest first. */
export async function listApiKeys(db: Db, userId: string): Promise<ApiKeyRow[]> {
  return db
    .selectFrom("api_keys")
    .selectAll()
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

/** Counts the user's keys that are valid at `now`. */
export async function countLiveApiKeys(db: Db, userId: string, now: Date): Promise<number> {
  const row = await db
    .selectFrom("api_keys")
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .select((eb) => eb.fn.countAll<string>().as("n"))
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

/** Revokes a key of this user. Revoking it again changes nothing. Null when the key does not exist. */
export async function revokeApiKey(
  db: Db,
  userId: string,
  id: string,
  now: Date,
): Promise<ApiKeyRow | null> {
  const row = await db
    .updateTable("api_keys")
    .set((eb) => ({ revoked_at: eb.fn.coalesce("revoked_at", eb.val(now)) }))
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** Revokes every key of the user. Returns how many were revoked. */
export async function revokeAllApiKeys(db: Db, userId: string, now: Date): Promise<number> {
  const result = await db
    .updateTable("api_keys")
    .set({ revoked_at: now })
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/**
 * Returns the key with this id and its user, in one round trip: the data version is from the same snapshot
 * (I5).
 */
export async function findApiKey(db: Db, id: string) {
  const [row] = await keyWithUser(db, { id });
  return row ?? null;
}

const keyWithUser = compiledOnce((db, { id }: { id: string }) =>
  db
    .selectFrom("api_keys")
    .innerJoin("users", "users.id", "api_keys.user_id")
    .where("api_keys.id", "=", id)
    .where("users.deleted_at", "is", null)
    .where("users.disabled_at", "is", null)
    .select([
      "api_keys.secret_hash as secretHash",
      "api_keys.scopes",
      "api_keys.expires_at as expiresAt",
      "api_keys.revoked_at as revokedAt",
      "api_keys.last_used_at as lastUsedAt",
      "users.id as userId",
      "users.name",
      sql<string>`coalesce(users.claimed_email, users.email)`.as("email"),
      "users.email_verified as emailVerified",
      "users.plan",
      "users.data_version as dataVersion",
    ]),
);

/** Stores that the key was used now, unless that was stored within the last minute. */
export async function touchApiKey(
  db: Db,
  id: string,
  lastUsedAt: Date | null,
  now: Date,
): Promise<void> {
  if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < lastUsedStep) return;
  await db.updateTable("api_keys").set({ last_used_at: now }).where("id", "=", id).execute();
}
