import type { z } from "zod";
import type { Scope } from "../contracts/api-keys.ts";
import type { Reason } from "../contracts/errors.ts";

// In its own file, because the client's published types refer to these two and nothing else.

/** The metadata of a procedure, for REST, its documentation and API keys. */
export interface ProcedureMeta {
  /** One sentence. */
  summary: string;
  /** The scope that an API key needs; `session`: only logged-in users may call it. */
  scope: Scope | "session";
  /**
   * Requires a session to have proved the user's identity with `session.stepUp` within the last ten minutes.
   * An API key with the scope needs no proof.
   */
  stepUp?: true;
  /**
   * Serves users without a second factor even if `SECOND_FACTOR` is `always`, because they set one up here.
   */
  setsUpFactor?: true;
  /**
   * Its REST address below `/api/v1`; `{name}` in the path is a field of the input. Null for a subscription,
   * which is Server-Sent Events at `/trpc` already.
   */
  rest: `${"GET" | "POST" | "DELETE"} /${string}` | null;
  /** The schema of a subscription's events. */
  event?: z.ZodType;
  /**
   * The output schema of a response from the account cache, which was validated there. Others are validated
   * by `.output()`.
   */
  cached?: z.ZodType;
  /** The output schema of a `StreamedOutput`. Nothing validates it while it is sent. */
  streamed?: z.ZodType;
  /** Its own reasons, besides those of every call. */
  reasons?: readonly Reason[];
}

/** `error.data` of a failed call, besides tRPC's own `code` and `httpStatus`. */
export interface ErrorData {
  code: string;
  httpStatus: number;
  path?: string;
  reason: Reason;
  /** Whether the same request may be sent again and can succeed. */
  retryable: boolean;
  details?: unknown;
  requestId: string;
}
