import { type Reason, reasons } from "../../server/contracts/errors.ts";
import { detailsOf } from "./detail-types.ts";
import type { ReasonDetails } from "./objects.ts";

/** What can go wrong without the server having said so, with the fields each carries. */
export interface ClientReasons {
  /** No answer came: nobody listens there, the name does not resolve, the connection broke. */
  unreachable: { url: string };
  /**
   * The call was not done within its time. `limit` says which time: the `call`'s with all its retries, or that of the
   * last `attempt`, which are `timeoutMs` and `attemptTimeoutMs` of the client or the call; or that of the caller's own
   * `signal`, whose length the client does not know.
   */
  timed_out:
    | { timeoutMs: number; limit: "call" | "attempt" }
    | { timeoutMs: null; limit: "signal" };
  /** The caller's own signal ended the call. */
  aborted: Record<never, never>;
  /** Something answered that is not this API: a wrong address, a proxy's HTML page. */
  unexpected_answer: { url: string; status: number; contentType: string };
  /** The server is newer than this client and has a reason of which this client knows nothing. */
  unknown_reason: { serverReason: string; serverDetails: unknown };
  /** `createClient` was called with something that cannot work. */
  invalid_options: { option: "baseUrl" | "apiKey" };
}

type FieldsOf<R> = R extends keyof ReasonDetails
  ? ReasonDetails[R]
  : R extends keyof ClientReasons
    ? ClientReasons[R]
    : unknown;

/** What every failure carries, whatever its reason. */
export interface FailureBase extends Error {
  readonly name: "FiscilityError";
  /** The id of the request in the server's log; null when the server did not answer. */
  readonly requestId: string | null;
  /** The same call may be sent again and can succeed. The client has tried already. */
  readonly retryable: boolean;
}

/**
 * A failed call. Switch over `reason`: TypeScript knows the fields of each (`limit_reached` has
 * `plan`, `limit`, `used` and `wanted`), and that none is forgotten.
 */
export type FiscilityError = {
  [R in Reason | keyof ClientReasons]: FailureBase & { readonly reason: R } & FieldsOf<R>;
}[Reason | keyof ClientReasons];

/** Shared by every copy of this package in a process: ESM beside CJS, two versions. */
const brand = Symbol.for("@fiscility/client.FiscilityError");

/** Whether a caught value is a failure of this client, and so one of the known reasons. */
export function isFiscilityError(error: unknown): error is FiscilityError {
  return typeof error === "object" && error !== null && brand in error;
}

const clientMessages: Record<keyof ClientReasons, string> = {
  unreachable: "Fiscility could not be reached.",
  timed_out: "Fiscility did not answer in time.",
  aborted: "The call was aborted.",
  unexpected_answer: "The answer did not come from Fiscility's API.",
  unknown_reason: "Fiscility refused the call for a reason that this client does not know yet.",
  invalid_options: "The client's options cannot work.",
};
const retryableHere = new Set<string>(["unreachable", "timed_out"]);

/** What a program has to do, where the server's sentence is for a user or cannot know the details. */
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
    // The bank's own sentence, where it has one, in place of ours.
    const { message: said, ...others } = fields as { message?: string | null };
    if (said) this.message = said;
    Object.assign(this, others);
    Object.defineProperty(this, brand, { value: true });
  }
}

/** A failure on this side of the wire. */
export function clientFailure<R extends keyof ClientReasons>(
  reason: R,
  fields: ClientReasons[R],
  from: { message?: string; retryable?: boolean; cause?: unknown } = {},
): FiscilityError {
  return new Failure(reason, fields, from) as unknown as FiscilityError;
}

/** What the server said of a failed call: `error.data` over tRPC, `error` in a plain answer. */
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
