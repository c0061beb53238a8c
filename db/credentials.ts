import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Returns the stored hash of the user's password; null when they have none. */
export async function findPasswordHash(db: Db, userId: string): Promise<string | null> {
  const row = await db
    .selectFrom("credentials")
    .select("password")
    .where("user_id", "=", userId)
    .where("provider_id", "=", "credential")
    .executeTakeFirst();
  return row?.password ?? null;
}

/**
 * Replaces the hash of a password with another hash of the same password, unless the password was changed
 * meanwhile. Browsers that logged in with it stay known.
 */
export async function replacePasswordHash(
  db: Db,
  userId: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const digestOf = (hash: string) => sql<Buffer>`sha256(convert_to(${hash}, 'UTF8'))`;
  await db
    .with("replaced", (cte) =>
      cte
        .updateTable("credentials")
        .set({ password: to })
        .where("user_id", "=", userId)
        .where("password", "=", from)
        .returning("user_id"),
    )
    .updateTable("known_devices")
    .set({ password_digest: digestOf(to) })
    .where("user_id", "in", (eb) => eb.selectFrom("replaced").select("replaced.user_id"))
    .where("password_digest", "=", digestOf(from))
    .execute();
}

/** Changes the user's password to the one with this hash. */
export async function setPassword(db: Db, userId: string, hash: string): Promise<void> {
  await db
    .updateTable("credentials")
    .set({ password: hash, updated_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("provider_id", "=", "credential")
    .execute();
}
