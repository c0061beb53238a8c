import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { text } from "./text.ts";

const fromAddress = z
  .string()
  .nullable()
  .describe("The IP address that it came from; null when unknown.");
const fromUserAgent = z
  .string()
  .nullable()
  .describe("The browser or program that it came from; null when unknown.");

/** The caller, as the page may know them. */
export const viewer = z.object({
  id: z.uuid().describe("The user's id."),
  name: z.string().describe("The user's name."),
  email: z.email().describe("The address that the user logs in with."),
});
export type Viewer = z.infer<typeof viewer>;

/**
 * How a log-in as this user ended, also of a stranger. Nothing that was typed is stored. `at` is ISO 8601
 * UTC; `address` and `userAgent` are null when unknown.
 */
export const logIn = z.object({
  id: z.uuid().describe("The log-in's id."),
  at: z.iso.datetime().describe("When it was attempted, ISO 8601 UTC."),
  outcome: z.enum(["succeeded", "wrong_password"]).describe("How it ended."),
  address: fromAddress,
  userAgent: fromUserAgent,
});
export type LogIn = z.infer<typeof logIn>;

/** A session of the user. Times are ISO 8601 UTC; `endsAt` moves while it is used. */
export const session = z.object({
  startedAt: z.iso.datetime().describe("When the user logged in, ISO 8601 UTC."),
  endsAt: z.iso.datetime().describe("When it ends unless it is used, ISO 8601 UTC."),
  address: fromAddress,
  userAgent: fromUserAgent,
});

/** At most 254 characters: https://www.rfc-editor.org/errata/eid1690 */
const email = z.email(fieldProblems.email).max(254, fieldProblems.email);

/** The log-in form. */
export const logInForm = z.object({
  email,
  password: z.string().min(1, fieldProblems.password),
});

/** A sign-up, by the form or by a program. NIST SP 800-63B requires a length, not character classes. */
export const signUpForm = z.object({
  name: text.trim().min(1, fieldProblems.yourName).max(100, fieldProblems.atMost("100")),
  email,
  password: z.string().min(8, fieldProblems.passwordTooShort).max(128, fieldProblems.atMost("128")),
});

/** Requests a link to reset the password. */
export const forgotPasswordForm = z.object({ email });

/** Sets a new password with a mailed link's token. `revokeKeys` is a checkbox, set or missing. */
export const resetPasswordForm = z.object({
  token: z.string().max(200),
  newPassword: signUpForm.shape.password,
  revokeKeys: z.string().optional(),
});

/** Requests a link to change the email. */
export const changeEmailForm = z.object({
  newEmail: email,
  currentPassword: z.string().min(1, fieldProblems.currentPassword).max(128),
});

/** Changes the password. `endOthers` and `revokeKeys` are checkboxes, set or missing. */
export const changePasswordForm = z.object({
  currentPassword: z.string().min(1, fieldProblems.currentPassword).max(128),
  newPassword: signUpForm.shape.password,
  endOthers: z.string().optional(),
  revokeKeys: z.string().optional(),
});

/** The second step of a log-in. `trustDevice` is a checkbox, set or missing. */
export const secondStepForm = z.object({
  code: z.string().trim().min(1, fieldProblems.code).max(64, fieldProblems.codeTooLong),
  trustDevice: z.string().optional(),
});
