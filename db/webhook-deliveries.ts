import { type Selectable, sql } from "kysely";
import type { DeliveryError } from "../server/contracts/webhook-endpoints.ts";
import type { Db } from "./client.ts";
import { addJob, addJobs, sendWebhooksJob } from "./jobs.ts";
import type { WebhookDeliveriesTable } from "./schema.ts";
import { deliveryStatus } from "./webhook-endpoints.ts";
import { bodyOf } from "./webhook-events.ts";

export type WebhookDeliveryRow = Selectable<WebhookDeliveriesTable> & {
  status: "delivered" | "waiting" | "failed";
};

/** A delivery that this process attempts next, with all it needs for that. */
export interface ClaimedDelivery {
  id: string;
  body: string;
  type: string;
  /** The number of this attempt, from 1. */
  attempts: number;
  url: string;
  secretSealed: string;
  /** Signs as well; null when it has expired. */
  oldSecretSealed: string | null;
}

/**
 * Claims the delivery to this address that is due first, and counts the attempt. If the process dies during
 * it, the delivery is due again after `leaseMs`. Null when none is due, or its user or address is disabled.
 */
export async function claimDelivery(
  db: Db,
  userId: string,
  endpointId: string,
  leaseMs: number,
): Promise<ClaimedDelivery | null> {
  const { rows } = await sql<ClaimedDelivery>`
    update webhook_deliveries as delivery
    set attempts = attempts + 1, attempted_at = now(),
      due_at = now() + ${leaseMs} * interval '1 millisecond'
    from webhook_endpoints as endpoint
    where delivery.user_id = ${userId} and endpoint.user_id = ${userId} and endpoint.id = ${endpointId}
      and endpoint.disabled_at is null and delivery.id = (
        select id from webhook_deliveries as due
        where due.user_id = ${userId} and due.endpoint_id = ${endpointId} and due.due_at <= now()
          and exists (select from users where id = ${userId} and disabled_at is null)
        order by due.due_at limit 1 for update skip locked)
    returning delivery.id, delivery.body, delivery.type, delivery.attempts, endpoint.url,
      endpoint.secret_sealed as "secretSealed",
      case when endpoint.old_secret_until > now() then endpoint.old_secret_sealed end
        as "oldSecretSealed"`.execute(db);
  return rows[0] ?? null;
}

/** How an attempt ended. `error` is null on success. */
export interface AttemptEnd {
  error: DeliveryError | null;
  httpStatus: number | null;
  /** The address responded slowly. */
  isSlow: boolean;
  /** Milliseconds until the retry, unless that is too late; null for none. */
  retryInMs: number | null;
}

/**
 * Stores how an attempt ended: delivered, due again, or failed. Does nothing when another process has begun a
 * later attempt.
 */
export async function recordDelivery(
  db: Db,
  userId: string,
  endpointId: string,
  { id, attempts }: Pick<ClaimedDelivery, "id" | "attempts">,
  { error, httpStatus, isSlow, retryInMs }: AttemptEnd,
): Promise<void> {
  const next = sql`now() + ${retryInMs}::float8 * interval '1 millisecond'`;
  await sql`
    with endpoint as (
      update webhook_endpoints set is_slow = ${isSlow}
      where user_id = ${userId} and id = ${endpointId} and is_slow <> ${isSlow}
    )
    update webhook_deliveries set error = ${error}, http_status = ${httpStatus},
      delivered_at = case when ${error}::text is null then now() end,
      due_at = case when ${error}::text is not null and ${next} <= give_up_at then ${next} end
    where user_id = ${userId} and id = ${id} and attempts = ${attempts}`.execute(db);
}

/** Adds the job for the remaining deliveries to this address, at the time when the first is due. */
export async function planDeliveries(db: Db, userId: string, endpointId: string): Promise<void> {
  await sql`
    select ${addJob(
      sendWebhooksJob(
        { userId, endpointId, isSlow: sql.ref("next.is_slow") },
        sql<Date>`next.due_at`,
      ),
    )}
    from (
      select endpoint.is_slow, min(delivery.due_at) as due_at
      from webhook_deliveries as delivery
      join webhook_endpoints as endpoint
        on endpoint.user_id = delivery.user_id and endpoint.id = delivery.endpoint_id
      join users on users.id = delivery.user_id and users.disabled_at is null
      where delivery.user_id = ${userId} and delivery.endpoint_id = ${endpointId}
        and delivery.due_at is not null and endpoint.disabled_at is null
      group by endpoint.is_slow
    ) as next`.execute(db);
}

/** Adds the jobs that send the due deliveries to the user's addresses now. */
export async function requestDeliveries(tx: Db, userId: string): Promise<void> {
  const job = sendWebhooksJob({
    userId: sql.ref("user_id"),
    endpointId: sql.ref("id"),
    isSlow: sql.ref("is_slow"),
  });
  await addJobs(sql`select ${job} from webhook_endpoints where user_id = ${userId}`).execute(tx);
}

/** Returns the deliveries to one address, newest first, at most `limit`. */
export async function listDeliveries(
  db: Db,
  userId: string,
  endpointId: string,
  limit: number,
): Promise<WebhookDeliveryRow[]> {
  return db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .select(deliveryStatus.as("status"))
    .where("user_id", "=", userId)
    .where("endpoint_id", "=", endpointId)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .limit(limit)
    .execute();
}

/**
 * Makes a delivery due again, with retries for a day. Lock its address first with `lockEndpoint`. Returns the
 * row; null when there is none.
 */
export async function redeliver(
  tx: Db,
  userId: string,
  id: string,
): Promise<WebhookDeliveryRow | null> {
  const row = await tx
    .updateTable("webhook_deliveries")
    .set({
      due_at: sql<Date>`now()`,
      give_up_at: sql<Date>`now() + interval '24 hours'`,
      delivered_at: null,
    })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returningAll()
    .returning(deliveryStatus.as("status"))
    .executeTakeFirst();
  if (!row) return null;
  await requestDeliveries(tx, userId);
  return row;
}

/** Stores the test event for one address, due now. Lock the address first with `lockEndpoint`. */
export async function addTestDelivery(
  tx: Db,
  userId: string,
  endpointId: string,
): Promise<WebhookDeliveryRow> {
  const row = await tx
    .insertInto("webhook_deliveries")
    .values({
      user_id: userId,
      endpoint_id: endpointId,
      type: "webhook.test",
      body: bodyOf(sql`'webhook.test'`, sql`json_build_object('webhook_id', ${endpointId}::uuid)`),
    })
    .returningAll()
    .returning(deliveryStatus.as("status"))
    .executeTakeFirstOrThrow();
  await requestDeliveries(tx, userId);
  return row;
}

/** The address of a delivery; null when there is no such delivery. */
export async function findEndpointOf(
  db: Db,
  userId: string,
  deliveryId: string,
): Promise<string | null> {
  const row = await db
    .selectFrom("webhook_deliveries")
    .where("user_id", "=", userId)
    .where("id", "=", deliveryId)
    .select("endpoint_id")
    .executeTakeFirst();
  return row?.endpoint_id ?? null;
}

/** Deletes deliveries older than `days`, at most 10,000: the sweep runs again within a minute. */
export async function dropOldDeliveries(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("webhook_deliveries")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("user_id", "id"),
        "in",
        selectFrom("webhook_deliveries")
          .select(["webhook_deliveries.user_id", "webhook_deliveries.id"])
          .where("created_at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("user_id", "id"),
      ),
    )
    .execute();
}
