import type { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "../server/api/router.ts";
import type { Reason, ReasonDetails } from "../server/contracts/errors.ts";
import { text } from "./text.ts";
import { ClientNotLoaded } from "./trpc.ts";

/** A failed call, as it may be shown to a user. */
export interface Failure {
  /** The server's reason; `network` without a response; `unknown` for errors that are not ours. */
  reason: Reason | "network" | "unknown";
  message: string;
  /** The id to give to support; null if the request did not reach the server. */
  requestId: string | null;
  details: unknown;
  /** Whether the same request may be sent again and can succeed. */
  retryable: boolean;
}

/** Converts anything that a call threw to a failure that can be shown to a user. */
export function toFailure(error: unknown): Failure {
  if (isTRPCClientError(error)) {
    const data = error.data;
    if (data && typeof data.reason === "string") {
      const { reason, requestId, details, retryable } = data;
      // The message and `retryable` come from the server, because the table of all reasons would make every
      // page larger.
      return { reason, message: error.message, requestId: requestId || null, details, retryable };
    }
    // tRPC wraps what `fetch` throws. A response that is not JSON (a proxy's page) is a SyntaxError.
    const hasResponse = data || error.cause instanceof SyntaxError || error.meta?.response;
    if (!hasResponse) return plainFailure("network", text.problem.network);
  }
  if (error instanceof ClientNotLoaded)
    return { ...plainFailure("unknown", text.problem.notLoaded), retryable: false };
  return plainFailure("unknown", text.problem.unknown);
}

/** Checks the name, because importing the class would add the client's code to every page. */
const isTRPCClientError = (error: unknown): error is TRPCClientError<AppRouter> =>
  error instanceof Error && error.name === "TRPCClientError";

/** Returns the details of `limit_reached`; null for other failures or if they are missing. */
export function limitDetails(failure: Failure): ReasonDetails["limit_reached"] | null {
  const details = failure.details as Partial<ReasonDetails["limit_reached"]> | undefined;
  if (failure.reason !== "limit_reached" || typeof details?.limit !== "number") return null;
  return details as ReasonDetails["limit_reached"];
}

/** Returns the details of `duplicate_accounts`; null for other failures or if they are missing. */
export function duplicateDetails(failure: Failure): ReasonDetails["duplicate_accounts"] | null {
  const details = failure.details as Partial<ReasonDetails["duplicate_accounts"]> | undefined;
  if (failure.reason !== "duplicate_accounts" || !details?.itemId) return null;
  return details as ReasonDetails["duplicate_accounts"];
}

/** Returns Plaid's message to the user about the bank's problem; null if there is none. */
export function bankMessage(failure: Failure): string | null {
  const details = failure.details as Partial<ReasonDetails["bank_error"]> | undefined;
  return failure.reason === "bank_error" ? (details?.message ?? null) : null;
}

/** Whether an exchange was lost, with an Item that cannot be ended for the user. */
export function isLostForGood(failure: Failure): boolean {
  const details = failure.details as Partial<ReasonDetails["exchange_lost"]> | undefined;
  return failure.reason === "exchange_lost" && details?.cleanUp === false;
}

/** Returns the seconds to wait before retrying a call to a busy server; null for other failures. */
export function busySeconds(failure: Failure): number | null {
  const details = failure.details as Partial<ReasonDetails["busy"]> | undefined;
  return failure.reason === "busy" ? (details?.retryAfterSeconds ?? 1) : null;
}

/** Returns the seconds until a bank can be refreshed again; null for other failures. */
export function secondsToRefresh(failure: Failure): number | null {
  const details = failure.details as Partial<ReasonDetails["refreshed_recently"]> | undefined;
  return failure.reason === "refreshed_recently" ? (details?.retryAfterSeconds ?? 60) : null;
}

/** A failure without an error from the server. */
export function plainFailure(reason: "network" | "unknown", message: string): Failure {
  // Sending the same public_token again is safe: it is the idempotency key of a connection.
  return { reason, message, requestId: null, details: undefined, retryable: true };
}
