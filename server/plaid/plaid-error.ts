import { FiscilityError, type PlaidFailure, type Reason } from "../contracts/errors.ts";
import { cleanText } from "../contracts/text.ts";

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
      plaid: unanswered("MALFORMED_ANSWER"),
      cause: new Error(error instanceof Error ? error.name : "unknown"),
    });
  }
  const { response } = error;
  if (!response) return new FiscilityError("plaid_unavailable", { plaid: unanswered(error.code) });

  const body: Partial<Record<string, unknown>> =
    typeof response.data === "object" && response.data !== null ? response.data : {};
  const text = (value: unknown) =>
    typeof value === "string" ? cleanText(value, 200) || null : null;
  const errorCode = text(body.error_code);
  const plaid: PlaidFailure = {
    errorType: text(body.error_type),
    errorCode,
    requestId: text(body.request_id),
    httpStatus: response.status,
    mayHaveActed: response.status >= 500 || errorCode === null,
    retryAfter: retryAfter(response.headers?.["retry-after"]),
  };
  if (plaid.errorType === "RATE_LIMIT_EXCEEDED" || response.status === 429) {
    return busy({ ...plaid, mayHaveActed: false });
  }
  const known = errorCode === null ? undefined : reasonsByCode[errorCode];
  // A bank that is down says so with a 5xx of its own: Plaid has answered, and did not act.
  if (known) return new FiscilityError(known, { plaid: { ...plaid, mayHaveActed: false } });
  return new FiscilityError(plaid.mayHaveActed ? "plaid_unavailable" : "plaid_refused", { plaid });
}

/** Plaid, or our own count of what it allows, asks us to wait. */
export function busy(plaid: PlaidFailure): FiscilityError {
  const retryAfterSeconds = Math.max(1, Math.ceil(plaid.retryAfter ?? 1));
  return new FiscilityError("busy", { plaid, details: { retryAfterSeconds } });
}

/** Seconds, from a header that holds seconds or a date; null when it says neither. */
function retryAfter(header: unknown): number | null {
  if (typeof header !== "string") return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** What never reached Plaid's door. */
const notSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

/** A failure that Plaid did not word itself: a time-out, a dropped connection, garbage. */
export function unanswered(errorCode: string | undefined): PlaidFailure {
  return {
    errorType: null,
    errorCode: errorCode ?? null,
    requestId: null,
    httpStatus: null,
    mayHaveActed: !notSent.has(errorCode ?? ""),
    retryAfter: null,
  };
}

/** The SDK's errors are those of axios, which it brings itself. */
function isSdkError(error: unknown): error is Error & {
  code?: string;
  response?: { status: number; data: unknown; headers?: Record<string, unknown> };
} {
  return error instanceof Error && "isAxiosError" in error && error.isAxiosError === true;
}
