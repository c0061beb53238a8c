import type { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "../server/api/router.ts";
import type { Reason, ReasonDetails } from "../server/contracts/errors.ts";
import { text } from "./text.ts";
import { ClientNotLoaded } from "./trpc.ts";

/** A failed call, as a person may see it. */
export interface Failure {
  /** The server's reason; `network` when no answer came; `unknown` when it was not one of ours. */
  reason: Reason | "network" | "unknown";
  message: string;
  /** What to name to support; null when the request never got that far. */
  requestId: string | null;
  details: unknown;
  /** The very same request may be sent again and can succeed. */
  retryable: boolean;
}

/** Turns whatever a call threw into something a person can read. */
export function toFailure(error: unknown): Failure {
  if (isTRPCClientError(error)) {
    const data = error.data;
    if (data && typeof data.reason === "string") {
      const { reason, requestId, details, retryable } = data;
      // The server's words and judgment: the table of all reasons would weigh on every page.
      return { reason, message: error.message, requestId: requestId || null, details, retryable };
    }
    // tRPC wraps what `fetch` throws. An answer that is not JSON (a proxy's page) is a SyntaxError.
    const answered = data || error.cause instanceof SyntaxError || error.meta?.response;
    if (!answered) return plainFailure("network", text.problem.network);
  }
  if (error instanceof ClientNotLoaded)
    return { ...plainFailure("unknown", text.problem.notLoaded), retryable: false };
  return plainFailure("unknown", text.problem.unknown);
}

/** By name: the class would bring the client's code along to every page. */
const isTRPCClientError = (error: unknown): error is TRPCClientError<AppRouter> =>
  error instanceof Error && error.name === "TRPCClientError";

/** The details of `limit_reached`, or null when this is another failure or they are missing. */
export function limitDetails(failure: Failure): ReasonDetails["limit_reached"] | null {
  const details = failure.details as Partial<ReasonDetails["limit_reached"]> | undefined;
  if (failure.reason !== "limit_reached" || typeof details?.limit !== "number") return null;
  return details as ReasonDetails["limit_reached"];
}

/** The details of `duplicate_accounts`, or null when this is another failure or they are missing. */
export function duplicateDetails(failure: Failure): ReasonDetails["duplicate_accounts"] | null {
  const details = failure.details as Partial<ReasonDetails["duplicate_accounts"]> | undefined;
  if (failure.reason !== "duplicate_accounts" || !details?.itemId) return null;
  return details as ReasonDetails["duplicate_accounts"];
}

/** The bank's problem in Plaid's words for the user, or null when it has none. */
export function bankMessage(failure: Failure): string | null {
  const details = failure.details as Partial<ReasonDetails["bank_error"]> | undefined;
  return failure.reason === "bank_error" ? (details?.message ?? null) : null;
}

/** Whether an exchange was lost whose Item nobody can end for the user. */
export function isLostForGood(failure: Failure): boolean {
  const details = failure.details as Partial<ReasonDetails["exchange_lost"]> | undefined;
  return failure.reason === "exchange_lost" && details?.cleanUp === false;
}

/** Seconds after which a busy server may be asked again, or null when this is another failure. */
export function busySeconds(failure: Failure): number | null {
  const details = failure.details as Partial<ReasonDetails["busy"]> | undefined;
  return failure.reason === "busy" ? (details?.retryAfterSeconds ?? 1) : null;
}

/** Seconds until a bank may be refreshed again, or null when this is another failure. */
export function secondsToRefresh(failure: Failure): number | null {
  const details = failure.details as Partial<ReasonDetails["refreshed_recently"]> | undefined;
  return failure.reason === "refreshed_recently" ? (details?.retryAfterSeconds ?? 60) : null;
}

/** A failure that the server did not describe. */
export function plainFailure(reason: "network" | "unknown", message: string): Failure {
  // Sending the same public_token again is safe: it is the idempotency key of a connection.
  return { reason, message, requestId: null, details: undefined, retryable: true };
}
