import { type AppLoadContext, data } from "@remix-run/node";
import { changeEmailForm } from "../../server/contracts/session.ts";
import { type FieldErrors, toFieldErrors } from "../auth/to-field-errors.ts";
import type { ChangeEmailAnswer } from "./change-email.tsx";

/** Sends a link to the new email, or returns the errors of the form. */
export async function answerChangeEmail(context: AppLoadContext, sent: URLSearchParams) {
  const answer = (email: ChangeEmailAnswer, status = 200) => data({ email }, { status });
  const form = changeEmailForm.safeParse(Object.fromEntries(sent));
  if (!form.success) {
    return answer({ message: null, fields: toFieldErrors(form.error), sentTo: null }, 400);
  }
  const result = await context.email.requestChange(form.data);
  if (result.ok) return answer({ message: null, fields: {}, sentTo: form.data.newEmail });
  const { code, message, status } = result;
  const isPassword = code === "INVALID_PASSWORD";
  const fields: FieldErrors = isPassword ? { currentPassword: message } : {};
  return answer({ message: isPassword ? null : message, fields, sentTo: null }, status);
}
