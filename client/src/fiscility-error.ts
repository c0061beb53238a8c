import { type Reason, reasons } from "../../server/contracts/errors.ts";
import { detailsOf } from "./detail-types.ts";
import type { ReasonDetails } from "./objects.ts";

/** Failures that the client reports, not the server, with their fields. */
export interface ClientReasons {
  /** There was no response: nothing listens there, the name does not resolve, or the connection broke. */
  unreachable: { url: string };
  /**
   * The call took too long. `limit` names the timeout: `call`, with all its retries, or the last `attempt`,
   * which are `timeoutMs` and `attemptTimeoutMs` of the client or the call; or the caller's own `signal`,
   * whose timeout the client does not know.
   */
  timed_out:
    | { timeoutMs: number; limit: "call" | "attempt" }
    | { timeoutMs: null; limit: "signal" };
  /** The caller's own signal ended the call. */
  aborted: Record<never, never>;
  /** The response is not from this API: a wrong address, a proxy's HTML page. */
  unexpected_response: { url: string; status: number; contentType: string };
  /** The server is newer than this client and has a reason that this client does not know. */
  unknown_reason: { serverReason: string; serverDetails: unknown };
  /** `createClient` was called with an invalid option. */
  invalid_options: { option: "baseUrl" | "apiKey" };
}

type FieldsOf<R> = R extends keyof ReasonDetails
  ? ReasonDetails[R]
  : R extends keyof ClientReasons
    ? ClientReasons[R]
    : unknown;

/** The fields of every failure. */
export interface FailureBase extends Error {
  readonly name: "FiscilityError";
  /** The id of the request in the server's log; null when the server did not respond. */
  readonly requestId: string | null;
  /** The same call may be sent again and can succeed. The client has already retried. */
  readonly retryable: boolean;
}

/**
 * A failed call. Switch over `reason`: TypeScript knows the fields of each (`limit_reached` has `plan`,
 * `limit`, `used` and `wanted`), and checks that the switch is complete.
 */
export type FiscilityError = {
  [R in Reason | keyof ClientReasons]: FailureBase & { readonly reason: R } & FieldsOf<R>;
}[Reason | keyof ClientReasons];

/** Shared by every copy of this package in a process: ESM and CJS, two versions. */
const brand = Symbol.for("@fiscility/client.FiscilityError");

/** Whether a caught value is a failure of this client, with one of the known reasons. */
export function isFiscilityError(error: unknown): error is FiscilityError {
  return typeof error === "object" && error !== null && brand in error;
}

const clientMessages: Record<keyof ClientReasons, string> = {
  unreachable: "Fiscility could not be reached.",
  timed_out: "Fiscility did not respond in time.",
  aborted: "The call was aborted.",
  unexpected_response: "The response did not come from Fiscility's API.",
  unknown_reason: "Fiscility refused the call for a reason that this client does not know yet.",
  invalid_options: "The client's options cannot work.",
};
const retryableHere = new Set<string>(["unreachable", "timed_out"]);

/** What a program has to do, when the server's message is for a user or lacks the details. */
const toPrograms: { [R in Reason]?: (details: never) => string } = {
  unauthenticated: () =>
    "No API key arrived. Give createClient an apiKey, and let no proxy remove the Authorization header.",
  session_required: () => "An API key may not do this, only a user who is logged in to the app.",
  scope_missing: ({ required, held }: ReasonDetails["scope_missing"]) =>
    `This API key lacks the scope ${required}; it has ${held.join(", ")}. Make a new key with it at /settings/api-keys.`,
};

class Failure extends Error {
  readonly reason: string;
  readonly requestId: string | null;
  readonly retryable: boolean;

  constructor(
    reason: Reason | keyof ClientReasons,
    fields: object,
    from: {
      message?: string | undefined;
      requestId?: string | null;
      retryable?: boolean;
      cause?: unknown;
    },
  ) {
    const known = reason in reasons ? reasons[reason as Reason] : null;
    const message = from.message ?? known?.message ?? clientMessages[reason as keyof ClientReasons];
    super(message, from.cause === undefined ? {} : { cause: from.cause });
    this.name = "FiscilityError";
    this.reason = reason;
    this.requestId = from.requestId ?? null;
    this.retryable = from.retryable ?? known?.retryable ?? retryableHere.has(reason);
    // The bank's own message, if there is one, instead of ours.
    const { message: said, ...others } = fields as { message?: string | null };
    if (said) this.message = said;
    Object.assign(this, others);
    Object.defineProperty(this, brand, { value: true });
  }
}

/** A failure that the client reports itself. */
export function clientFailure<R extends keyof ClientReasons>(
  reason: R,
  fields: ClientReasons[R],
  from: { message?: string; retryable?: boolean; cause?: unknown } = {},
): FiscilityError {
  return new Failure(reason, fields, from) as unknown as FiscilityError;
}

/** A failure that the server reported: `error.data` over tRPC, `error` in a REST response. */
export function serverFailure(said: {
  reason: string;
  message?: unknown;
  requestId?: unknown;
  details?: unknown;
}): FiscilityError {
  const requestId = typeof said.requestId === "string" ? said.requestId : null;
  if (Object.hasOwn(reasons, said.reason)) {
    const reason = said.reason as Reason;
    const fields = detailsOf(reason, said.details);
    if (fields) {
      const message = toPrograms[reason]?.(fields as never);
      return new Failure(reason, fields, { requestId, message }) as unknown as FiscilityError;
    }
  }
  const fields = { serverReason: said.reason, serverDetails: said.details };
  const message = typeof said.message === "string" ? said.message : undefined;
  return new Failure("unknown_reason", fields, {
    requestId,
    message,
  }) as unknown as FiscilityError;
}
