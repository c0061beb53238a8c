import { randomInt } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { webhookSecretOwner } from "../../db/sealed.ts";
import {
  type ClaimedDelivery,
  claimDelivery,
  planDeliveries,
  recordDelivery,
} from "../../db/webhook-deliveries.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { postWebhook } from "./post-webhook.ts";
import { disableWebhook } from "./webhook-endpoints.ts";

/** An address of a user. */
export interface EndpointOfUser {
  userId: string;
  endpointId: string;
}

/**
 * Milliseconds after the attempt's timeout until other processes may retry the delivery of a process that
 * died.
 */
const leaseSpare = 5_000;

/**
 * Sends the due webhooks to one address, oldest first, for at most `limits.webhookRun`; a slow address gets
 * one at a time. The rest has its own job. If the process dies after a delivery was sent and before it was
 * recorded, the delivery is sent again with the same id.
 */
export async function sendWebhooks(
  services: Services,
  endpoint: EndpointOfUser,
  log: Log,
): Promise<void> {
  const { db, limits } = services;
  const { userId, endpointId } = endpoint;
  const begun = performance.now();
  let isSlow = false;
  while (!isSlow && performance.now() - begun < limits.webhookRun) {
    const lease = limits.webhookSend + leaseSpare;
    const delivery = await claimDelivery(db, userId, endpointId, lease);
    if (!delivery) break;
    isSlow = await send(services, endpoint, delivery, log);
  }
  await planDeliveries(db, userId, endpointId);
}

/** Makes one attempt and records it. Returns whether the address was slow. */
async function send(
  services: Services,
  { userId, endpointId }: EndpointOfUser,
  delivery: ClaimedDelivery,
  log: Log,
): Promise<boolean> {
  const { config, db, limits, onStep, resolveHost } = services;
  const { id, type, body, attempts } = delivery;
  const begun = performance.now();
  const { error, httpStatus } = await postWebhook(
    delivery.url,
    { body, headers: headersOf(services, userId, endpointId, delivery) },
    {
      timeoutMs: limits.webhookSend,
      allowsLocal: config.localWebhooks,
      resolve: resolveHost,
    },
  );
  const ms = Math.round(performance.now() - begun);
  onStep?.("webhook sent");
  const isSlow = ms > limits.webhookSlow;
  const isGone = httpStatus === 410;
  if (isGone) await disableWebhook(db, userId, endpointId);
  const retryInMs = isGone ? null : waitAfter(attempts, limits);
  const end = { error, httpStatus, isSlow, retryInMs };
  await recordDelivery(db, userId, endpointId, delivery, end);
  const outcome = error === null ? "delivered" : "failed";
  const line = { event: "webhook_sent", outcome, userId, endpointId, deliveryId: id, type };
  log.info({ ...line, attempts, error, httpStatus, ms }, "Webhook sent");
  return isSlow;
}

/** Both secrets sign while the old one is valid. https://www.standardwebhooks.com */
function headersOf(
  { vault, clock }: Services,
  userId: string,
  endpointId: string,
  { id, body, secretSealed, oldSecretSealed }: ClaimedDelivery,
): Record<string, string> {
  const now = clock.now();
  const owner = webhookSecretOwner(userId, endpointId);
  const signatures = [secretSealed, oldSecretSealed].flatMap((sealed) =>
    sealed === null ? [] : [new Webhook(vault.open(sealed, owner).reveal()).sign(id, now, body)],
  );
  return {
    "content-type": "application/json",
    "user-agent": "Fiscility-Webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": signatures.join(" "),
  };
}

/** 5 s, 20 s, 80 s …, plus up to a tenth, so that retries to addresses of one host are spread. */
function waitAfter(
  attempts: number,
  { webhookRetry, webhookRetryLongest }: Services["limits"],
): number {
  const wait = Math.min(webhookRetry * 4 ** (attempts - 1), webhookRetryLongest);
  return wait + randomInt(Math.ceil(wait / 10));
}
