import { type Reason, reasons } from "../server/contracts/errors.ts";

/**
 * Returns why a procedure failed that was called by a loader or an action; null if the error is not one of
 * ours. Checks the reason and not the class: the pages' build has its own `FiscilityError`, and the server's
 * error is not an instance of it.
 */
export function reasonOf(error: unknown): Reason | null {
  const cause = error instanceof Error ? (error.cause as { reason?: unknown } | undefined) : null;
  const reason = cause?.reason;
  // tRPC itself rejects an input that does not match its schema.
  if (reason === undefined && (error as { code?: unknown }).code === "BAD_REQUEST") {
    return "invalid_input";
  }
  return typeof reason === "string" && Object.hasOwn(reasons, reason) ? (reason as Reason) : null;
}
