import { data } from "@remix-run/node";
import type { z } from "zod";
import type { AuthResult } from "../../server/http/load-context.ts";
import { readForm } from "../read-form.ts";
import { type FieldErrors, toFieldErrors } from "./to-field-errors.ts";

/** What a log-in or sign-up page gets back after a failure. Never contains the password. */
export interface AuthFormResult {
  /** An error of the whole form, for example a wrong password. */
  message: string | null;
  fields: FieldErrors;
  values: { name: string; email: string };
}

/**
 * Validates a form with its schema and runs `attempt`. On success, redirects to `onward` with the cookies of
 * the response; else returns the errors to show. Works the same with and without JavaScript in the browser.
 */
export async function submitAuthForm<T>(
  request: Request,
  schema: z.ZodType<T>,
  attempt: (form: T) => Promise<AuthResult>,
  onward: (
    form: T,
    headers: Headers,
    result: Extract<AuthResult, { ok: true }>,
  ) => Promise<Response>,
) {
  const form = Object.fromEntries(await readForm(request));
  const values = { name: String(form.name ?? ""), email: String(form.email ?? "") };
  const parsed = schema.safeParse(form);
  if (!parsed.success) {
    const invalid: AuthFormResult = { message: null, fields: toFieldErrors(parsed.error), values };
    return data(invalid, { status: 400 });
  }
  const result = await attempt(parsed.data);
  if (!result.ok) {
    const failed: AuthFormResult = { message: result.message, fields: {}, values };
    return data(failed, { status: result.status });
  }
  const headers = new Headers();
  for (const cookie of result.setCookie) headers.append("Set-Cookie", cookie);
  throw await onward(parsed.data, headers, result);
}
