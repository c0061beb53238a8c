import type { Origin } from "../../db/security-events.ts";
import type { Identity } from "../auth/identity.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { LinkLanguage } from "../plaid/link-language.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** What every procedure is called with. `requestId` is in the log line and in every error. */
export interface Context extends Identity {
  /**
   * Why the request's API key or session is not accepted, or why we could not identify the caller; null
   * when nothing is wrong with the request.
   */
  refusal: FiscilityError | null;
  services: Services;
  /** Where the request came from, for the user's security record. */
  origin: Origin;
  requestId: string;
  /** The language that the request accepts first, of those that Plaid Link speaks. */
  language: LinkLanguage;
  /** Calls once the response has left, or its reader has. */
  onClose(call: () => void): void;
  log: Log;
}

/**
 * Why the request is refused although its key or session may be fine: a failure of our own, or too many
 * calls. Null otherwise.
 */
export function failureToIdentify({ refusal }: Pick<Context, "refusal">): FiscilityError | null {
  const passes = refusal?.reason === "rate_limited";
  return refusal && (passes || reasons[refusal.reason].status >= 500) ? refusal : null;
}
