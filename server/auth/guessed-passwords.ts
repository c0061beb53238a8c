import { dictionary } from "@zxcvbn-ts/language-common";

/**
 * The passwords that leaks hold most often, in small letters, and with them what anybody tries first:
 * 49,000 out of an npm package, so that no password, and no part of its hash, leaves this process.
 */
const breached = new Set(dictionary["passwords-common"]);

/** Why a password is among those that others try first, however it is capitalised; null when it is not. */
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
