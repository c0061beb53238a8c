import { type AppLoadContext, data } from "@remix-run/node";
import { changeEmailForm } from "../../server/contracts/session.ts";
import { type FieldErrors, toFieldErrors } from "../auth/to-field-errors.ts";
import type { ChangeEmailResult } from "./change-email.tsx";

/** Sends a link to the new email, or returns the errors of the form. */
export async function submitChangeEmail(context: AppLoadContext, sent: URLSearchParams) {
  const respond = (email: ChangeEmailResult, status = 200) => data({ email }, { status });
  const form = changeEmailForm.safeParse(Object.fromEntries(sent));
  if (!form.success) {
    return respond({ message: null, fields: toFieldErrors(form.error), sentTo: null }, 400);
  }
  const result = await context.email.requestChange(form.data);
  if (result.ok) return respond({ message: null, fields: {}, sentTo: form.data.newEmail });
  const { code, message, status } = result;
  const isPassword = code === "INVALID_PASSWORD";
  const fields: FieldErrors = isPassword ? { currentPassword: message } : {};
  return respond({ message: isPassword ? null : message, fields, sentTo: null }, status);
}
