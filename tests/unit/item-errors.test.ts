import { expect, test } from "vitest";
import { words } from "../../app/activity/words.ts";
import { words as itemWords } from "../../app/dashboard/item-words.ts";
import { reasons } from "../../server/contracts/errors.ts";
import {
  itemProblemKinds,
  itemProblems,
  shownProblem,
} from "../../server/contracts/item-problem.ts";
import { problemOf } from "../../server/plaid/item-error.ts";
import { toPlaidFailure } from "../../server/plaid/plaid-error.ts";

/**
 * Every code in the sections on Items, institutions and the API of https://plaid.com/docs/errors/, and the
 * codes of "invalid input" about access, with the problem expected for each.
 */
const documented = [
  ["ITEM_ERROR", "ITEM_LOGIN_REQUIRED", "log_in"],
  ["ITEM_ERROR", "INVALID_CREDENTIALS", "log_in"],
  ["ITEM_ERROR", "INVALID_MFA", "log_in"],
  ["ITEM_ERROR", "INVALID_OTP", "log_in"],
  ["ITEM_ERROR", "INVALID_PHONE_NUMBER", "log_in"],
  ["ITEM_ERROR", "INVALID_SEND_METHOD", "log_in"],
  ["ITEM_ERROR", "INVALID_UPDATED_USERNAME", "log_in"],
  ["ITEM_ERROR", "INSUFFICIENT_CREDENTIALS", "log_in"],
  ["ITEM_ERROR", "INSTANT_MATCH_FAILED", "log_in"],
  ["ITEM_ERROR", "MANUAL_VERIFICATION_REQUIRED", "log_in"],
  ["ITEM_ERROR", "USER_INPUT_TIMEOUT", "log_in"],
  ["ITEM_ERROR", "NO_ACCOUNTS", "choose_accounts"],
  ["ITEM_ERROR", "NO_AUTH_ACCOUNTS", "choose_accounts"],
  ["ITEM_ERROR", "no-depository-accounts", "choose_accounts"],
  ["ITEM_ERROR", "NO_INVESTMENT_ACCOUNTS", "choose_accounts"],
  ["ITEM_ERROR", "NO_INVESTMENT_AUTH_ACCOUNTS", "choose_accounts"],
  ["ITEM_ERROR", "NO_LIABILITY_ACCOUNTS", "choose_accounts"],
  ["ITEM_ERROR", "ACCESS_NOT_GRANTED", "allow_access"],
  ["INVALID_INPUT", "ADDITIONAL_CONSENT_REQUIRED", "allow_access"],
  ["ITEM_ERROR", "ITEM_LOCKED", "act_at_bank"],
  ["ITEM_ERROR", "PASSWORD_RESET_REQUIRED", "act_at_bank"],
  ["ITEM_ERROR", "USER_SETUP_REQUIRED", "act_at_bank"],
  ["ITEM_ERROR", "PRODUCT_NOT_READY", "wait"],
  ["INSTITUTION_ERROR", "INSTITUTION_DOWN", "wait"],
  ["INSTITUTION_ERROR", "INSTITUTION_NOT_AVAILABLE", "wait"],
  ["INSTITUTION_ERROR", "INSTITUTION_NOT_RESPONDING", "wait"],
  ["INSTITUTION_ERROR", "UNSUPPORTED_RESPONSE", "wait"],
  ["API_ERROR", "INTERNAL_SERVER_ERROR", "wait"],
  ["API_ERROR", "plaid-internal-error", "wait"],
  ["API_ERROR", "PLANNED_MAINTENANCE", "wait"],
  ["ITEM_ERROR", "ITEM_NOT_SUPPORTED", "unsupported"],
  ["ITEM_ERROR", "MFA_NOT_SUPPORTED", "unsupported"],
  ["ITEM_ERROR", "PRODUCTS_NOT_SUPPORTED", "unsupported"],
  ["INSTITUTION_ERROR", "INSTITUTION_NO_LONGER_SUPPORTED", "unsupported"],
  ["INSTITUTION_ERROR", "INSTITUTION_NOT_ENABLED_IN_ENVIRONMENT", "unsupported"],
  ["INSTITUTION_ERROR", "INSTITUTION_NOT_FOUND", "unsupported"],
  ["INSTITUTION_ERROR", "INSTITUTION_REGISTRATION_REQUIRED", "unsupported"],
  ["INSTITUTION_ERROR", "COUNTRY_NOT_SUPPORTED", "unsupported"],
  ["INVALID_INPUT", "UNAUTHORIZED_INSTITUTION", "unsupported"],
  ["ITEM_ERROR", "ITEM_NOT_FOUND", "connect_again"],
  ["ITEM_ERROR", "ITEM_CONCURRENTLY_DELETED", "connect_again"],
  ["ITEM_ERROR", "USER_PERMISSION_REVOKED", "connect_again"],
  ["ITEM_ERROR", "PRODUCT_NOT_ENABLED", "connect_again"],
  ["INVALID_INPUT", "INVALID_ACCESS_TOKEN", "connect_again"],
] as const;

const error = (errorType: string | null, errorCode: string | null, displayMessage?: string) => ({
  errorType,
  errorCode,
  displayMessage: displayMessage ?? null,
});

test.each(documented)("problemOf maps %s %s to %s", (type, code, kind) => {
  expect(problemOf(error(type, code))).toBe(kind);
});

test.each([
  [error("ITEM_ERROR", "A_NEW_CODE"), "unknown"],
  [error("INSTITUTION_ERROR", "ANOTHER"), "unknown"],
  [error("SOMETHING_NEW", "A_CODE", "Please call your bank."), "unknown"],
  [error("INVALID_REQUEST", "INVALID_FIELD"), null],
  [error("INVALID_INPUT", "INVALID_API_KEYS"), null],
  [error("RATE_LIMIT_EXCEEDED", "TRANSACTIONS_LIMIT", "Try again later."), null],
  [error("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"), null],
  [error(null, null), null],
  [error(null, "ECONNRESET"), null],
])("problemOf returns unknown for an undocumented code about the bank (%#)", (given, kind) => {
  expect(problemOf(given)).toBe(kind);
});

/** The SDK error that axios makes from this response. */
const answered = (status: number, data: object) =>
  Object.assign(new Error("Request failed"), {
    isAxiosError: true,
    response: { status, data, headers: {} },
  });

test.each(documented)("A call that fails with %s %s has the reason of %s", (type, code, kind) => {
  const status = type === "API_ERROR" ? 500 : 400;
  const failure = toPlaidFailure(answered(status, { error_type: type, error_code: code }));
  // After a failure Plaid may have acted, and a token that it does not know may be our own mistake.
  const reason =
    type === "API_ERROR"
      ? "plaid_unavailable"
      : code === "INVALID_ACCESS_TOKEN"
        ? "plaid_refused"
        : itemProblems[kind].reason;
  expect([failure.reason, failure.plaid?.mayHaveActed]).toEqual([reason, type === "API_ERROR"]);
});

test("A call that fails with an unknown code passes on Plaid's message, without characters that PostgreSQL rejects", () => {
  const failure = toPlaidFailure(
    answered(400, {
      error_type: "ITEM_ERROR",
      error_code: "A_NEW_CODE",
      display_message: `Call\0 us \ud800now.${"x".repeat(900)}`,
    }),
  );
  const { message } = failure.details as { message: string };
  expect(failure.reason).toBe("bank_error");
  expect(message).toMatch(/^Call us now\.x+$/);
  expect(message.length).toBeLessThanOrEqual(300);
});

/** For each problem: the Item's status, the reason of a call, the card's button, and the activity entry. */
test.each([
  ["log_in", "login_required", "bank_login_required", "reconnect", "login_required"],
  ["choose_accounts", "login_required", "bank_accounts_required", "choose", "login_required"],
  ["allow_access", "login_required", "bank_access_required", "reconnect", "login_required"],
  ["act_at_bank", "login_required", "bank_action_required", "reconnect", "login_required"],
  ["wait", null, "bank_unavailable", null, "failed"],
  ["unsupported", "revoked", "bank_unsupported", "disconnect", "revoked"],
  ["connect_again", "revoked", "item_gone", "connect_again", "revoked"],
  ["unknown", "login_required", "bank_error", "reconnect", "login_required"],
] as const)(
  "The problem %s makes the Item %s, fails calls with %s and offers %s",
  (kind, status, reason, action, activity) => {
    const { message: _, ...entry } = itemProblems[kind];
    expect(entry).toEqual({ status, reason, action, activity });
  },
);

test.each(itemProblemKinds)(
  "The problem %s has a sentence, a pill, an entry and a reason",
  (kind) => {
    const { message, reason } = itemProblems[kind];
    expect(message).toMatch(/^[A-Z].+\.$/);
    expect(reasons[reason].message).toMatch(/^[A-Z].+\.$/);
    expect(itemWords.status[kind]).toBeTruthy();
    expect(words.problem[kind]("Mill Bank")).toContain("Mill Bank");
  },
);

test.each([
  ["good", null, null],
  ["expiring", null, null],
  ["login_required", null, "log_in"],
  ["revoked", null, "connect_again"],
  ["good", "wait", "wait"],
  ["expiring", "wait", "wait"],
  ["good", "log_in", null],
  ["revoked", "choose_accounts", "connect_again"],
  ["login_required", "wait", "log_in"],
  ["login_required", "act_at_bank", "act_at_bank"],
] as const)(
  "shownProblem uses the status when a node of the previous release wrote only one of the two (%s, %s)",
  (status, kind, shown) => {
    expect(shownProblem(status, kind && { kind, message: null })?.kind ?? null).toBe(shown);
  },
);
