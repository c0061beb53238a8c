import { dictionary } from "@zxcvbn-ts/language-common";

/**
 * The 49,000 passwords that are most frequent in leaks, in lowercase. They come from an npm package, so that
 * no password, and no part of its hash, leaves this process.
 */
const breached = new Set(dictionary["passwords-common"]);

/** Returns why a password is easy to guess, ignoring case; null when it is not. */
export function whyGuessed(password: string): { code: string; message: string } | null {
  if (breached.has(password.toLowerCase())) {
    const message = "This password is known from leaks. Choose another one.";
    return { code: "PASSWORD_COMPROMISED", message };
  }
  if (/fiscility/i.test(password)) {
    const message = "This password has our name in it. Choose another one.";
    return { code: "PASSWORD_NAMES_US", message };
  }
  return null;
}
