import type { bankReasons } from "./bank-reasons.ts";

// Without zod, because the browser needs this table. The schemas are in `item-problem-schema.ts`.

/** How to restore an Item's data, by what the user has to do. */
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

/** Why an Item's data does not arrive, with a message for the user. */
export interface ItemProblem {
  kind: ItemProblemKind;
  message: string;
}

/** The problem that is stored with an Item. `message` is Plaid's, when ours does not say enough. */
export interface StoredProblem {
  kind: ItemProblemKind;
  message: string | null;
}

/**
 * Returns the problem to show for an Item; null when there is none. During a roll-out the previous release
 * writes a status without a problem, or leaves an old problem in place: then the status decides.
 */
export function shownProblem(status: string, stored: StoredProblem | null): ItemProblem | null {
  const asks = status === "login_required" || status === "revoked" ? status : null;
  const fits = stored !== null && itemProblems[stored.kind].status === asks;
  if (!fits && asks === null) return null;
  const kind = fits ? stored.kind : asks === "revoked" ? "connect_again" : "log_in";
  return { kind, message: (fits ? stored.message : null) ?? itemProblems[kind].message };
}

interface ItemProblemEntry {
  /** The Item's new status; null does not change it. */
  status: "login_required" | "revoked" | null;
  /** The reason of a call that fails with it. */
  reason: keyof typeof bankReasons;
  /** The button on the card; null when there is nothing the user can do. */
  action: "reconnect" | "choose" | "connect_again" | "disconnect" | null;
  /** The kind of its activity entry, which also has the problem. */
  activity: "login_required" | "revoked" | "failed";
  /** The message on the card. */
  message: string;
}

/** What each problem means for the Item, the caller and the card, in one table. */
export const itemProblems = {
  log_in: {
    status: "login_required",
    reason: "bank_login_required",
    action: "reconnect",
    activity: "login_required",
    message:
      "This bank asks you to log in again. Reconnect it to do so. The balances below are from the last time it responded.",
  },
  choose_accounts: {
    status: "login_required",
    reason: "bank_accounts_required",
    action: "choose",
    activity: "login_required",
    message:
      "This bank no longer shares the accounts that you chose. Choose them again. The balances below are from the last time it responded.",
  },
  allow_access: {
    status: "login_required",
    reason: "bank_access_required",
    action: "reconnect",
    activity: "login_required",
    message:
      "This bank needs your permission to share this data. Reconnect it and allow access. The balances below are from the last time it responded.",
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
 * Every Item, institution and access error that Plaid documents, by what resolves it. Connect, sync,
 * webhooks, update mode and Link's `onExit` all use this table.
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
    // Wrong keys of ours cause the same code: `server/items/refused-token.ts` decides whether to believe it.
    "INVALID_ACCESS_TOKEN",
  ],
  unknown: [],
};

const kindOf: ReadonlyMap<string, ItemProblemKind> = new Map(
  (Object.entries(codes) as [ItemProblemKind, readonly string[]][]).flatMap(([kind, all]) =>
    all.map((code) => [code, kind] as const),
  ),
);

/** Returns what resolves an error of Plaid with this code; undefined when the code is not in the table. */
export const problemOfCode = (code: string): ItemProblemKind | undefined => kindOf.get(code);
