import type { PlaidFailure } from "../contracts/errors.ts";
import type { ItemProblemKind } from "../contracts/item-problem.ts";

/** What Plaid said of an Item: in the error of a call, in `/item/get`, or in a webhook. */
export type ItemError = Pick<PlaidFailure, "errorType" | "errorCode" | "displayMessage">;

/**
 * Every Item, institution and access error that Plaid documents, by what cures it. Connect, sync,
 * webhooks and update mode all read this table.
 *
 * @see https://plaid.com/docs/errors/item/ https://plaid.com/docs/errors/institution/
 * @see https://plaid.com/docs/errors/api/ https://plaid.com/docs/errors/invalid-input/
 */
const codes: Record<ItemProblemKind, readonly string[]> = {
  log_in: [
    "ITEM_LOGIN_REQUIRED",
    "INVALID_CREDENTIALS",
    "INVALID_MFA",
    "INVALID_OTP",
    "INVALID_PHONE_NUMBER",
    "INVALID_SEND_METHOD",
    "INVALID_UPDATED_USERNAME",
    "INSUFFICIENT_CREDENTIALS",
    "INSTANT_MATCH_FAILED",
    "MANUAL_VERIFICATION_REQUIRED",
    "USER_INPUT_TIMEOUT",
  ],
  choose_accounts: [
    "NO_ACCOUNTS",
    "NO_AUTH_ACCOUNTS",
    "no-depository-accounts",
    "NO_INVESTMENT_ACCOUNTS",
    "NO_INVESTMENT_AUTH_ACCOUNTS",
    "NO_LIABILITY_ACCOUNTS",
  ],
  allow_access: ["ACCESS_NOT_GRANTED", "ADDITIONAL_CONSENT_REQUIRED"],
  act_at_bank: ["ITEM_LOCKED", "PASSWORD_RESET_REQUIRED", "USER_SETUP_REQUIRED"],
  wait: [
    "INSTITUTION_DOWN",
    "INSTITUTION_NOT_AVAILABLE",
    "INSTITUTION_NOT_RESPONDING",
    "UNSUPPORTED_RESPONSE",
    "PRODUCT_NOT_READY",
    "INTERNAL_SERVER_ERROR",
    "plaid-internal-error",
    "PLANNED_MAINTENANCE",
  ],
  unsupported: [
    "ITEM_NOT_SUPPORTED",
    "MFA_NOT_SUPPORTED",
    "PRODUCTS_NOT_SUPPORTED",
    "COUNTRY_NOT_SUPPORTED",
    "INSTITUTION_NO_LONGER_SUPPORTED",
    "INSTITUTION_NOT_ENABLED_IN_ENVIRONMENT",
    "INSTITUTION_NOT_FOUND",
    "INSTITUTION_REGISTRATION_REQUIRED",
    "UNAUTHORIZED_INSTITUTION",
  ],
  connect_again: [
    "ITEM_NOT_FOUND",
    "ITEM_CONCURRENTLY_DELETED",
    "USER_PERMISSION_REVOKED",
    "PRODUCT_NOT_ENABLED",
    // Wrong keys of ours look the same: `items/refused-token.ts` decides whether it is believed.
    "INVALID_ACCESS_TOKEN",
  ],
  unknown: [],
};

const kindOf: ReadonlyMap<string, ItemProblemKind> = new Map(
  (Object.entries(codes) as [ItemProblemKind, readonly string[]][]).flatMap(([kind, all]) =>
    all.map((code) => [code, kind] as const),
  ),
);

/** Errors about the bank or the user's access to it, rather than about our request. */
const typesOfBanks = new Set(["ITEM_ERROR", "INSTITUTION_ERROR"]);

/**
 * What an error of Plaid's means for the Item; null where it says nothing of the Item, as one about
 * our request, our keys or a rate limit. Plaid adds codes: one that is not in the table is `unknown`
 * where its type, or a message for the user, says that it is about the bank.
 */
export function problemOf(error: ItemError): ItemProblemKind | null {
  const { errorType, errorCode, displayMessage } = error;
  if (errorCode === null || errorType === "RATE_LIMIT_EXCEEDED") return null;
  const known = kindOf.get(errorCode);
  if (known) return known;
  const isOfBank = errorType !== null && typesOfBanks.has(errorType);
  return isOfBank || displayMessage !== null ? "unknown" : null;
}

/** Plaid's answer to an access_token that it does not know, under these keys at least. */
export const isRefusedToken = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "INVALID_ACCESS_TOKEN";

/** Plaid says that there is no such Item any more, so that nothing of it is left to remove. */
export const isRemoved = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "ITEM_NOT_FOUND" || error?.errorCode === "ITEM_CONCURRENTLY_DELETED";
