import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Returns the user's authenticator app, or null when they have not started to set one up. */
export async function findTotp(db: Db, userId: string) {
  const row = await db
    .selectFrom("totp_factors")
    .select(["secret_sealed as secretSealed", "confirmed_at as confirmedAt"])
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Stores a secret that no code has confirmed yet, and replaces another unconfirmed one. Returns false when an
 * app is on already.
 */
export async function startTotp(db: Db, userId: string, secretSealed: string): Promise<boolean> {
  const result = await db
    .insertInto("totp_factors")
    .values({ user_id: userId, secret_sealed: secretSealed })
    .onConflict((conflict) =>
      conflict
        .column("user_id")
        .doUpdateSet({ secret_sealed: secretSealed, created_at: sql<Date>`now()` })
        .where("totp_factors.confirmed_at", "is", null),
    )
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/**
 * Uses up the code of a time step of this secret, which turns an unconfirmed app on. Returns false when that
 * code or a later one was used before: of two requests with the same code one gets true.
 */
export async function spendTotpStep(
  db: Db,
  userId: string,
  { secretSealed, step }: { secretSealed: string; step: number },
): Promise<boolean> {
  const result = await db
    .updateTable("totp_factors")
    .set({
      last_step: step,
      confirmed_at: sql<Date>`coalesce(confirmed_at, now())`,
    })
    .where("user_id", "=", userId)
    .where("secret_sealed", "=", secretSealed)
    .where((eb) => eb.or([eb("last_step", "is", null), eb("last_step", "<", String(step))]))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Turns the app off. Returns whether one was on. */
export async function deleteTotp(db: Db, userId: string): Promise<boolean> {
  const row = await db
    .deleteFrom("totp_factors")
    .where("user_id", "=", userId)
    .returning("confirmed_at")
    .executeTakeFirst();
  return Boolean(row?.confirmed_at);
}
