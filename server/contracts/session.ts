import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { text } from "./text.ts";

const fromAddress = z
  .string()
  .nullable()
  .describe("The IP address that it came from; null where it is not known.");
const fromUserAgent = z
  .string()
  .nullable()
  .describe("The browser or program that it came from; null where it did not say.");

/** Who is asking, as the page may know it. */
export const viewer = z.object({
  id: z.uuid().describe("The user's id."),
  name: z.string().describe("The user's name."),
  email: z.email().describe("The address that the user logs in with."),
});
export type Viewer = z.infer<typeof viewer>;

/**
 * How somebody's try to log in as the person ended; nothing of what was typed is kept. `at` is
 * ISO 8601 UTC; `address` and `userAgent` are where it came from, null when that was not told.
 */
export const logIn = z.object({
  id: z.uuid().describe("The log-in's id."),
  at: z.iso.datetime().describe("When it was tried, ISO 8601 UTC."),
  outcome: z.enum(["succeeded", "wrong_password"]).describe("How it ended."),
  address: fromAddress,
  userAgent: fromUserAgent,
});
export type LogIn = z.infer<typeof logIn>;

/** Where the person is logged in. Times are ISO 8601 UTC; `endsAt` moves while it is used. */
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

/** A sign-up, by the form or by a program. NIST SP 800-63B asks for a length, not for character classes. */
export const signUpForm = z.object({
  name: text.trim().min(1, fieldProblems.yourName).max(100, fieldProblems.atMost("100")),
  email,
  password: z.string().min(8, fieldProblems.passwordTooShort).max(128, fieldProblems.atMost("128")),
});

/** Asks for a link to choose a new password. */
export const forgotPasswordForm = z.object({ email });

/** Chooses a new password with a mailed link's token; `revokeKeys` is a box, ticked or not there. */
export const resetPasswordForm = z.object({
  token: z.string().max(200),
  newPassword: signUpForm.shape.password,
  revokeKeys: z.string().optional(),
});

/** Asks for a link to another email. */
export const changeEmailForm = z.object({
  newEmail: email,
  currentPassword: z.string().min(1, fieldProblems.currentPassword).max(128),
});

/** The form that changes the password; `endOthers` and `revokeKeys` are boxes, ticked or not there. */
export const changePasswordForm = z.object({
  currentPassword: z.string().min(1, fieldProblems.currentPassword).max(128),
  newPassword: signUpForm.shape.password,
  endOthers: z.string().optional(),
  revokeKeys: z.string().optional(),
});

/** The second step of a log-in; `trustDevice` is a box, ticked or not there. */
export const secondStepForm = z.object({
  code: z.string().trim().min(1, fieldProblems.code).max(64, fieldProblems.codeTooLong),
  trustDevice: z.string().optional(),
});
