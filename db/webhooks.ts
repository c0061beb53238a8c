import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import { handleWebhookJob } from "./jobs.ts";
import type { WebhooksTable } from "./schema.ts";

export type WebhookRow = Selectable<WebhooksTable>;

/** A delivery to keep. `details` are the fields that may be kept. */
export interface NewWebhook {
  deliveryHash: Buffer;
  type: string;
  code: string;
  plaidItemId: string | null;
  details: object;
  signedAt: Date;
}

/**
 * Keeps a webhook and adds the job that acts on it, in one statement. Returns false, and does
 * nothing, when this delivery was kept before.
 */
export async function keepWebhook(db: Db, webhook: NewWebhook): Promise<boolean> {
  const added = await db
    .with("kept", (cte) =>
      cte
        .insertInto("webhooks")
        .values({
          delivery_hash: webhook.deliveryHash,
          type: webhook.type,
          code: webhook.code,
          plaid_item_id: webhook.plaidItemId,
          details: JSON.stringify(webhook.details),
          signed_at: webhook.signedAt,
        })
        .onConflict((conflict) => conflict.column("delivery_hash").doNothing())
        .returning(["id", "plaid_item_id"]),
    )
    .selectFrom("kept")
    .select(handleWebhookJob(sql.ref("kept.id"), sql.ref("kept.plaid_item_id")).as("job"))
    .execute();
  return added.length > 0;
}

/** A kept webhook, or null. */
export async function findWebhook(db: Db, id: string): Promise<WebhookRow | null> {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return row ?? null;
}

/** Writes down what was made of a webhook. */
export async function markWebhook(db: Db, id: string, outcome: string): Promise<void> {
  await db.updateTable("webhooks").set({ outcome }).where("id", "=", id).execute();
}

/** Deletes webhooks older than `days`, so many at once. */
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
