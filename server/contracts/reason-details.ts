import { z } from "zod";
import { scope } from "./api-keys.ts";
import { itemStatus } from "./item-status.ts";

const retryAfter = z
  .number()
  .int()
  .describe("Seconds until the same request is worth sending again.");

/** The details of some reasons; safe to show to the caller. */
export const reasonDetails = {
  limit_reached: z.object({
    plan: z.string().describe("The plan's name."),
    limit: z.number().int().describe("Accounts that the plan has room for."),
    used: z.number().int().describe("Accounts that are connected now."),
    wanted: z.number().int().describe("How many this connection would add, at least."),
    choice: z
      .object({
        room: z.number().int().describe("How many of `accounts` may be connected."),
        accounts: z
          .array(
            z.object({
              id: z.string().describe("Plaid's id of the account, for `accountIds`."),
              name: z.string().nullable().describe("Its name; null when Link returned none."),
              mask: z
                .string()
                .nullable()
                .describe("The last characters of its number; null when Link returned none."),
              type: z.string().nullable().describe("Plaid's type; null when Link returned none."),
              subtype: z
                .string()
                .nullable()
                .describe("Plaid's subtype; null when Link returned none."),
            }),
          )
          .readonly()
          .describe("The accounts to choose from."),
      })
      .optional()
      .describe(
        "Present when some accounts fit: the same public_token may be sent again with `accountIds`.",
      ),
  }),
  duplicate_accounts: z.object({
    itemId: z.uuid().describe("The Item that holds the accounts already, for update mode."),
    institutionName: z.string().describe("The bank's name."),
    accounts: z
      .array(
        z.object({
          id: z.uuid().describe("Our id of the account."),
          name: z.string().describe("Its name."),
          mask: z
            .string()
            .nullable()
            .describe("The last characters of its number; null when the bank returns none."),
        }),
      )
      .describe("The accounts that are connected already."),
    mayConnectAnyway: z
      .boolean()
      .describe(
        "The match is only likely: the same public_token may be sent again with `connectAnyway`.",
      ),
    offeredCount: z.number().int().describe("How many accounts the bank shared."),
    newCount: z
      .number()
      .int()
      .describe("How many of them are new, which update mode can add to the Item."),
    itemStatus: itemStatus
      .optional()
      .describe(
        "The Item's status, checked just now; absent when Plaid could not be reached. `revoked`: its access has ended, and the same public_token is accepted now.",
      ),
  }),
  bank_error: z.object({
    message: z
      .string()
      .nullable()
      .describe("Plaid's message for the user about the bank's problem; null when there is none."),
  }),
  exchange_lost: z.object({
    cleanUp: z
      .boolean()
      .describe("Whether we can remove the unfinished connection, which needs Plaid's User APIs."),
  }),
  confirmation_mismatch: z.object({ expected: z.string().describe("The words that confirm.") }),
  invalid_input: z.object({
    issues: z
      .array(
        z.object({
          path: z.string().describe("The field, as a dotted path."),
          message: z.string().describe("What is expected there."),
        }),
      )
      .describe("What is wrong with the input."),
  }),
  scope_missing: z.object({
    required: scope.describe("The scope that the call needs."),
    held: z.array(scope).describe("The scopes that this key has."),
  }),
  rate_limited: z.object({
    limit: z
      .number()
      .int()
      .describe("Calls in a window, or concurrent calls when the window is 0."),
    windowSeconds: z.number().int().describe("The length of a window, in seconds."),
    retryAfterSeconds: z.number().int().describe("Seconds until there is room again."),
  }),
  too_many_attempts: z.object({ retryAfterSeconds: retryAfter }),
  busy: z.object({ retryAfterSeconds: retryAfter }),
  log_in_busy: z.object({ retryAfterSeconds: retryAfter }),
  refreshed_recently: z.object({
    retryAfterSeconds: z.number().int().describe("Seconds until the bank may be refreshed again."),
  }),
  too_many_api_keys: z.object({
    limit: z.number().int().describe("Live keys that a user may have."),
  }),
  too_many_webhooks: z.object({
    limit: z.number().int().describe("Addresses that a user may have webhooks sent to."),
  }),
  too_many_passkeys: z.object({
    limit: z.number().int().describe("Passkeys that a user may have."),
  }),
} as const;

export type ReasonDetails = {
  [R in keyof typeof reasonDetails]: z.infer<(typeof reasonDetails)[R]>;
};
