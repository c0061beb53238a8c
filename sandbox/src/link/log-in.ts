/** How a bank takes a username and a password. Plaid's Sandbox credentials, and any other name. */
import { createHash } from "node:crypto";
import { parseCustomUser } from "../bank/custom-user.ts";
import { isPlaidErrorCode, PlaidError } from "../plaid/plaid-error.ts";

/** Who has logged in. */
export interface LoggedIn {
  username: string;
  /** The configuration of a `user_custom`; null for everyone else. */
  custom_user: string | null;
}

/** The one-time code of `user_mfa`. */
export const MFA_CODE = "1234";

/**
 * Checks credentials: any username with `pass_good`; `user_custom` with a configuration as its
 * password; `error_<CODE>` as the password asks for that error, as in Plaid's Sandbox.
 * Throws INVALID_CREDENTIALS, ITEM_LOCKED (`user_locked`) or the error asked for.
 */
export function logIn(username: string, password: string): LoggedIn {
  const name = username.trim().toLowerCase();
  if (name === "user_custom") {
    parseCustomUser(password);
    const digest = createHash("sha256").update(password).digest("hex").slice(0, 12);
    return { username: `user_custom:${digest}`, custom_user: password };
  }
  if (name === "user_locked") throw new PlaidError("ITEM_LOCKED");
  const wanted = /^error_([A-Z_]+)$/.exec(password)?.[1];
  if (wanted !== undefined && isPlaidErrorCode(wanted)) throw new PlaidError(wanted);
  if (name === "" || name === "user_bad" || password !== "pass_good") {
    throw new PlaidError("INVALID_CREDENTIALS");
  }
  return { username: name, custom_user: null };
}
