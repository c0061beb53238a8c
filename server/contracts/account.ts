import { z } from "zod";
import { itemWithAccounts } from "./accounts.ts";
import { activityEntry } from "./activity.ts";
import { apiKey } from "./api-keys.ts";
import { consent } from "./consents.ts";
import { noticeKind } from "./mail.ts";
import { planRequest } from "./plan.ts";
import { secondFactors } from "./second-factors.ts";
import { securityEvent } from "./security-events.ts";
import { logIn, session, viewer } from "./session.ts";
import { transaction } from "./transactions.ts";
import { webhookEndpoint } from "./webhook-endpoints.ts";

/** All data of a user except secrets, for themselves. */
export const exportOutput = z.object({
  exportedAt: z.iso.datetime().describe("When the export was made, ISO 8601 UTC."),
  user: viewer.describe("The user."),
  plan: z.string().describe("The plan's id, as in `plan.get`."),
  items: z.array(itemWithAccounts).describe("Every live Item, newest first."),
  planRequests: z.array(planRequest).describe("Requests for larger plans, newest first."),
  activity: z.array(activityEntry).describe("The whole activity of the connections, newest first."),
  logIns: z.array(logIn).describe("Log-ins of the last 400 days, newest first."),
  securityEvents: z
    .array(securityEvent)
    .describe("The whole security history, newest first, including log-ins."),
  consents: z.array(consent).describe("The consent for each connected bank, newest first."),
  declinedNotices: z.array(noticeKind).describe("The notices that the user has declined."),
  secondFactors: secondFactors.describe("The second factors of log-ins."),
  sessions: z.array(session).describe("Live sessions, most recently used first."),
  apiKeys: z
    .array(apiKey)
    .describe("API keys, revoked and expired ones too, newest first; never the keys themselves."),
  webhooks: z
    .array(webhookEndpoint)
    .describe("The addresses that webhooks are sent to, without their secrets, newest first."),
  transactions: z.array(transaction).describe("All transactions, newest first."),
});
export type ExportOutput = z.infer<typeof exportOutput>;

/** `confirmation`: `delete my account`; case and spacing do not matter. */
export const deleteAccountInput = z.strictObject({ confirmation: z.string().max(100) });
export type DeleteAccountInput = z.infer<typeof deleteAccountInput>;
export const deleteAccountOutput = z.object({
  deleted: z.literal(true),
  /** How many banks were disconnected. */
  banks: z.number().int().nonnegative(),
});
export type DeleteAccountOutput = z.infer<typeof deleteAccountOutput>;
