import type { Db } from "./client.ts";
import type { LinkAttemptRow } from "./schema.ts";

/**
 * The user's attempt for this public_token: the one already there, or a new `started` one.
 * Null when the token was sent before by another user.
 */
export async function startAttempt(
  db: Db,
  userId: string,
  publicTokenHash: Buffer,
): Promise<string | null> {
  const made = await db
    .insertInto("link_attempts")
    .values({ user_id: userId, public_token_hash: publicTokenHash })
    .onConflict((conflict) => conflict.column("public_token_hash").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (made) return made.id;
  const found = await db
    .selectFrom("link_attempts")
    .where("public_token_hash", "=", publicTokenHash)
    .where("user_id", "=", userId)
    .select("id")
    .executeTakeFirst();
  return found?.id ?? null;
}

/** The attempt as it stands; read under the user's lock, nobody else is working on it. */
export async function readAttempt(tx: Db, userId: string, id: string): Promise<LinkAttemptRow> {
  return tx
    .selectFrom("link_attempts")
    .selectAll()
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
}

/**
 * Keeps the sealed token of a fresh exchange, whatever state the attempt is in: from here on the
 * Item can be found again. Committed on its own, outside the connecting transaction.
 */
export async function keepExchange(
  db: Db,
  userId: string,
  id: string,
  exchange: { accessTokenSealed: string; plaidItemId: string },
): Promise<void> {
  await db
    .updateTable("link_attempts")
    .set({
      status: "exchanged",
      access_token_sealed: exchange.accessTokenSealed,
      plaid_item_id: exchange.plaidItemId,
      reason: null,
      reason_details: null,
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .execute();
}

/** Ends the attempt as connected, in the transaction that inserts the Item. */
export async function markConnected(tx: Db, userId: string, id: string): Promise<void> {
  await tx
    .updateTable("link_attempts")
    .set({ status: "connected", access_token_sealed: null, updated_at: new Date() })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .execute();
}

/**
 * Gives an exchanged attempt up: its Item is now to be removed at Plaid. Returns false when it is
 * no longer `exchanged`, which is how a commit whose answer was lost shows itself.
 */
export async function markRemoving(
  db: Db,
  userId: string,
  id: string,
  why: { reason: string; details: unknown },
): Promise<boolean> {
  const result = await db
    .updateTable("link_attempts")
    .set({
      status: "removing",
      reason: why.reason,
      reason_details: why.details === undefined ? null : JSON.stringify(why.details),
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("status", "=", "exchanged")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The Item of a `removing` attempt is gone at Plaid: the token is forgotten. */
export async function markRemoved(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("link_attempts")
    .set({ status: "failed", access_token_sealed: null, updated_at: new Date() })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("status", "=", "removing")
    .execute();
}

/** Ends an attempt that never held an Item: its public_token will get this answer from now on. */
export async function markFailed(
  db: Db,
  userId: string,
  id: string,
  why: { reason: string; details: unknown },
): Promise<void> {
  await db
    .updateTable("link_attempts")
    .set({
      status: "failed",
      reason: why.reason,
      reason_details: why.details === undefined ? null : JSON.stringify(why.details),
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("status", "=", "started")
    .execute();
}
