import { z } from "zod";
import { itemProblemKind } from "./item-problem-schema.ts";

/**
 * What can happen to a user's connections. `already_connected`: the bank returned only known accounts.
 * `reconnected`: the user logged in again at a bank that required it. `disconnected`: the user disconnected
 * the bank.
 *
 * Reported by Plaid: `login_required`, `expiring` (it soon will be), `revoked` and `account_revoked` (the
 * user withdrew the permission at the bank), `repaired`, `new_accounts`.
 */
export const activityKind = z.enum([
  "connected",
  "already_connected",
  "refused",
  "failed",
  "reconnected",
  "disconnected",
  "login_required",
  "expiring",
  "revoked",
  "repaired",
  "new_accounts",
  "account_revoked",
]);
export type ActivityKind = z.infer<typeof activityKind>;

/**
 * One entry of a user's activity. `createdAt` is ISO 8601 UTC. `reason` is set on `refused` and `failed`;
 * `link_not_finished` is the only one that no procedure throws: the user finished at the bank, and the result
 * never reached us. On a `reconnected` it is `limit_reached` when the plan had no room for new accounts, and
 * `accounts_chosen` when the user changed the connected accounts without another log-in.
 */
export const activityEntry = z.object({
  id: z.uuid().describe("The entry's id."),
  kind: activityKind.describe("What happened."),
  itemId: z
    .uuid()
    .nullable()
    .describe("The Item it is about; null when none was created or it was disconnected."),
  institutionName: z.string().nullable().describe("The bank's name; null when unknown."),
  accountCount: z.number().int().nonnegative().describe("How many accounts it is about."),
  reason: z
    .string()
    .nullable()
    .describe("Why, on `refused`, `failed` and some `reconnected`; null on all others."),
  problem: itemProblemKind
    .nullable()
    .describe(
      "For an entry about a connected bank whose data stopped: what restores it. Its `kind` is then `login_required`, `revoked`, or `failed` for `wait`.",
    ),
  cleanUp: z
    .enum(["pending", "done"])
    .nullable()
    .describe(
      "For a connection that may still exist at the bank connection service: whether it has been removed. Null for all others, and when it cannot be found.",
    ),
  createdAt: z.iso.datetime().describe("When it happened, ISO 8601 UTC."),
});
export type ActivityEntry = z.infer<typeof activityEntry>;

/** `activity.list`: the newest 100 entries, newest first. */
export const activityListOutput = z.object({
  entries: z.array(activityEntry).describe("The newest 100, newest first."),
});
export type ActivityListOutput = z.infer<typeof activityListOutput>;
