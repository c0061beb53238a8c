import { isTRPCClientError } from "@trpc/client";
import {
  clientFailure,
  type FiscilityError,
  isFiscilityError,
  serverFailure,
} from "./fiscility-error.ts";
import { isElsewhere, unexpectedResponse, unreachable } from "./unexpected-response.ts";

/** Maps whatever a link threw to one of the reasons. `url` is the address of the call. */
export function toFiscilityError(thrown: unknown, url: string): FiscilityError {
  if (isFiscilityError(thrown)) return thrown;
  if (!isTRPCClientError(thrown)) return unreachable(url, thrown);
  if (isFiscilityError(thrown.cause)) return thrown.cause;

  const said = whatTheServerSaid({ message: thrown.message, ...thrown.data });
  if (said) return serverFailure(said);
  const plain = whatTheServerSaid(plainError(thrown.meta?.responseJSON));
  if (plain) return serverFailure(plain);
  return unreachable(url, thrown.cause);
}

/** A signal of `AbortSignal.timeout` is a timeout, whose length only the caller knows. */
export function endedBy(signal: AbortSignal | null | undefined): FiscilityError {
  const cause: unknown = signal?.reason;
  const late = cause instanceof DOMException && cause.name === "TimeoutError";
  return late
    ? clientFailure("timed_out", { timeoutMs: null, limit: "signal" }, { cause })
    : clientFailure("aborted", {}, { cause });
}

/** The server's error outside tRPC, before a procedure is looked up. */
function plainError(body: unknown): unknown {
  return isRecord(body) ? body.error : undefined;
}

/**
 * Reads the body of a response to `calls` calls: each a result or an error, or one error for all.
 * @throws FiscilityError `unexpected_response` for anything else, before tRPC reads it
 */
export async function readResponse(
  response: Response,
  url: string,
  calls: number,
): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json") || isElsewhere(response, url)) {
    throw unexpectedResponse(response, url);
  }
  const body: unknown = await response.json().catch((cause: unknown) => {
    throw cause instanceof SyntaxError ? unexpectedResponse(response, url, cause) : cause;
  });
  const results = Array.isArray(body) ? body : [body];
  const fits = results.every((one) => isRecord(one) && (isRecord(one.result) || isOurs(one.error)));
  if (!fits || (Array.isArray(body) && results.length !== calls)) {
    throw unexpectedResponse(response, url);
  }
  return body;
}

/**
 * Whether an error comes from a procedure, or refuses a call before one is looked up. An address that the API
 * does not have means that the baseUrl is wrong.
 */
export function isOurs(error: unknown): boolean {
  if (!isRecord(error)) return false;
  if (isRecord(error.data)) return typeof error.data.reason === "string";
  return typeof error.reason === "string" && error.reason !== "not_found";
}

function whatTheServerSaid(value: unknown) {
  return isRecord(value) && typeof value.reason === "string"
    ? { ...value, reason: value.reason, requestId: value.requestId ?? value.request_id }
    : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
