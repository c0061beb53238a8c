import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import type { WebhookEndpointsTable } from "./schema.ts";

/** An address with the status of its newest delivery; null when there was none. */
export type WebhookEndpointRow = Selectable<WebhookEndpointsTable> & {
  last: "delivered" | "waiting" | "failed" | null;
};

/** SQL: the status of a row of `webhook_deliveries`. */
export const deliveryStatus = sql<"delivered" | "waiting" | "failed">`case
  when delivered_at is not null then 'delivered' when due_at is not null then 'waiting' else 'failed' end`;

/** Adds an address. Lock the user first and check their limit with `countWebhookEndpoints`. */
export async function insertWebhookEndpoint(
  tx: Db,
  userId: string,
  endpoint: { id: string; url: string; events: string[]; secretSealed: string },
): Promise<void> {
  const { id, url, events, secretSealed } = endpoint;
  await tx
    .insertInto("webhook_endpoints")
    .values({ user_id: userId, id, url, events, secret_sealed: secretSealed })
    .execute();
}

export async function countWebhookEndpoints(db: Db, userId: string): Promise<number> {
  const row = await db
    .selectFrom("webhook_endpoints")
    .where("user_id", "=", userId)
    .select((eb) => eb.fn.countAll<string>().as("n"))
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

/** Returns the user's addresses, newest first. */
export async function listWebhookEndpoints(db: Db, userId: string): Promise<WebhookEndpointRow[]> {
  return shownEndpoints(db, userId).execute();
}

/** Returns one of them, or null. */
export async function findWebhookEndpoint(
  db: Db,
  userId: string,
  id: string,
): Promise<WebhookEndpointRow | null> {
  const row = await shownEndpoints(db, userId).where("id", "=", id).executeTakeFirst();
  return row ?? null;
}

function shownEndpoints(db: Db, userId: string) {
  return db
    .selectFrom("webhook_endpoints")
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom("webhook_deliveries")
        .whereRef("webhook_deliveries.user_id", "=", "webhook_endpoints.user_id")
        .whereRef("webhook_deliveries.endpoint_id", "=", "webhook_endpoints.id")
        .orderBy("webhook_deliveries.created_at", "desc")
        .limit(1)
        .select(deliveryStatus.as("status"))
        .as("last"),
    )
    .where("user_id", "=", userId)
    .orderBy("created_at", "desc")
    .orderBy("id");
}

/** Deletes an address with its deliveries. Returns its URL; null when there is no such address. */
export async function deleteWebhookEndpoint(
  db: Db,
  userId: string,
  id: string,
): Promise<string | null> {
  const row = await db
    .deleteFrom("webhook_endpoints")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("url")
    .executeTakeFirst();
  return row?.url ?? null;
}

/**
 * Locks an address, so that it is neither disabled nor deleted in this transaction. Null when there is none.
 */
export async function lockEndpoint(
  tx: Db,
  userId: string,
  id: string,
): Promise<{ isDisabled: boolean } | null> {
  const row = await tx
    .selectFrom("webhook_endpoints")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .select(sql<boolean>`disabled_at is not null`.as("isDisabled"))
    .forShare()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Disables an address, and fails the deliveries that wait for it. Returns its URL; null, without a change,
 * when it is disabled already or was removed.
 */
export async function disableWebhookEndpoint(
  tx: Db,
  userId: string,
  id: string,
): Promise<string | null> {
  const row = await tx
    .updateTable("webhook_endpoints")
    .set({ disabled_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .where("disabled_at", "is", null)
    .returning("url")
    .executeTakeFirst();
  if (!row) return null;
  await tx
    .updateTable("webhook_deliveries")
    .set({ due_at: null, error: "disabled" })
    .where("user_id", "=", userId)
    .where("endpoint_id", "=", id)
    .where("due_at", "is not", null)
    .execute();
  return row.url;
}

/** Enables an address. Returns whether there is such an address. */
export async function enableWebhookEndpoint(db: Db, userId: string, id: string): Promise<boolean> {
  const rows = await db
    .updateTable("webhook_endpoints")
    .set({ disabled_at: null })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("id")
    .execute();
  return rows.length > 0;
}

/**
 * Stores a new secret. The previous one also signs for another `oldMs`. Returns whether there is such an
 * address.
 */
export async function replaceWebhookSecret(
  db: Db,
  userId: string,
  id: string,
  secretSealed: string,
  oldMs: number,
): Promise<boolean> {
  const rows = await db
    .updateTable("webhook_endpoints")
    .set((eb) => ({
      secret_sealed: secretSealed,
      old_secret_sealed: eb.ref("secret_sealed"),
      old_secret_until: sql<Date>`now() + ${oldMs} * interval '1 millisecond'`,
    }))
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("id")
    .execute();
  return rows.length > 0;
}
