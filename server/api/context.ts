import type { Scope } from "../contracts/api-keys.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { Viewer } from "../contracts/session.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** A logged-in person, read with the session in one go; `dataVersion` keys the cache (I5). */
export interface User extends Viewer {
  plan: string;
  dataVersion: number;
}

/** Who is asking: by session (`apiKey` null), by API key, or nobody. */
export interface Asking {
  user: User | null;
  /** The session of the request; null for an API key. */
  sessionId: string | null;
  /** The key of the request, with all it may do; null for a session. */
  apiKey: { id: string; scopes: Scope[] } | null;
  /**
   * Why the request's API key or session opens nothing, or not now, or why we failed to look up who
   * asks; null when there is nothing against the request.
   */
  refusal: FiscilityError | null;
}

/** What every procedure is called with. `requestId` is in the log line and in every error. */
export interface Context extends Asking {
  services: Services;
  requestId: string;
  /** Calls once the response has left, or its reader has. */
  onClose(call: () => void): void;
  log: Log;
}

/**
 * Why the request is not answered although nothing is wrong with its key or session: a failure of our
 * own, or too many calls. Null otherwise: whoever asks is known, or nobody.
 */
export function failureToIdentify({ refusal }: Asking): FiscilityError | null {
  const passes = refusal?.reason === "rate_limited";
  return refusal && (passes || reasons[refusal.reason].status >= 500) ? refusal : null;
}
