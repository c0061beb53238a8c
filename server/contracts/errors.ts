import { bankReasons, type ReasonEntry } from "./bank-reasons.ts";
import type { ReasonDetails } from "./reason-details.ts";

export type { ReasonDetails };

/**
 * Every way a request can fail. A Plaid error, a constraint violation and a limit each become one of these in
 * their adapter and stay it up to the toast.
 *
 * Each reason has: `status` (HTTP), `code` (tRPC), `message` (for the user: what happened, what was kept,
 * what to do next) and `retryable` (the same request, public_token included, may be sent again and can succeed).
 */
export const reasons = {
  ...bankReasons,
  unauthenticated: {
    status: 401,
    code: "UNAUTHORIZED",
    message: "You are not logged in. Log in and try again.",
    retryable: false,
  },
  session_required: {
    status: 403,
    code: "FORBIDDEN",
    message: "An API key may not do this. Log in and do it in the app. Nothing was changed.",
    retryable: false,
  },
  api_key_invalid: {
    status: 401,
    code: "UNAUTHORIZED",
    message:
      "This API key is not one of ours. Send it whole, as Authorization: Bearer fsk_…, to the server that made it.",
    retryable: false,
  },
  api_key_revoked: {
    status: 401,
    code: "UNAUTHORIZED",
    message: "This API key was revoked. Make a new one in the app, at /settings/api-keys.",
    retryable: false,
  },
  api_key_expired: {
    status: 401,
    code: "UNAUTHORIZED",
    message: "This API key has expired. Make a new one in the app, at /settings/api-keys.",
    retryable: false,
  },
  step_up_required: {
    status: 403,
    code: "FORBIDDEN",
    message: "Confirm first that it is you. Nothing was changed.",
    retryable: false,
  },
  second_factor_required: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "Your account needs a second log-in step first. Nothing was changed. Set one up in Settings, under Security.",
    retryable: false,
  },
  code_incorrect: {
    status: 400,
    code: "BAD_REQUEST",
    message:
      "This code is not right, or was used before. Nothing was changed. Wait for the next one and try it.",
    retryable: false,
  },
  passkey_invalid: {
    status: 400,
    code: "BAD_REQUEST",
    message: "This passkey was not accepted. Nothing was changed. Please try again.",
    retryable: false,
  },
  authenticator_exists: {
    status: 409,
    code: "CONFLICT",
    message:
      "You have an authenticator app already. Nothing was changed. Remove it first to set up another.",
    retryable: false,
  },
  too_many_passkeys: {
    status: 409,
    code: "CONFLICT",
    message: "You have as many passkeys as one user may have. Remove one you no longer use.",
    retryable: false,
  },
  password_incorrect: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "This is not your current password. Nothing was changed. Try again, or choose a new one from the log-in page.",
    retryable: false,
  },
  too_many_attempts: {
    status: 429,
    code: "TOO_MANY_REQUESTS",
    message: "There were too many tries. Nothing was changed. Wait 15 minutes, then try again.",
    retryable: false,
  },
  email_unverified: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "Confirm your email first: open the link that we mailed to you. Nothing was changed. You can have the link sent again on your dashboard.",
    retryable: false,
  },
  scope_missing: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "This API key lacks the scope for this. Nothing was changed. Make a new one with the scope in details.required.",
    retryable: false,
  },
  too_many_api_keys: {
    status: 409,
    code: "CONFLICT",
    message: "You have as many API keys as one user may have. Revoke one you no longer use.",
    retryable: false,
  },
  too_many_webhooks: {
    status: 409,
    code: "CONFLICT",
    message: "You have as many webhooks as one user may have. Remove one you no longer use.",
    retryable: false,
  },
  webhook_url_refused: {
    status: 400,
    code: "BAD_REQUEST",
    message:
      "We cannot send webhooks to this address. Nothing was changed. Use https and a host that the internet can reach, without a user name or password.",
    retryable: false,
  },
  webhook_disabled: {
    status: 409,
    code: "CONFLICT",
    message:
      "This webhook is disabled because its address responded 410 Gone. Nothing was sent. Enable it first.",
    retryable: false,
  },
  rate_limited: {
    status: 429,
    code: "TOO_MANY_REQUESTS",
    message:
      "Too many calls were made in a short time. Nothing was changed. Wait a moment, then try again.",
    retryable: true,
  },
  cursor_expired: {
    status: 409,
    code: "CONFLICT",
    message:
      "This cursor is too old: we no longer know everything that was removed since. Leave `since` out and read everything again.",
    retryable: false,
  },
  log_in_busy: {
    status: 503,
    code: "SERVICE_UNAVAILABLE",
    message:
      "Many people are logging in right now. Nothing was changed. Please try again in a moment.",
    retryable: true,
  },
  export_running: {
    status: 429,
    code: "TOO_MANY_REQUESTS",
    message: "Another export of yours is still running. Wait until it is complete, then try again.",
    retryable: true,
  },
  stream_replaced: {
    status: 409,
    code: "CONFLICT",
    message:
      "Live updates stopped here because they were started in too many other places. Your data is unchanged. Close some of those, then start again.",
    retryable: false,
  },
  foreign_origin: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "This request came from another site and was refused. Nothing was changed. Open the app itself and try again.",
    retryable: false,
  },
  invalid_input: {
    status: 400,
    code: "BAD_REQUEST",
    message: "The request is not valid. Nothing was changed. Correct it, then try again.",
    retryable: false,
  },
  invalid_json: {
    status: 400,
    code: "BAD_REQUEST",
    message: "The request body is not JSON. Nothing was changed. Send valid JSON.",
    retryable: false,
  },
  body_too_large: {
    status: 413,
    code: "PAYLOAD_TOO_LARGE",
    message: "The request body is too large. Nothing was changed. Send at most 100 kB.",
    retryable: false,
  },
  unsupported_media_type: {
    status: 415,
    code: "UNSUPPORTED_MEDIA_TYPE",
    message: "Send the request body as application/json. Nothing was changed.",
    retryable: false,
  },
  method_not_allowed: {
    status: 405,
    code: "METHOD_NOT_SUPPORTED",
    message:
      "This address does not support that HTTP method. Nothing was changed. Use one that the API reference at /api/docs lists.",
    retryable: false,
  },
  not_found: {
    status: 404,
    code: "NOT_FOUND",
    message: "There is nothing here under that name. Check the address or the id.",
    retryable: false,
  },
  webhook_refused: {
    status: 401,
    code: "UNAUTHORIZED",
    message:
      "This webhook is not signed by Plaid, was altered, or is too old. Nothing was changed. Send it again as Plaid signed it, within five minutes.",
    retryable: false,
  },
  limit_reached: {
    status: 403,
    code: "FORBIDDEN",
    message:
      "Your plan has no room for these accounts. No account was added. Choose fewer accounts at the bank, or ask for a larger plan.",
    retryable: false,
  },
  duplicate_accounts: {
    status: 409,
    code: "CONFLICT",
    message:
      "These accounts look like ones you have connected already. Nothing was connected. Reconnect the bank you have, or connect anyway where that is offered.",
    retryable: false,
  },
  confirmation_mismatch: {
    status: 400,
    code: "BAD_REQUEST",
    message:
      "The words typed to confirm are not the ones asked for. Nothing was changed. Type the words in details.expected.",
    retryable: false,
  },
  refreshed_recently: {
    status: 429,
    code: "TOO_MANY_REQUESTS",
    message:
      "This bank was refreshed less than 15 minutes ago. Nothing was changed. New transactions come by themselves as well.",
    retryable: false,
  },
  link_unavailable: {
    status: 502,
    code: "BAD_GATEWAY",
    message:
      "We could not open the bank connection just now. Nothing was changed. Please try again.",
    retryable: true,
  },
  public_token_invalid: {
    status: 400,
    code: "BAD_REQUEST",
    message:
      "This bank log-in has expired or was already used. Nothing was connected. Please connect the bank again.",
    retryable: false,
  },
  plaid_unavailable: {
    status: 502,
    code: "BAD_GATEWAY",
    message:
      "The bank connection service does not respond right now. Nothing was changed, and your bank log-in is kept. Try again.",
    retryable: true,
  },
  plaid_refused: {
    status: 502,
    code: "BAD_GATEWAY",
    message:
      "The bank connection service refused the request. Nothing was changed. Open the bank again.",
    retryable: false,
  },
  busy: {
    status: 503,
    code: "SERVICE_UNAVAILABLE",
    message:
      "Many banks are being connected at once. Nothing was changed yet, and your bank log-in is kept. Try again in a moment.",
    retryable: true,
  },
  connect_failed: {
    status: 500,
    code: "INTERNAL_SERVER_ERROR",
    message:
      "We could not save this connection. Nothing was kept here, and the bank log-in is being canceled. Please connect the bank again.",
    retryable: false,
  },
  exchange_lost: {
    status: 502,
    code: "BAD_GATEWAY",
    message: "We lost the bank's reply. Connect again; we clean up the unfinished connection.",
    retryable: false,
  },
  outcome_pending: {
    status: 503,
    code: "SERVICE_UNAVAILABLE",
    message:
      "We could not finish saving this connection. It is safe to try again; if you do not, we finish or cancel it by ourselves within a few minutes.",
    retryable: true,
  },
  unavailable: {
    status: 503,
    code: "SERVICE_UNAVAILABLE",
    message:
      "Our own records cannot be reached just now. Nothing was changed, and your banks stay connected. Please try again in a moment.",
    retryable: true,
  },
  internal: {
    status: 500,
    code: "INTERNAL_SERVER_ERROR",
    // It is also unknown how far the request came: a commit may have succeeded whose response was lost.
    message:
      "Something went wrong on our side. Your data is kept. Check what was saved before you try again.",
    retryable: false,
  },
} as const satisfies Record<string, ReasonEntry>;

/** The name of one way to fail, as in responses, logs and activity entries. */
export type Reason = keyof typeof reasons;

/** The details of a reason; `undefined` when it has none. */
export type DetailsOf<R extends Reason> = R extends keyof ReasonDetails
  ? ReasonDetails[R] | undefined
  : undefined;

/** Plaid's data about a failure, for the log and the activity entry. */
export interface PlaidFailure {
  errorType: string | null;
  errorCode: string | null;
  /** Plaid's message for the user, if there is one. The only field that may be shown. */
  displayMessage: string | null;
  requestId: string | null;
  httpStatus: number | null;
  /** There was no response, or an unclear one: the call may have taken effect. */
  mayHaveActed: boolean;
  /** How long Plaid, or our own count of its rate limits, requires us to wait. Seconds. */
  retryAfter: number | null;
}

/**
 * The one error that crosses layers: thrown once, mapped to HTTP or tRPC once, at the edge. `cause` is for
 * the log only.
 */
export class FiscilityError<R extends Reason = Reason> extends Error {
  override readonly name = "FiscilityError";
  readonly reason: R;
  readonly details: DetailsOf<R>;
  readonly plaid: PlaidFailure | undefined;

  constructor(
    reason: R,
    options: { details?: DetailsOf<R>; plaid?: PlaidFailure; cause?: unknown } = {},
  ) {
    super(reasons[reason as Reason].message, { cause: options.cause });
    this.reason = reason;
    this.details = options.details as DetailsOf<R>;
    this.plaid = options.plaid;
  }
}

/** The body of a failed REST call. tRPC has the same fields in `error.data`. */
export interface ErrorBody {
  error: { reason: Reason; message: string; requestId: string; details?: unknown };
}
