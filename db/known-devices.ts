import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Known browsers of one user. One more replaces the one that logged in longest ago. */
const kept = 10;

/** Ties a browser to the password it logged in with: the SHA-256 of the stored hash, which is salted. */
const passwordDigest = sql<Buffer>`sha256(convert_to(credentials.password, 'UTF8'))`;

/** The user with this email, joined to their password. */
const userOf = (db: Db, email: string) =>
  db
    .selectFrom("users")
    .innerJoin("credentials", "credentials.user_id", "users.id")
    .where("users.email", "=", email.toLowerCase())
    .where("users.deleted_at", "is", null)
    .where("credentials.password", "is not", null);

/**
 * Returns whether this browser may skip the second factor; null when it never logged in as the user with this
 * email and their current password.
 */
export async function findKnownDevice(
  db: Db,
  email: string,
  tokenHash: Buffer,
): Promise<{ isTrusted: boolean } | null> {
  const row = await userOf(db, email)
    .innerJoin("known_devices", "known_devices.user_id", "users.id")
    .where("known_devices.token_hash", "=", tokenHash)
    .where("known_devices.password_digest", "=", passwordDigest)
    .select(sql<boolean>`coalesce(known_devices.trusted_until > now(), false)`.as("isTrusted"))
    .executeTakeFirst();
  return row ?? null;
}

/** Whether this browser has ever logged in as the user, even with an earlier password. */
export async function hasDevice(db: Db, userId: string, tokenHash: Buffer): Promise<boolean> {
  const row = await db
    .selectFrom("known_devices")
    .select("user_id")
    .where("user_id", "=", userId)
    .where("token_hash", "=", tokenHash)
    .executeTakeFirst();
  return row !== undefined;
}

/** Lets this browser of the user skip the second factor for so many milliseconds. */
export async function trustDevice(
  db: Db,
  userId: string,
  tokenHash: Buffer,
  forMs: number,
): Promise<void> {
  await db
    .updateTable("known_devices")
    .set({ trusted_until: sql<Date>`now() + ${forMs} * interval '1 millisecond'` })
    .where("user_id", "=", userId)
    .where("token_hash", "=", tokenHash)
    .execute();
}

/** Requires the second factor again from every browser of the user. */
export async function endDeviceTrust(db: Db, userId: string): Promise<void> {
  await db
    .updateTable("known_devices")
    .set({ trusted_until: null })
    .where("user_id", "=", userId)
    .where("trusted_until", "is not", null)
    .execute();
}

/**
 * Stores that this browser logged in now as the user with this email, and deletes all but the ten most
 * recent.
 */
export async function storeKnownDevice(db: Db, email: string, tokenHash: Buffer): Promise<void> {
  const [user] = await db
    .insertInto("known_devices")
    .columns(["user_id", "token_hash", "password_digest"])
    .expression(
      userOf(db, email).select((s) => [
        "users.id",
        s.val(tokenHash).as("token_hash"),
        passwordDigest.as("password_digest"),
      ]),
    )
    .onConflict((conflict) =>
      conflict.columns(["user_id", "token_hash"]).doUpdateSet({
        password_digest: (eb) => eb.ref("excluded.password_digest"),
        used_at: sql<Date>`now()`,
      }),
    )
    .returning("user_id")
    .execute();
  if (!user) return;
  // A separate statement sees the rows of concurrent log-ins, so the last one leaves exactly ten.
  await db
    .deleteFrom("known_devices")
    .where("user_id", "=", user.user_id)
    .where("token_hash", "in", (eb) =>
      eb
        .selectFrom("known_devices")
        .select("known_devices.token_hash")
        .where("user_id", "=", user.user_id)
        .orderBy("used_at", "desc")
        .orderBy("token_hash")
        .offset(kept),
    )
    .execute();
}
