import { FiscilityError, type PlaidFailure, type Reason } from "../contracts/errors.ts";
import { itemProblems } from "../contracts/item-problem.ts";
import { type ItemError, isRefusedToken, problemOf } from "./item-error.ts";

/**
 * Maps a failed call to Plaid to our error. No response, a response that is not Plaid's, and Plaid's own 5xx
 * become `plaid_unavailable`: Plaid may or may not have acted. The SDK's error must not leave this module,
 * because it contains the request with its tokens.
 */
export function toPlaidFailure(error: unknown): FiscilityError {
  if (!isSdkError(error)) {
    return new FiscilityError("plaid_unavailable", {
      plaid: failureWithoutResponse("MALFORMED_ANSWER"),
      cause: new Error(error instanceof Error ? error.name : "unknown"),
    });
  }
  const { response } = error;
  if (!response)
    return new FiscilityError("plaid_unavailable", { plaid: failureWithoutResponse(error.code) });

  const body: Partial<Record<string, unknown>> =
    typeof response.data === "object" && response.data !== null ? response.data : {};
  const errorCode = plainText(body.error_code);
  const plaid: PlaidFailure = {
    errorType: plainText(body.error_type),
    errorCode,
    displayMessage: plainText(body.display_message),
    requestId: plainText(body.request_id),
    httpStatus: response.status,
    mayHaveActed: response.status >= 500 || errorCode === null,
    retryAfter: retryAfter(response.headers?.["retry-after"]),
  };
  if (plaid.errorType === "RATE_LIMIT_EXCEEDED" || response.status === 429) {
    return toBusyError({ ...plaid, mayHaveActed: false });
  }
  return toFailure(plaid);
}

/** Maps an Item's error from `/item/get` to the failure of a call. */
export function toItemFailure(error: ItemError, requestId: string): FiscilityError {
  return toFailure({
    ...failureWithoutResponse(undefined),
    ...error,
    requestId,
    mayHaveActed: false,
  });
}

function toFailure(plaid: PlaidFailure): FiscilityError {
  if (plaid.errorCode === "INVALID_PUBLIC_TOKEN") {
    return new FiscilityError("public_token_invalid", {
      plaid: { ...plaid, mayHaveActed: false },
    });
  }
  // On an API_ERROR Plaid itself failed and may have acted. A refused token is handled in
  // `items/refused-token.ts`.
  const kind = plaid.errorType === "API_ERROR" || isRefusedToken(plaid) ? null : problemOf(plaid);
  if (kind === null) {
    return new FiscilityError(plaid.mayHaveActed ? "plaid_unavailable" : "plaid_refused", {
      plaid,
    });
  }
  // A bank that is down also causes a 5xx. Plaid has responded, so it did not act.
  const options = { plaid: { ...plaid, mayHaveActed: false } };
  if (kind === "unknown") {
    const details = { message: plaid.displayMessage };
    return new FiscilityError("bank_error", { ...options, details });
  }
  return new FiscilityError<Reason>(itemProblems[kind].reason, options);
}

/**
 * Plaid's text in a form that PostgreSQL and JSON can store: without control characters and lone surrogates.
 */
export function plainText(value: unknown, most = 300): string | null {
  if (typeof value !== "string") return null;
  // Cut before the cleaning: cutting a character in two leaves a lone surrogate.
  const plain = value
    .slice(0, most)
    .replace(/[\p{Cc}\p{Cs}]/gu, "")
    .trim();
  return plain === "" ? null : plain;
}

/** Plaid, or our own count of its rate limits, requires a wait. */
export function toBusyError(plaid: PlaidFailure): FiscilityError {
  const retryAfterSeconds = Math.max(1, Math.ceil(plaid.retryAfter ?? 1));
  return new FiscilityError("busy", { plaid, details: { retryAfterSeconds } });
}

/** Returns seconds from a header with seconds or a date; null when it has neither. */
function retryAfter(header: unknown): number | null {
  if (typeof header !== "string") return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** Error codes of requests that never reached Plaid. */
const notSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

/** A failure without Plaid's own error: a timeout, a dropped connection, an invalid response. */
export function failureWithoutResponse(errorCode: string | undefined): PlaidFailure {
  return {
    errorType: null,
    errorCode: errorCode ?? null,
    displayMessage: null,
    requestId: null,
    httpStatus: null,
    mayHaveActed: !notSent.has(errorCode ?? ""),
    retryAfter: null,
  };
}

/** The SDK's errors come from its own copy of axios. */
function isSdkError(error: unknown): error is Error & {
  code?: string;
  response?: { status: number; data: unknown; headers?: Record<string, unknown> };
} {
  return error instanceof Error && "isAxiosError" in error && error.isAxiosError === true;
}
