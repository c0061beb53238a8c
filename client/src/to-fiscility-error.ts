import { isTRPCClientError } from "@trpc/client";
import {
  clientFailure,
  type FiscilityError,
  isFiscilityError,
  serverFailure,
} from "./fiscility-error.ts";

/** Whatever a link threw, as one of the reasons. `url` is where the call went. */
export function toFiscilityError(thrown: unknown, url: string): FiscilityError {
  if (isFiscilityError(thrown)) return thrown;
  if (!isTRPCClientError(thrown)) return clientFailure("unreachable", { url }, { cause: thrown });
  if (isFiscilityError(thrown.cause)) return thrown.cause;

  const said = whatTheServerSaid(thrown.data) ?? whatTheServerSaid(plainAnswer(thrown.meta));
  if (said) return serverFailure(said);

  const response = thrown.meta?.response;
  // JSON that is none, or is not of this API's shape; a connection that breaks is a TypeError.
  if (response instanceof Response && !(thrown.cause instanceof TypeError)) {
    return unexpectedAnswer(response, url, thrown.cause);
  }
  return clientFailure("unreachable", { url }, { cause: thrown.cause });
}

/** Something that is not this API answered; a gateway's 502, 503 and 504 may pass. */
export function unexpectedAnswer(response: Response, url: string, cause?: unknown): FiscilityError {
  const { status } = response;
  return clientFailure(
    "unexpected_answer",
    {
      url: response.url || url,
      status,
      contentType: response.headers.get("content-type") ?? "",
    },
    { retryable: status >= 502 && status <= 504, cause },
  );
}

function plainAnswer(meta: Record<string, unknown> | undefined): unknown {
  const json = meta?.responseJSON;
  return isRecord(json) ? json.error : undefined;
}

function whatTheServerSaid(value: unknown) {
  return isRecord(value) && typeof value.reason === "string"
    ? { ...value, reason: value.reason, requestId: value.requestId ?? value.request_id }
    : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
