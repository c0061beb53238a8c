import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import { addJob, handleWebhookJob, webhookQueue } from "./jobs.ts";
import type { WebhooksTable } from "./schema.ts";

export type WebhookRow = Selectable<WebhooksTable>;

/** A delivery to store. `details` are the fields that may be stored. */
export interface NewWebhook {
  deliveryHash: Buffer;
  type: string;
  code: string;
  plaidItemId: string | null;
  details: object;
  signedAt: Date;
  /** Null for a webhook that is still to be processed. */
  outcome: string | null;
}

/** The outcome of a webhook whose Item no row holds, or not yet. */
export const unclaimed = "no such Item";

/** The outcome of a webhook with a valid signature that we cannot parse. */
export const malformed = "malformed";

/**
 * Stores webhooks and adds the jobs that process them, in one statement. Returns, for each, false when its
 * delivery was stored before. A webhook with an `outcome`, such as a malformed one, gets no job.
 */
export async function storeWebhooks(db: Db, webhooks: readonly NewWebhook[]): Promise<boolean[]> {
  const job = addJob(handleWebhookJob(sql.ref("kept.id"), sql.ref("kept.plaid_item_id")));
  const rows = await db
    .with("kept", (cte) =>
      cte
        .insertInto("webhooks")
        .values(
          webhooks.map(({ details, ...webhook }) => ({
            delivery_hash: webhook.deliveryHash,
            type: webhook.type,
            code: webhook.code,
            plaid_item_id: webhook.plaidItemId,
            details: JSON.stringify(details),
            signed_at: webhook.signedAt,
            outcome: webhook.outcome,
          })),
        )
        .onConflict((conflict) => conflict.column("delivery_hash").doNothing())
        .returning(["id", "plaid_item_id", "delivery_hash", "outcome"]),
    )
    .selectFrom("kept")
    .select(["delivery_hash", sql`case when outcome is null then ${job} end`.as("job")])
    // Each job locks its queue's row. In this order two statements cannot deadlock.
    .orderBy(webhookQueue(sql.ref("kept.plaid_item_id")))
    .execute();
  const fresh = new Set(rows.map((row) => row.delivery_hash.toString("hex")));
  // A delivery that is here twice is fresh once.
  return webhooks.map(({ deliveryHash }) => fresh.delete(deliveryHash.toString("hex")));
}

/** Returns a stored webhook, or null. */
export async function findWebhook(db: Db, id: string): Promise<WebhookRow | null> {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return row ?? null;
}

/** Stores how a webhook was processed. */
export async function markWebhook(db: Db, id: string, outcome: string): Promise<void> {
  await db.updateTable("webhooks").set({ outcome }).where("id", "=", id).execute();
}

/** Processes the webhooks again that arrived before the Item's row: it is connected now. */
export async function requestUnclaimedWebhooks(
  db: Db,
  userId: string,
  itemId: string,
): Promise<void> {
  await db
    .selectFrom("webhooks")
    .innerJoin("items", "items.plaid_item_id", "webhooks.plaid_item_id")
    .where("items.id", "=", itemId)
    .where("items.user_id", "=", userId)
    .where("webhooks.outcome", "=", unclaimed)
    .select(
      addJob(handleWebhookJob(sql.ref("webhooks.id"), sql.ref("webhooks.plaid_item_id"))).as("job"),
    )
    .execute();
}

/** An Item with webhooks that no row or attempt of ours knows. */
export interface UnknownItem {
  plaidItemId: string;
  firstAt: Date;
  /** The codes of its webhooks. */
  codes: string[];
}

/**
 * Returns Items whose webhooks arrived in the last 30 days and that no row here knows, among them those of
 * exchanges whose response was lost. The oldest first, at most a hundred.
 */
export async function listUnknownItems(db: Db): Promise<UnknownItem[]> {
  const { rows } = await sql<UnknownItem>`
    select plaid_item_id as "plaidItemId", min(received_at) as "firstAt",
      array_agg(distinct code order by code) as codes
    from webhooks
    where outcome = ${unclaimed} and plaid_item_id is not null
      and not exists (select from items where items.plaid_item_id = webhooks.plaid_item_id)
      and not exists (
        select from link_attempts where link_attempts.plaid_item_id = webhooks.plaid_item_id)
    group by plaid_item_id order by 2 limit 100`.execute(db);
  return rows;
}

/** Deletes webhooks older than `days`, at most 10,000 at once. */
export async function dropOldWebhooks(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("webhooks")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("webhooks")
        .select("id")
        .where("received_at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
        .limit(10_000),
    )
    .execute();
}
