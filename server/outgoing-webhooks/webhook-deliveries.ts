import type { Db } from "../../db/client.ts";
import {
  addTestDelivery,
  findEndpointOf,
  listDeliveries as listRows,
  redeliver as redeliverRow,
  type WebhookDeliveryRow,
} from "../../db/webhook-deliveries.ts";
import { findWebhookEndpoint, lockEndpoint } from "../../db/webhook-endpoints.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { deliveryError, type WebhookDelivery } from "../contracts/webhook-endpoints.ts";
import { sentEventType } from "../contracts/webhook-events.ts";

/** How many deliveries of an address are shown. */
const maxShown = 100;

/** Returns the newest deliveries to one address. @throws FiscilityError `not_found` */
export async function listDeliveries(
  db: Db,
  userId: string,
  endpointId: string,
): Promise<WebhookDelivery[]> {
  if (!(await findWebhookEndpoint(db, userId, endpointId))) throw new FiscilityError("not_found");
  return (await listRows(db, userId, endpointId, maxShown)).map(toContract);
}

/** Sends a delivery again, with the same id. @throws FiscilityError `not_found`, `webhook_disabled` */
export async function redeliver(db: Db, userId: string, id: string): Promise<WebhookDelivery> {
  const endpointId = await findEndpointOf(db, userId, id);
  if (endpointId === null) throw new FiscilityError("not_found");
  return whileEnabled(db, userId, endpointId, (tx) => redeliverRow(tx, userId, id));
}

/** Sends the event `webhook.test` to an address. @throws FiscilityError `not_found`, `webhook_disabled` */
export async function sendTestEvent(
  db: Db,
  userId: string,
  endpointId: string,
): Promise<WebhookDelivery> {
  return whileEnabled(db, userId, endpointId, (tx) => addTestDelivery(tx, userId, endpointId));
}

/** Runs `work` in a transaction in which the address stays enabled. */
async function whileEnabled(
  db: Db,
  userId: string,
  endpointId: string,
  work: (tx: Db) => Promise<WebhookDeliveryRow | null>,
): Promise<WebhookDelivery> {
  const row = await db.transaction().execute(async (tx) => {
    const endpoint = await lockEndpoint(tx, userId, endpointId);
    if (endpoint?.isDisabled) throw new FiscilityError("webhook_disabled");
    return endpoint && work(tx);
  });
  if (!row) throw new FiscilityError("not_found");
  return toContract(row);
}

const toContract = (row: WebhookDeliveryRow): WebhookDelivery => ({
  id: row.id,
  event: sentEventType.parse(row.type),
  status: row.status,
  attempts: row.attempts,
  httpStatus: row.http_status,
  error: row.error === null ? null : deliveryError.parse(row.error),
  createdAt: row.created_at.toISOString(),
  attemptedAt: row.attempted_at?.toISOString() ?? null,
  nextAttemptAt: row.due_at?.toISOString() ?? null,
  body: row.body,
});
