import { z } from "zod";
import { itemProblemKind } from "./item-problem-schema.ts";
import { type WebhookData, type WebhookEvent, webhookEventTypes } from "./webhook-event-types.ts";

export const webhookEventType = z.enum(webhookEventTypes);
/** The event of a delivery. */
export const sentEventType = z.enum([...webhookEventTypes, "webhook.test"]);

const itemId = z.uuid().describe("The Item that it is about.");
const institutionName = z.string().nullable().describe("The bank's name; null when unknown.");
const linkId = z
  .uuid()
  .nullable()
  .describe(
    "The Link that it came from, for `connections.get`; null when it came from no Link of ours, or when `connectAccount` did not say which of several.",
  );
const ofItem = z.object({ itemId, institutionName });

const data = {
  "connection.connected": ofItem.extend({
    linkId,
    accountCount: z.number().int().positive().describe("How many accounts were connected."),
  }),
  "connection.failed": z.object({
    linkId,
    institutionName,
    reason: z
      .string()
      .describe(
        "Why: a reason of `connectAccount`. Where a retry can help, `connection.connected` may follow.",
      ),
  }),
  "connection.problem": ofItem.extend({
    problem: z
      .union([itemProblemKind, z.literal("expiring")])
      .describe(
        "How to restore the bank's data, like `problem.kind` of its Item. `wait`: the bank does not respond, and the user need not do anything. `expiring`: the permission ends soon.",
      ),
  }),
  "connection.recovered": ofItem,
  "connection.disconnected": ofItem,
  "accounts.changed": ofItem,
  "transactions.changed": z.object({ itemId }),
  "webhook.test": z.object({ webhookId: z.uuid().describe("The webhook that is tried.") }),
} satisfies { [Type in keyof WebhookData]: z.ZodType<WebhookData[Type]> };

const eventOf = <Type extends keyof WebhookData>(type: Type) =>
  z.object({
    type: z.literal(type),
    timestamp: z.iso.datetime().describe("When it happened, ISO 8601 UTC."),
    data: data[type],
  });

/** The body of a webhook. It is sent with snake_case fields, like REST's. */
export const webhookEvent = z.discriminatedUnion("type", [
  eventOf("connection.connected"),
  eventOf("connection.failed"),
  eventOf("connection.problem"),
  eventOf("connection.recovered"),
  eventOf("connection.disconnected"),
  eventOf("accounts.changed"),
  eventOf("transactions.changed"),
  eventOf("webhook.test"),
]) satisfies z.ZodType<WebhookEvent>;
