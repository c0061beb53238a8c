/** Messages for an unacceptable new password, by better-auth's codes and two of our own. */
export const passwordProblems = {
  PASSWORD_REFUSED: "Choose another password.",
  PASSWORD_TOO_SHORT: "Use at least 8 characters for the password.",
  PASSWORD_TOO_LONG: "Use at most 128 characters for the password.",
  PASSWORD_COMPROMISED:
    "This password is known from leaks, so others will try it. Choose another one.",
  PASSWORD_NAMES_US: "This password has our name in it, so others will try it. Choose another one.",
} as const;

/** Why a log-in ends, by better-auth's codes and two of our own. */
export const logInProblems = {
  INVALID_EMAIL_OR_PASSWORD:
    "This email and password do not fit together. Try again, or choose a new password.",
  LOG_IN_EXPIRED: "This log-in took too long and has ended. Log in again.",
  ACCOUNT_DISABLED:
    "This account is disabled. Your data is kept. Write to our support team to have it enabled.",
} as const;
