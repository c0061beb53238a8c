/** Messages for an unacceptable new password, by better-auth's codes and two of our own. */
export const passwordProblems = {
  PASSWORD_TOO_SHORT: "Use at least 8 characters for the password.",
  PASSWORD_TOO_LONG: "Use at most 128 characters for the password.",
  PASSWORD_COMPROMISED:
    "This password is known from leaks, so others will try it. Choose another one.",
  PASSWORD_NAMES_US: "This password has our name in it, so others will try it. Choose another one.",
} as const;
