import { sql } from "kysely";
import type { Db } from "./client.ts";

/**
 * The purpose of a challenge and who may respond to it: the SHA-256 of a session's id or a cookie's token.
 */
export interface ChallengePlace {
  boundTo: Buffer;
  purpose: "register" | "step_up" | "log_in" | "second_step";
}

/** Stores a challenge for so many milliseconds. Replaces the previous one. */
export async function storeChallenge(
  db: Db,
  { boundTo, purpose }: ChallengePlace,
  challenge: string,
  forMs: number,
): Promise<void> {
  const expiresAt = sql<Date>`now() + ${forMs} * interval '1 millisecond'`;
  await db
    .insertInto("passkey_challenges")
    .values({ bound_to: boundTo, purpose, challenge, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict.columns(["bound_to", "purpose"]).doUpdateSet({ challenge, expires_at: expiresAt }),
    )
    .execute();
}

/** Deletes and returns the challenge, so that it is used once. Null when there is none or it has expired. */
export async function takeChallenge(
  db: Db,
  { boundTo, purpose }: ChallengePlace,
): Promise<string | null> {
  const row = await db
    .deleteFrom("passkey_challenges")
    .where("bound_to", "=", boundTo)
    .where("purpose", "=", purpose)
    .returning(["challenge", sql<boolean>`expires_at > now()`.as("valid")])
    .executeTakeFirst();
  return row?.valid ? row.challenge : null;
}

/** Deletes expired challenges, at most 1,000: the sweep runs again within a minute. */
export async function deleteExpiredChallenges(db: Db): Promise<void> {
  await db
    .deleteFrom("passkey_challenges")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("bound_to", "purpose"),
        "in",
        selectFrom("passkey_challenges")
          .select(["passkey_challenges.bound_to", "passkey_challenges.purpose"])
          .where("expires_at", "<", sql<Date>`now()`)
          .limit(1_000)
          .$asTuple("bound_to", "purpose"),
      ),
    )
    .execute();
}
