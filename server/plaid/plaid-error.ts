import { FiscilityError, type PlaidFailure, type Reason } from "../contracts/errors.ts";

/**
 * Plaid's error codes that mean something of their own to the person.
 * https://plaid.com/docs/errors/
 */
const reasonsByCode: Record<string, Reason> = {
  INVALID_PUBLIC_TOKEN: "public_token_invalid",
  ITEM_LOGIN_REQUIRED: "bank_login_required",
  INVALID_CREDENTIALS: "bank_login_required",
  ITEM_LOCKED: "bank_login_required",
  USER_SETUP_REQUIRED: "bank_login_required",
  INSTITUTION_DOWN: "bank_unavailable",
  INSTITUTION_NOT_RESPONDING: "bank_unavailable",
  INSTITUTION_NOT_AVAILABLE: "bank_unavailable",
  INSTITUTION_NO_LONGER_SUPPORTED: "bank_unavailable",
};

/**
 * What a failed call to Plaid becomes. No answer, an answer that is not Plaid's, and Plaid's own
 * 5xx are `plaid_unavailable`: Plaid may or may not have acted. The SDK's error itself goes no
 * further: it carries the request with its tokens.
 */
export function toPlaidFailure(error: unknown): FiscilityError {
  if (!isSdkError(error)) {
    return new FiscilityError("plaid_unavailable", {
      plaid: failure("MALFORMED_ANSWER"),
      cause: new Error(error instanceof Error ? error.name : "unknown"),
    });
  }
  const { response } = error;
  if (!response) return new FiscilityError("plaid_unavailable", { plaid: failure(error.code) });

  const body: Partial<Record<string, unknown>> =
    typeof response.data === "object" && response.data !== null ? response.data : {};
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 200) : null);
  const plaid: PlaidFailure = {
    errorType: text(body.error_type),
    errorCode: text(body.error_code),
    requestId: text(body.request_id),
    httpStatus: response.status,
  };
  if (plaid.errorType === "RATE_LIMIT_EXCEEDED" || response.status === 429) {
    return new FiscilityError("busy", { plaid });
  }
  const known = plaid.errorCode === null ? undefined : reasonsByCode[plaid.errorCode];
  if (known) return new FiscilityError(known, { plaid });
  const unavailable = plaid.errorCode === null || response.status >= 500;
  return new FiscilityError(unavailable ? "plaid_unavailable" : "plaid_refused", { plaid });
}

/** A failure that Plaid did not word itself: a time-out, a dropped connection, garbage. */
function failure(errorCode: string | undefined): PlaidFailure {
  return { errorType: null, errorCode: errorCode ?? null, requestId: null, httpStatus: null };
}

/** The SDK's errors are those of axios, which it brings itself. */
function isSdkError(
  error: unknown,
): error is Error & { code?: string; response?: { status: number; data: unknown } } {
  return error instanceof Error && "isAxiosError" in error && error.isAxiosError === true;
}
