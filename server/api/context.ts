import type { Origin } from "../../db/security-events.ts";
import type { Identity } from "../auth/identity.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { LinkLanguage } from "../plaid/link-language.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** The context of every procedure call. */
export interface Context extends Identity {
  /**
   * Why the request's API key or session is refused, or why we could not identify the caller; null when the
   * request is fine.
   */
  refusal: FiscilityError | null;
  services: Services;
  request: Incoming;
}

/** The request of a call. Most calls use little of it, so each property is computed when it is read. */
export interface Incoming {
  /** The request id, in the log line and in every error. */
  readonly id: string;
  /** Address and user agent, for the user's security history. */
  readonly origin: Origin;
  /** The first language of `Accept-Language` that Plaid Link supports. */
  readonly language: LinkLanguage;
  /** Its lines contain the request id and the API key's id. */
  readonly log: Log;
  /** Calls `call` once the response is sent or the connection is closed. */
  onClose(call: () => void): void;
}

/**
 * Why the request is refused although its key or session may be valid: a failure of our own, or a rate limit.
 * Null otherwise.
 */
export function failureToIdentify({ refusal }: Pick<Context, "refusal">): FiscilityError | null {
  const passes = refusal?.reason === "rate_limited";
  return refusal && (passes || reasons[refusal.reason].status >= 500) ? refusal : null;
}
