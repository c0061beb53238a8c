import { type Reason, reasons } from "../server/contracts/errors.ts";

/**
 * Why a procedure that a loader or an action called did not run to its end; null when it was none of
 * our reasons. By name: the pages' build has a `FiscilityError` of its own, which the server's is no
 * instance of.
 */
export function reasonOf(error: unknown): Reason | null {
  const cause = error instanceof Error ? (error.cause as { reason?: unknown } | undefined) : null;
  const reason = cause?.reason;
  // An input that does not fit its schema is refused by tRPC itself.
  if (reason === undefined && (error as { code?: unknown }).code === "BAD_REQUEST") {
    return "invalid_input";
  }
  return typeof reason === "string" && Object.hasOwn(reasons, reason) ? (reason as Reason) : null;
}
