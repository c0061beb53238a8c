/**
 * Plaid's error envelope, and the codes that the sandbox returns.
 * Types, codes, messages and HTTP statuses follow https://plaid.com/docs/errors/.
 */

/** Body of every response that is not 2xx, without `request_id`, which the server adds. */
export interface PlaidErrorBody {
  error_type: string;
  error_code: string;
  error_message: string;
  display_message: string | null;
  documentation_url: string;
  suggested_action: string | null;
}

interface CatalogueEntry {
  type: string;
  status: number;
  message: string;
  display?: string;
}

const UPDATE_MODE =
  "the login details of this item have changed (credentials, MFA, or required user action) and a user login is required to update this information. use Link's update mode to restore the item to a good state";
const TRY_LATER = "rate limit exceeded for attempts to access this item. please try again later";

const CATALOGUE = {
  // INVALID_REQUEST
  INVALID_BODY: entry("INVALID_REQUEST", 400, "body could not be parsed as JSON"),
  INVALID_FIELD: entry("INVALID_REQUEST", 400, "a field of the request is invalid"),
  INVALID_HEADERS: entry("INVALID_REQUEST", 400, "a header of the request is missing or invalid"),
  MISSING_FIELDS: entry("INVALID_REQUEST", 400, "required fields are missing"),
  UNKNOWN_FIELDS: entry("INVALID_REQUEST", 400, "fields are not recognized by this endpoint"),
  NOT_FOUND: entry("INVALID_REQUEST", 404, "not found"),
  SANDBOX_ONLY: entry("INVALID_REQUEST", 400, "this endpoint is only available in Sandbox"),
  // INVALID_INPUT
  INVALID_API_KEYS: entry("INVALID_INPUT", 400, "invalid client_id or secret provided"),
  INVALID_PUBLIC_TOKEN: entry("INVALID_INPUT", 400, "could not find matching public token"),
  INVALID_ACCESS_TOKEN: entry("INVALID_INPUT", 400, "could not find matching access token"),
  INVALID_LINK_TOKEN: entry("INVALID_INPUT", 400, "invalid link_token provided"),
  INVALID_INSTITUTION: entry("INVALID_INPUT", 400, "invalid institution_id provided"),
  INVALID_ACCOUNT_ID: entry(
    "INVALID_INPUT",
    400,
    "failed to find requested account ID for requested item",
  ),
  INVALID_PRODUCT: entry(
    "INVALID_INPUT",
    400,
    "client is not authorized to access the requested product",
  ),
  UNAUTHORIZED_INSTITUTION: entry(
    "INVALID_INPUT",
    400,
    "client not authorized to access this institution",
  ),
  PRODUCT_NOT_ENABLED: entry(
    "INVALID_INPUT",
    400,
    "the requested product is not enabled for this client",
  ),
  UNAUTHORIZED_ENVIRONMENT: entry(
    "INVALID_INPUT",
    400,
    "you are not authorized to create items in this api environment",
  ),
  INVALID_LINK_CUSTOMIZATION: entry(
    "INVALID_INPUT",
    400,
    "requested link customization is not compatible with the requested products",
  ),
  UNAUTHORIZED_ROUTE_ACCESS: entry(
    "INVALID_INPUT",
    400,
    "your client ID is not authorized to access this route",
  ),
  INVALID_USER_TOKEN: entry("INVALID_INPUT", 400, "could not find matching user token"),
  INVALID_WEBHOOK_VERIFICATION_KEY_ID: entry(
    "INVALID_INPUT",
    400,
    "invalid key_id provided. note that key_ids are specific to Plaid environments, and verification requests must be made to the same environment that the webhook was sent from",
  ),
  // ITEM_ERROR
  ACCESS_NOT_GRANTED: entry(
    "ITEM_ERROR",
    400,
    "access to this product was not granted for the account",
    "The user did not grant the necessary permissions for this product.",
  ),
  ADDITIONAL_CONSENT_REQUIRED: entry(
    "ITEM_ERROR",
    400,
    "additional user consent is required to access this product. use Link's update mode to collect it",
    "Your bank needs your permission to share this data.",
  ),
  INSUFFICIENT_CREDENTIALS: entry(
    "ITEM_ERROR",
    400,
    "the authorization grant received from the bank is missing, incomplete or was cancelled",
    "The log-in at your bank was not finished. Please try again.",
  ),
  INVALID_CREDENTIALS: entry(
    "ITEM_ERROR",
    400,
    "the provided credentials were not correct",
    "The credentials you provided were incorrect. Check that your credentials are the same that you use for this institution",
  ),
  INVALID_MFA: entry(
    "ITEM_ERROR",
    400,
    "the provided MFA response(s) were not correct",
    "The answer you provided was incorrect. Please try again",
  ),
  INVALID_OTP: entry("ITEM_ERROR", 400, "the provided one-time code was not correct"),
  INVALID_PHONE_NUMBER: entry("ITEM_ERROR", 400, "the provided phone number is not valid"),
  INVALID_SEND_METHOD: entry("ITEM_ERROR", 400, "the chosen way to send the code is not available"),
  INSTANT_MATCH_FAILED: entry("ITEM_ERROR", 400, "the account could not be matched instantly"),
  ITEM_CONCURRENTLY_DELETED: entry("ITEM_ERROR", 400, "item was deleted while it was being read"),
  INVALID_UPDATED_USERNAME: entry(
    "ITEM_ERROR",
    400,
    "the username provided to Link does not match the username of the item being updated",
    "The username you provided does not match the account you connected before.",
  ),
  ITEM_LOCKED: entry(
    "ITEM_ERROR",
    400,
    "the account is locked. prompt the user to visit the institution's site and unlock their account",
    "Your account is locked. Please log in to your bank's website or mobile app to unlock it",
  ),
  ITEM_LOGIN_REQUIRED: entry(
    "ITEM_ERROR",
    400,
    UPDATE_MODE,
    "The login details of this account have changed. Please log in again.",
  ),
  ITEM_NOT_FOUND: entry(
    "ITEM_ERROR",
    400,
    "The Item you requested cannot be found. This Item does not exist, has been previously removed via /item/remove, or has had access removed by the user.",
  ),
  ITEM_NOT_SUPPORTED: entry(
    "ITEM_ERROR",
    400,
    "this account is currently not supported",
    "Your account is not supported. Please try another one.",
  ),
  MFA_NOT_SUPPORTED: entry(
    "ITEM_ERROR",
    400,
    "this account requires a MFA type that is not currently supported",
    "The kind of verification that your account uses is not supported.",
  ),
  NO_AUTH_ACCOUNTS: entry(
    "ITEM_ERROR",
    400,
    "no eligible auth accounts were found for this item",
    "No checking, savings or cash management accounts were found.",
  ),
  NO_INVESTMENT_ACCOUNTS: entry("ITEM_ERROR", 400, "there are no valid investment account(s)"),
  NO_LIABILITY_ACCOUNTS: entry("ITEM_ERROR", 400, "there are no valid liability account(s)"),
  NO_ACCOUNTS: entry(
    "ITEM_ERROR",
    400,
    "there are no valid accounts for this item",
    "No compatible accounts were found at this institution.",
  ),
  PASSWORD_RESET_REQUIRED: entry(
    "ITEM_ERROR",
    400,
    "the user must visit the institution's site and reset their password",
    "Please reset your password at your bank and try again.",
  ),
  PRODUCT_NOT_READY: entry(
    "ITEM_ERROR",
    400,
    "the requested product is not yet ready. please provide a webhook or try the request again later",
  ),
  PRODUCTS_NOT_SUPPORTED: entry(
    "ITEM_ERROR",
    400,
    "the following products are not supported by this institution",
  ),
  USER_INPUT_TIMEOUT: entry("ITEM_ERROR", 400, "user must retry this operation"),
  USER_PERMISSION_REVOKED: entry(
    "ITEM_ERROR",
    400,
    "the end user has revoked access to their data. no data will be returned for this item",
  ),
  USER_SETUP_REQUIRED: entry(
    "ITEM_ERROR",
    400,
    "the account has not been fully set up. prompt the user to visit the issuing institution's site and finish the setup process",
    "Your account is not fully set up. Please visit your bank's website to finish the setup process.",
  ),
  // INSTITUTION_ERROR
  COUNTRY_NOT_SUPPORTED: entry(
    "INSTITUTION_ERROR",
    400,
    "the country of this institution is not supported by the client",
  ),
  INSTITUTION_DOWN: entry(
    "INSTITUTION_ERROR",
    400,
    "this institution is not currently responding to this request. please try again soon",
    "This financial institution is not currently responding to requests. We apologize for the inconvenience.",
  ),
  INSTITUTION_NOT_AVAILABLE: entry(
    "INSTITUTION_ERROR",
    400,
    "this institution is not currently available",
    "This financial institution is not currently available.",
  ),
  INSTITUTION_NOT_RESPONDING: entry(
    "INSTITUTION_ERROR",
    400,
    "this institution is not currently responding to this request. please try again soon",
    "This financial institution is not currently responding to requests. We apologize for the inconvenience.",
  ),
  INSTITUTION_REGISTRATION_REQUIRED: entry(
    "INSTITUTION_ERROR",
    400,
    "this institution requires registration before it can be used. visit the Plaid Dashboard",
  ),
  INSTITUTION_NO_LONGER_SUPPORTED: entry(
    "INSTITUTION_ERROR",
    400,
    "this institution is no longer supported",
  ),
  // API_ERROR
  INTERNAL_SERVER_ERROR: entry("API_ERROR", 500, "an unexpected error occurred"),
  PLAID_ERROR: entry("API_ERROR", 500, "an internal error occurred at Plaid"),
  PLANNED_MAINTENANCE: entry(
    "API_ERROR",
    503,
    "the Plaid API is temporarily unavailable due to planned maintenance. visit https://status.plaid.com/ for more information",
  ),
  LAST_UPDATED_DATETIME_OUT_OF_RANGE: entry(
    "INVALID_RESULT",
    400,
    "requested datetime out of range, most recently updated balance is older than requested",
  ),
  // RATE_LIMIT_EXCEEDED. `RATE_LIMIT` is the general one; the others name their endpoint.
  RATE_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  ACCOUNTS_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  ACCOUNTS_BALANCE_GET_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  AUTH_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  IDENTITY_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  INSTITUTIONS_GET_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  INSTITUTIONS_GET_BY_ID_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  INSTITUTION_RATE_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  INVESTMENT_HOLDINGS_GET_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  INVESTMENT_TRANSACTIONS_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  ITEM_GET_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  TRANSACTIONS_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  TRANSACTIONS_REFRESH_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  TRANSACTIONS_SYNC_LIMIT: entry("RATE_LIMIT_EXCEEDED", 429, TRY_LATER),
  // Others
  RECAPTCHA_REQUIRED: entry("RECAPTCHA_ERROR", 400, "a reCAPTCHA must be solved first"),
  RECAPTCHA_BAD: entry("RECAPTCHA_ERROR", 400, "the reCAPTCHA was not solved"),
  USER_NOT_FOUND: entry(
    "USER_ERROR",
    400,
    "The User you requested cannot be found. This User does not exist or has had access removed by the user.",
  ),
  OAUTH_STATE_ID_NOT_FOUND: entry("OAUTH_ERROR", 400, "OAuth state ID not found"),
  OAUTH_STATE_ID_ALREADY_PROCESSED: entry("OAUTH_ERROR", 400, "OAuth state ID already processed"),
  INCORRECT_LINK_TOKEN: entry("OAUTH_ERROR", 400, "incorrect link token provided"),
  SANDBOX_PRODUCT_NOT_ENABLED: entry(
    "SANDBOX_ERROR",
    400,
    "the requested product is not enabled for this Item",
  ),
  SANDBOX_WEBHOOK_INVALID: entry(
    "SANDBOX_ERROR",
    400,
    "webhook could not be fired: the Item has no webhook URL",
  ),
  TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION: entry(
    "TRANSACTIONS_ERROR",
    400,
    "Underlying transaction data changed since last page was fetched. Please restart pagination from last update.",
  ),
} as const satisfies Record<string, CatalogueEntry>;

function entry(type: string, status: number, message: string, display?: string): CatalogueEntry {
  return display === undefined ? { type, status, message } : { type, status, message, display };
}

/** A Plaid error code that the sandbox knows, e.g. `ITEM_LOGIN_REQUIRED`. */
export type PlaidErrorCode = keyof typeof CATALOGUE;

/** Whether `code` is in the catalog above. */
export function isPlaidErrorCode(code: string): code is PlaidErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

/** Every code of the catalog, sorted. */
export function plaidErrorCodes(): string[] {
  return Object.keys(CATALOGUE).sort();
}

/** An error that the API returns. `message` overrides the documented default. */
export class PlaidError extends Error {
  readonly code: PlaidErrorCode;
  /** HTTP status. */
  readonly status: number;
  /** Seconds for a `Retry-After` header; absent when null. */
  readonly retryAfter: number | null;

  constructor(code: PlaidErrorCode, message?: string, retryAfter: number | null = null) {
    const known: CatalogueEntry = CATALOGUE[code];
    super(message ?? known.message);
    this.name = "PlaidError";
    this.code = code;
    this.status = known.status;
    this.retryAfter = retryAfter;
  }

  body(): PlaidErrorBody {
    return plaidErrorBody(this.code, this.message);
  }
}

/** The envelope for a code, as it also appears in `item.error` and in webhooks. */
export function plaidErrorBody(code: PlaidErrorCode, message?: string): PlaidErrorBody {
  const known: CatalogueEntry = CATALOGUE[code];
  const section = known.type.toLowerCase().replaceAll("_", "-");
  return {
    error_type: known.type,
    error_code: code,
    error_message: message ?? known.message,
    display_message: known.display ?? null,
    documentation_url: `https://plaid.com/docs/?ref=error#${section}-errors`,
    suggested_action: null,
  };
}
