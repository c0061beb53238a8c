import { tooManyTries } from "../auth/log-in-throttle.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { AuthResult } from "./load-context.ts";

/** Logs why something failed, and returns it as one of our reasons. */
export type ReportError = (error: unknown) => FiscilityError;

/** Runs a form's action. A failure is shown next to the form, which stays filled in. */
export async function runFormAction(
  report: ReportError,
  work: () => Promise<unknown>,
): Promise<AuthResult> {
  try {
    await work();
    return { ok: true, setCookie: [] };
  } catch (error) {
    return toFormFailure(report(error));
  }
}

/** Returns a failure as a form shows it. */
export function toFormFailure({
  reason,
  message,
  details,
}: FiscilityError): AuthResult & { ok: false } {
  const { status } = reasons[reason];
  const throttled = reason === "too_many_attempts" && details && "retryAfterSeconds" in details;
  const said = throttled ? tooManyTries(details.retryAfterSeconds) : message;
  return {
    ok: false,
    status,
    code: reason === "password_incorrect" ? "INVALID_PASSWORD" : "",
    message: said,
  };
}
