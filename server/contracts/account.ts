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

/** Everything of a person here but secrets, for themselves. `exportedAt` is ISO 8601 UTC. */
export const exportOutput = z.object({
  exportedAt: z.iso.datetime(),
  person: viewer,
  /** Its id, as in `plan.get`. */
  plan: z.string(),
  items: z.array(itemWithAccounts),
  /** Larger plans that were asked for, newest first. */
  planRequests: z.array(planRequest),
  /** All of it, newest first. */
  activity: z.array(activityEntry),
  /** Of the last 90 days, newest first. */
  logIns: z.array(logIn),
  /** All that is kept of it, newest first; log-ins too. */
  securityEvents: z.array(securityEvent),
  /** What was shown before each bank was connected, newest first. */
  consents: z.array(consent),
  /** The mail that the user does not want. */
  declinedNotices: z.array(noticeKind),
  /** What a log-in asks for after the password. */
  secondFactors,
  /** Those that are not over, the one used last first. */
  sessions: z.array(session),
  /** Revoked and expired ones too, newest first. */
  apiKeys: z.array(apiKey),
  /** All of them, newest first. */
  transactions: z.array(transaction),
});
export type ExportOutput = z.infer<typeof exportOutput>;

/** `confirmation`: `delete my account`; capitals and spacing do not matter. */
export const deleteAccountInput = z.strictObject({ confirmation: z.string().max(100) });
export type DeleteAccountInput = z.infer<typeof deleteAccountInput>;
export const deleteAccountOutput = z.object({
  deleted: z.literal(true),
  /** How many were disconnected with it. */
  banks: z.number().int().nonnegative(),
});
export type DeleteAccountOutput = z.infer<typeof deleteAccountOutput>;
