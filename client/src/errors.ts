import type { Reason } from "../../server/contracts/errors.ts";
import { detailNames } from "./detail-types.ts";
import {
  type ClientReasons,
  clientFailure,
  type FiscilityError,
  serverFailure,
} from "./fiscility-error.ts";
import type { ReasonDetails } from "./objects.ts";

type Details = { [R in keyof ReasonDetails]: ReasonDetails[R] };

const id = "0b0e3a6e-3a0e-4d0c-9a55-7c1f2f9b5f10";

/** The default details of each reason of the server, for tests. */
const serverDetails: Details = {
  limit_reached: { plan: "Intern", limit: 2, used: 2, wanted: 1 },
  duplicate_accounts: {
    itemId: id,
    institutionName: "First Platypus Bank",
    accounts: [{ id, name: "Plaid Checking", mask: "0000" }],
    mayConnectAnyway: false,
    offeredCount: 1,
    newCount: 0,
  },
  bank_error: { message: null },
  exchange_lost: { cleanUp: true },
  confirmation_mismatch: { expected: "disconnect First Platypus Bank" },
  invalid_input: { issues: [{ path: "publicToken", message: "Invalid input" }] },
  scope_missing: { required: "accounts:read", held: ["activity:read"] },
  rate_limited: { limit: 600, windowSeconds: 60, retryAfterSeconds: 1 },
  too_many_attempts: { retryAfterSeconds: 900 },
  busy: { retryAfterSeconds: 1 },
  log_in_busy: { retryAfterSeconds: 1 },
  refreshed_recently: { retryAfterSeconds: 900 },
  too_many_api_keys: { limit: 25 },
  too_many_webhooks: { limit: 10 },
  too_many_passkeys: { limit: 20 },
};
const url = "https://connect.example.com/trpc";
const clientDetails: ClientReasons = {
  unreachable: { url },
  timed_out: { timeoutMs: 60_000, limit: "call" },
  aborted: {},
  unexpected_response: { url, status: 502, contentType: "text/html" },
  unknown_reason: { serverReason: "too_rainy", serverDetails: null },
  invalid_options: { option: "baseUrl" },
};

type FieldsOf<R> = R extends keyof ReasonDetails
  ? Partial<ReasonDetails[R]>
  : R extends keyof ClientReasons
    ? Partial<ClientReasons[R]>
    : Record<never, never>;

/**
 * Creates an error as the client throws it, for each of its reasons: `fiscilityError("limit_reached", {
 * limit: 10 })`. Fields that are not set have a plausible value.
 */
export function fiscilityError<R extends Reason | keyof ClientReasons>(
  reason: R,
  fields?: FieldsOf<R>,
): Extract<FiscilityError, { reason: R }> {
  const error = Object.hasOwn(clientDetails, reason)
    ? clientFailure(
        reason as keyof ClientReasons,
        {
          ...clientDetails[reason as keyof ClientReasons],
          ...fields,
        } as never,
      )
    : serverFailure({
        reason,
        requestId: id,
        details: { ...serverDetails[reason as keyof ReasonDetails], ...fields },
      });
  return error as Extract<FiscilityError, { reason: R }>;
}

/** Returns the details that the server sends with an error. */
export function sentDetails(error: FiscilityError): object | undefined {
  const names = detailNames(error.reason);
  const fields = error as unknown as Record<string, unknown>;
  return names.length > 0
    ? Object.fromEntries(names.map((name) => [name, fields[name]]))
    : undefined;
}
