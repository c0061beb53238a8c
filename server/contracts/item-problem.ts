import type { bankReasons } from "./bank-reasons.ts";

// Without zod: the browser needs this table, and the schemas are in `item-problem-schema.ts`.

/** What cures an Item whose data does not come, by what the user has to do. */
export const itemProblemKinds = [
  "log_in",
  "choose_accounts",
  "allow_access",
  "act_at_bank",
  "wait",
  "unsupported",
  "connect_again",
  "unknown",
] as const;
export type ItemProblemKind = (typeof itemProblemKinds)[number];

/** Why an Item's data does not come, as a user reads it. */
export interface ItemProblem {
  kind: ItemProblemKind;
  message: string;
}

/** The problem that is stored with an Item; `message` is Plaid's, where ours does not say enough. */
export interface StoredProblem {
  kind: ItemProblemKind;
  message: string | null;
}

/**
 * What to show of an Item's problem; null when there is none. During a roll-out the release before this
 * one writes a status without a problem, or leaves one behind: then the status decides.
 */
export function shownProblem(status: string, stored: StoredProblem | null): ItemProblem | null {
  const asks = status === "login_required" || status === "revoked" ? status : null;
  const fits = stored !== null && itemProblems[stored.kind].status === asks;
  if (!fits && asks === null) return null;
  const kind = fits ? stored.kind : asks === "revoked" ? "connect_again" : "log_in";
  return { kind, message: (fits ? stored.message : null) ?? itemProblems[kind].message };
}

interface ItemProblemEntry {
  /** What the Item's status becomes; null leaves it as it is. */
  status: "login_required" | "revoked" | null;
  /** What a call gets that fails with it. */
  reason: keyof typeof bankReasons;
  /** The button on the card; null where there is nothing that the user can do. */
  action: "reconnect" | "choose" | "connect_again" | "disconnect" | null;
  /** The kind of its activity entry, which also names the problem. */
  activity: "login_required" | "revoked" | "failed";
  /** The sentence on the card. */
  message: string;
}

/** The one table of what each problem means for the Item, the caller and the card. */
export const itemProblems = {
  log_in: {
    status: "login_required",
    reason: "bank_login_required",
    action: "reconnect",
    activity: "login_required",
    message:
      "This bank asks you to log in again. Reconnect it to do so. The balances below are from the last time it answered.",
  },
  choose_accounts: {
    status: "login_required",
    reason: "bank_accounts_required",
    action: "choose",
    activity: "login_required",
    message:
      "This bank no longer shares the accounts that you chose. Choose them again. The balances below are from the last time it answered.",
  },
  allow_access: {
    status: "login_required",
    reason: "bank_access_required",
    action: "reconnect",
    activity: "login_required",
    message:
      "This bank needs your permission to share this data. Reconnect it and allow access. The balances below are from the last time it answered.",
  },
  act_at_bank: {
    status: "login_required",
    reason: "bank_action_required",
    action: "reconnect",
    activity: "login_required",
    message:
      "Your bank needs something from you first. Log in on its website or app, do what it asks, then reconnect it here.",
  },
  wait: {
    status: null,
    reason: "bank_unavailable",
    action: null,
    activity: "failed",
    message:
      "This bank does not respond right now. We keep trying, and there is nothing you need to do.",
  },
  unsupported: {
    status: "revoked",
    reason: "bank_unsupported",
    action: "disconnect",
    activity: "revoked",
    message:
      "This bank can no longer be read. What you have here is kept. You can disconnect the bank at any time.",
  },
  connect_again: {
    status: "revoked",
    reason: "item_gone",
    action: "connect_again",
    activity: "revoked",
    message:
      "Access to this bank has ended. What you have here is kept. Connect it again to continue.",
  },
  unknown: {
    status: "login_required",
    reason: "bank_error",
    action: "reconnect",
    activity: "login_required",
    message: "This bank reported a problem. Reconnect it to try again.",
  },
} as const satisfies Record<ItemProblemKind, ItemProblemEntry>;

/**
 * Every Item, institution and access error that Plaid documents, by what cures it. Connect, sync,
 * webhooks, update mode and Link's `onExit` all read this table.
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
    // Wrong keys of ours look the same: `server/items/refused-token.ts` decides whether it is believed.
    "INVALID_ACCESS_TOKEN",
  ],
  unknown: [],
};

const kindOf: ReadonlyMap<string, ItemProblemKind> = new Map(
  (Object.entries(codes) as [ItemProblemKind, readonly string[]][]).flatMap(([kind, all]) =>
    all.map((code) => [code, kind] as const),
  ),
);

/** What cures an error of Plaid's with this code; undefined for a code that is not in the table. */
export const problemOfCode = (code: string): ItemProblemKind | undefined => kindOf.get(code);
