import type { z } from "zod";
import type { Scope } from "../contracts/api-keys.ts";
import type { Reason } from "../contracts/errors.ts";

// Apart from trpc.ts, as the published types of the client name these two and nothing behind them.

/** What every procedure says of itself, for its REST twin, its documentation and API keys. */
export interface ProcedureMeta {
  /** One sentence. */
  summary: string;
  /** What an API key must hold; `session`: only a person who is logged in. */
  scope: Scope | "session";
  /**
   * Asks a session for a proof of who uses it, from `session.stepUp`, that is not older than ten minutes. An API
   * key with the scope needs none.
   */
  stepUp?: true;
  /** Serves users without a second factor even where `SECOND_FACTOR` is `always`: it is how they get one. */
  setsUpFactor?: true;
  /**
   * Its twin below `/api/v1`; `{name}` in the path is a field of the input. Null for a subscription,
   * which is Server-Sent Events at `/trpc` already.
   */
  rest: `${"GET" | "POST" | "DELETE"} /${string}` | null;
  /** What a subscription sends each time. */
  event?: z.ZodType;
  /** What an answer of the account cache is: it was checked there. Any other is checked by `.output()`. */
  cached?: z.ZodType;
  /** What an answer comes to that is a `StreamedOutput`: nothing checks it on its way. */
  streamed?: z.ZodType;
  /** The reasons of its own, beside those that any call can end with. */
  reasons?: readonly Reason[];
}

/** What stands in `error.data` of a failed call, beside tRPC's own `code` and `httpStatus`. */
export interface ErrorData {
  code: string;
  httpStatus: number;
  path?: string;
  reason: Reason;
  /** Whether the very same request may be sent again and can succeed. */
  retryable: boolean;
  details?: unknown;
  requestId: string;
}
