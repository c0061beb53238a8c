import type { Origin } from "../../db/security-events.ts";
import type { Identity } from "../auth/identity.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { LinkLanguage } from "../plaid/link-language.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** What every procedure is called with. */
export interface Context extends Identity {
  /**
   * Why the request's API key or session is not accepted, or why we could not identify the caller; null
   * when nothing is wrong with the request.
   */
  refusal: FiscilityError | null;
  services: Services;
  request: Incoming;
}

/** The request that a call came in. Most calls ask for nothing of it, so each is made when it is asked for. */
export interface Incoming {
  /** In the log line and in every error. */
  readonly id: string;
  /** Where it came from, for the user's security record. */
  readonly origin: Origin;
  /** The language that it accepts first, of those that Plaid Link speaks. */
  readonly language: LinkLanguage;
  /** Its lines carry the request's id, and the API key's. */
  readonly log: Log;
  /** Calls once the response has left, or its reader has. */
  onClose(call: () => void): void;
}

/**
 * Why the request is refused although its key or session may be fine: a failure of our own, or too many
 * calls. Null otherwise.
 */
export function failureToIdentify({ refusal }: Pick<Context, "refusal">): FiscilityError | null {
  const passes = refusal?.reason === "rate_limited";
  return refusal && (passes || reasons[refusal.reason].status >= 500) ? refusal : null;
}
