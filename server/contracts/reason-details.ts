import { z } from "zod";
import { scope } from "./api-keys.ts";
import { itemStatus } from "./item-status.ts";

/** Fields some reasons carry beside their name; safe to show to the person concerned. */
export const reasonDetails = {
  /**
   * `plan`: its name; `used`: live accounts now; `wanted`: how many this connection would add, at least.
   * `choice`: some fit, and the same public_token may be sent again with the `accountIds` of `room` of
   * these accounts at most; absent where nothing can be chosen any more.
   */
  limit_reached: z.object({
    plan: z.string(),
    limit: z.number().int(),
    used: z.number().int(),
    wanted: z.number().int(),
    choice: z
      .object({
        room: z.number().int(),
        accounts: z
          .array(
            z.object({
              id: z.string(),
              name: z.string().nullable(),
              mask: z.string().nullable(),
              type: z.string().nullable(),
              subtype: z.string().nullable(),
            }),
          )
          .readonly(),
      })
      .optional(),
  }),
  /**
   * The Item that holds the accounts already, for update mode. `mayConnectAnyway`: the match is
   * only likely, so the same public_token may be sent again with `connectAnyway`. `newCount` of the
   * `offeredCount` accounts are new, and update mode can add them to the Item. `itemStatus`: how the
   * Item stands, as checked since; absent when Plaid did not tell. `revoked`: its access has ended, and the same
   * public_token is accepted now.
   */
  duplicate_accounts: z.object({
    itemId: z.uuid(),
    institutionName: z.string(),
    accounts: z.array(z.object({ id: z.uuid(), name: z.string(), mask: z.string().nullable() })),
    mayConnectAnyway: z.boolean(),
    offeredCount: z.number().int(),
    newCount: z.number().int(),
    itemStatus: itemStatus.optional(),
  }),
  /** `message`: the bank's problem in Plaid's words for the user; null where it has none. */
  bank_error: z.object({ message: z.string().nullable() }),
  /** `cleanUp`: whether we end the unfinished connection. Without Plaid's User APIs we cannot. */
  exchange_lost: z.object({ cleanUp: z.boolean() }),
  /** The words that confirm. */
  confirmation_mismatch: z.object({ expected: z.string() }),
  /** Where the input does not fit: a dotted path and what is expected there. */
  invalid_input: z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) }),
  /** `required`: what the call asks of a key; `held`: what this key has. */
  scope_missing: z.object({ required: scope, held: z.array(scope) }),
  /**
   * `limit` calls every `windowSeconds`, or at once where that is 0; `retryAfterSeconds` until there
   * is room again.
   */
  rate_limited: z.object({
    limit: z.number().int(),
    windowSeconds: z.number().int(),
    retryAfterSeconds: z.number().int(),
  }),
  /** Seconds after which it is worth trying again. */
  too_many_attempts: z.object({ retryAfterSeconds: z.number().int() }),
  /** Seconds after which it is worth trying again. */
  busy: z.object({ retryAfterSeconds: z.number().int() }),
  /** Seconds after which it is worth trying again. */
  log_in_busy: z.object({ retryAfterSeconds: z.number().int() }),
  /** Seconds after which the bank may be refreshed again. */
  refreshed_recently: z.object({ retryAfterSeconds: z.number().int() }),
  /** `limit`: live keys a person may have. */
  too_many_api_keys: z.object({ limit: z.number().int() }),
  /** `limit`: addresses that a user may have webhooks sent to. */
  too_many_webhooks: z.object({ limit: z.number().int() }),
  /** `limit`: passkeys a user may have. */
  too_many_passkeys: z.object({ limit: z.number().int() }),
} as const;

export type ReasonDetails = {
  [R in keyof typeof reasonDetails]: z.infer<(typeof reasonDetails)[R]>;
};
