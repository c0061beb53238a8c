import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { list } from "./list.ts";
import { text } from "./text.ts";
import { sentEventType, webhookEventType } from "./webhook-events.ts";

const endpointId = z.uuid().describe("The webhook's id.");

/** A user's own address that receives webhooks. Its secret is shown once and is not part of this. */
export const webhookEndpoint = z.object({
  id: endpointId,
  url: z.string().describe("Where webhooks are sent."),
  events: z.array(webhookEventType).describe("The events that it receives."),
  createdAt: z.iso.datetime().describe("When it was added, ISO 8601 UTC."),
  oldSecretUntil: z.iso
    .datetime()
    .nullable()
    .describe("Until when the previous secret also signs; null when there is none."),
  last: z
    .enum(["delivered", "waiting", "failed"])
    .nullable()
    .describe("The state of its newest delivery; null when there is none."),
  disabled: z
    .object({
      at: z.iso.datetime().describe("Since when, ISO 8601 UTC."),
      reason: z.enum(["gone"]).describe("`gone`: it responded 410 Gone."),
    })
    .nullable()
    .describe("Why nothing is sent to it until `webhooks.enable`; null while it is enabled."),
});
export type WebhookEndpoint = z.infer<typeof webhookEndpoint>;

/** `webhooks.create`: an address, and the events to send there. */
export const createWebhookInput = z.strictObject({
  url: text
    .trim()
    .min(1, fieldProblems.address)
    .max(2000, fieldProblems.atMost("2,000"))
    .describe("An https address that the internet can reach; in local mode also http on loopback."),
  events: list(z.array(webhookEventType).min(1, fieldProblems.events), 100).describe(
    "The events to send.",
  ),
});
export type CreateWebhookInput = z.infer<typeof createWebhookInput>;

/** The only response that contains the secret. */
export const webhookSecretOutput = z.object({
  webhook: webhookEndpoint.describe("The address."),
  secret: z
    .string()
    .describe("Signs the webhooks: `whsec_` and 32 random bytes in base64. It is not shown again."),
});
export type WebhookSecretOutput = z.infer<typeof webhookSecretOutput>;

/** `webhooks.list`: all of the user's addresses, newest first. */
export const webhooksListOutput = z.object({
  webhooks: z.array(webhookEndpoint).describe("Newest first."),
});

export const webhookInput = z.strictObject({ id: endpointId });
export const webhookOutput = z.object({
  webhook: webhookEndpoint.describe("The address that was removed."),
});

/** `webhooks.enable` */
export const webhookEnableOutput = z.object({
  webhook: webhookEndpoint.describe("The address."),
});

/** Why a delivery failed, when there is no HTTP status for it. */
export const deliveryError = z.enum([
  "timed_out",
  "name_not_found",
  "address_not_public",
  "connection_failed",
  "certificate_invalid",
  "redirected",
  "status",
  "disabled",
]);
export type DeliveryError = z.infer<typeof deliveryError>;

/** One event to deliver to one address. Kept for 30 days. */
export const webhookDelivery = z.object({
  id: z.uuid().describe("The delivery's id, which is also the header `webhook-id`."),
  event: sentEventType.describe("The event that it reports."),
  status: z
    .enum(["waiting", "delivered", "failed"])
    .describe(
      "`waiting`: the next attempt is at `nextAttemptAt`. `failed`: no attempt succeeded within 24 hours, or the address was disabled.",
    ),
  attempts: z.number().int().nonnegative().describe("How often it was sent."),
  httpStatus: z.number().int().nullable().describe("The HTTP status of the last response."),
  error: deliveryError
    .nullable()
    .describe(
      "Why the last attempt failed; null when it did not. `status`: `httpStatus` is not 2xx. `disabled`: there was no further attempt, because the address was disabled.",
    ),
  createdAt: z.iso.datetime().describe("When it happened, ISO 8601 UTC."),
  attemptedAt: z.iso.datetime().nullable().describe("When it was last sent."),
  nextAttemptAt: z.iso.datetime().nullable().describe("When it is next sent; null for never."),
  body: z.string().describe("The body that is sent."),
});
export type WebhookDelivery = z.infer<typeof webhookDelivery>;

/** `webhooks.deliveries`: the newest 100, newest first. */
export const webhookDeliveriesOutput = z.object({
  deliveries: z.array(webhookDelivery).describe("Newest first."),
});

export const redeliverWebhookInput = z.strictObject({
  id: z.uuid().describe("The delivery's id. It is sent again with the same `webhook-id`."),
});
/** `webhooks.sendTest` */
export const webhookTestOutput = z.object({
  delivery: webhookDelivery.describe("The delivery of the test event, which is due now."),
});
export const redeliverWebhookOutput = z.object({
  delivery: webhookDelivery.describe("The delivery, which is due now."),
});
