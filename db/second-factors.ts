import type { Db } from "./client.ts";

/** Which factors a user has turned on. */
export interface FactorMethods {
  totp: boolean;
  passkey: boolean;
}

/** Returns the factors that the user has turned on, in one round trip. */
export async function findFactorMethods(db: Db, userId: string): Promise<FactorMethods> {
  const row = await db
    .selectNoFrom((eb) => [
      eb
        .exists(
          eb
            .selectFrom("totp_factors")
            .where("user_id", "=", userId)
            .where("confirmed_at", "is not", null)
            .select("user_id"),
        )
        .as("totp"),
      eb
        .exists(eb.selectFrom("passkeys").where("user_id", "=", userId).select("user_id"))
        .as("passkey"),
    ])
    .executeTakeFirstOrThrow();
  return { totp: Boolean(row.totp), passkey: Boolean(row.passkey) };
}
