import { sql } from "kysely";
import type { Db } from "./client.ts";

/** A public key of Plaid, as P-256 coordinates in base64url. */
export interface WebhookKey {
  x: string;
  y: string;
}

/** Returns the key with this id and the milliseconds since Plaid last confirmed it; or null. */
export async function findWebhookKey(
  db: Db,
  id: string,
): Promise<(WebhookKey & { ageMs: number }) | null> {
  const age = sql<number>`(extract(epoch from now() - confirmed_at) * 1000)::float8`;
  const row = await db
    .selectFrom("webhook_keys")
    .select(["x", "y", age.as("ageMs")])
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

/** Stores a key that Plaid has just returned. */
export async function storeWebhookKey(db: Db, id: string, { x, y }: WebhookKey): Promise<void> {
  const confirmed = { x, y, confirmed_at: sql<Date>`now()` };
  await db
    .insertInto("webhook_keys")
    .values({ id, ...confirmed })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(confirmed))
    .execute();
}

/** Deletes a key that no longer exists at Plaid. */
export async function deleteWebhookKey(db: Db, id: string): Promise<void> {
  await db.deleteFrom("webhook_keys").where("id", "=", id).execute();
}
