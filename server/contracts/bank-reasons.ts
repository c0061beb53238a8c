/** The properties of each reason; see `contracts/errors.ts`. */
export interface ReasonEntry {
  status: number;
  code:
    | "UNAUTHORIZED"
    | "FORBIDDEN"
    | "BAD_REQUEST"
    | "PAYLOAD_TOO_LARGE"
    | "UNSUPPORTED_MEDIA_TYPE"
    | "METHOD_NOT_SUPPORTED"
    | "NOT_FOUND"
    | "BAD_GATEWAY"
    | "CONFLICT"
    | "TOO_MANY_REQUESTS"
    | "SERVICE_UNAVAILABLE"
    | "INTERNAL_SERVER_ERROR";
  message: string;
  retryable: boolean;
}

/** The reasons why a bank's data stops. In their own file because the browser needs only these messages. */
export const bankReasons = {
  bank_access_required: {
    status: 409,
    code: "CONFLICT",
    message:
      "Your bank needs your permission to share this data. Nothing was changed. Open the bank again and allow access.",
    retryable: false,
  },
  bank_accounts_required: {
    status: 409,
    code: "CONFLICT",
    message:
      "Your bank shares no account that we can use. Nothing was changed. Open the bank again and choose your accounts.",
    retryable: false,
  },
  bank_action_required: {
    status: 409,
    code: "CONFLICT",
    message:
      "Your bank needs something from you first. Nothing was changed. Log in on its website or app, do what it asks, then try again here.",
    retryable: false,
  },
  bank_error: {
    status: 409,
    code: "CONFLICT",
    message: "Your bank reported a problem. Nothing was changed. Open the bank again.",
    retryable: false,
  },
  bank_login_required: {
    status: 409,
    code: "CONFLICT",
    message: "Your bank asks you to log in again. Nothing was changed. Open the bank once more.",
    retryable: false,
  },
  bank_unavailable: {
    status: 503,
    code: "SERVICE_UNAVAILABLE",
    message:
      "Your bank does not respond right now. Nothing was changed. Try again in a few minutes.",
    retryable: false,
  },
  bank_unsupported: {
    status: 409,
    code: "CONFLICT",
    message:
      "This bank cannot be read through our connection service. Nothing was changed. Try another bank.",
    retryable: false,
  },
  item_gone: {
    status: 409,
    code: "CONFLICT",
    message: "Access to this bank has ended. Nothing was changed. Connect the bank again.",
    retryable: false,
  },
} as const satisfies Record<string, ReasonEntry>;
