import type { Db } from "../../db/client.ts";
import {
  listDeliveries as listRows,
  redeliver as redeliverRow,
  type WebhookDeliveryRow,
} from "../../db/webhook-deliveries.ts";
import { findWebhookEndpoint } from "../../db/webhook-endpoints.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { deliveryError, type WebhookDelivery } from "../contracts/webhook-endpoints.ts";
import { webhookEventType } from "../contracts/webhook-events.ts";

/** How many deliveries of an address are shown. */
const mostShown = 100;

/** Returns the newest deliveries to one address. @throws FiscilityError `not_found` */
export async function listDeliveries(
  db: Db,
  userId: string,
  endpointId: string,
): Promise<WebhookDelivery[]> {
  if (!(await findWebhookEndpoint(db, userId, endpointId))) throw new FiscilityError("not_found");
  return (await listRows(db, userId, endpointId, mostShown)).map(toContract);
}

/** Sends a delivery again, with the same id. @throws FiscilityError `not_found` */
export async function redeliver(db: Db, userId: string, id: string): Promise<WebhookDelivery> {
  const row = await redeliverRow(db, userId, id);
  if (!row) throw new FiscilityError("not_found");
  return toContract(row);
}

const toContract = (row: WebhookDeliveryRow): WebhookDelivery => ({
  id: row.id,
  event: webhookEventType.parse(row.type),
  status: row.status,
  attempts: row.attempts,
  httpStatus: row.http_status,
  error: row.error === null ? null : deliveryError.parse(row.error),
  createdAt: row.created_at.toISOString(),
  attemptedAt: row.attempted_at?.toISOString() ?? null,
  nextAttemptAt: row.due_at?.toISOString() ?? null,
  body: row.body,
});
