/** How a bank checks a username and a password: Plaid's Sandbox credentials, and any other name. */
import { createHash } from "node:crypto";
import { type CustomUser, parseCustomUser, rollDates } from "../bank/custom-user.ts";
import { takesAnyPassword } from "../bank/personas.ts";
import { isPlaidErrorCode, PlaidError } from "../plaid/plaid-error.ts";
import { type Challenge, customChallenge, DEVICE, passwordChallenge } from "./mfa.ts";

/** Who has logged in. */
export interface LoggedIn {
  username: string;
  /** The configuration of a `user_custom`; null for everyone else. */
  custom_user: string | null;
  /** The MFA challenge before the log-in succeeds; null for none. */
  challenge: Challenge | null;
  /** Account numbers are verified by micro-deposits, which have not arrived. */
  awaits_deposits: boolean;
}

/**
 * Checks credentials as Plaid's Sandbox does: any username with `pass_good`; Plaid's test users with
 * any password; `mfa_*`, `error_<CODE>`, `microdeposits_good` and `{"recaptcha":"bad"}` as passwords;
 * `user_custom` with a configuration as its password. `today` is the sandbox's, `YYYY-MM-DD`.
 * @throws INVALID_CREDENTIALS, ITEM_LOCKED (`user_locked`) or the error that the password names.
 */
export function logIn(username: string, password: string, today: string): LoggedIn {
  const name = username.trim().toLowerCase();
  if (name === "user_custom") return logInCustomUser(password, today);
  if (name === "user_locked") throw new PlaidError("ITEM_LOCKED");
  if (name === "" || name === "user_bad") throw new PlaidError("INVALID_CREDENTIALS");
  const user = { username: name, custom_user: null, awaits_deposits: false };
  if (takesAnyPassword(name) && password.trim() !== "") return { ...user, challenge: null };
  refuseAsWanted(password);
  const challenge = passwordChallenge(password);
  if (challenge) return { ...user, challenge };
  if (password === "microdeposits_good") return { ...user, challenge: null, awaits_deposits: true };
  if (password !== "pass_good" && password !== '{"recaptcha":"good"}') {
    throw new PlaidError("INVALID_CREDENTIALS");
  }
  return { ...user, challenge: name === "user_mfa" ? DEVICE : null };
}

/** Throws the error that a password names. */
function refuseAsWanted(password: string): void {
  if (/^\{\s*"recaptcha"\s*:\s*"bad"\s*\}$/.test(password)) throw new PlaidError("RECAPTCHA_BAD");
  const wanted = /^error_([A-Z_]+)$/.exec(password)?.[1];
  if (wanted !== undefined && isPlaidErrorCode(wanted)) throw new PlaidError(wanted);
}

function logInCustomUser(password: string, today: string): LoggedIn {
  const custom = parseCustomUser(password);
  refuseAsConfigured(custom);
  const digest = createHash("sha256").update(password).digest("hex").slice(0, 12);
  return {
    username: `user_custom:${custom.seed ?? digest}`,
    custom_user: JSON.stringify(rollDates(custom, today)),
    challenge: customChallenge(custom),
    awaits_deposits: false,
  };
}

function refuseAsConfigured({ force_error, recaptcha }: CustomUser): void {
  if (recaptcha === "bad") throw new PlaidError("RECAPTCHA_BAD");
  if (force_error === undefined) return;
  if (isPlaidErrorCode(force_error)) throw new PlaidError(force_error);
  throw new PlaidError(
    "INVALID_CREDENTIALS",
    "custom user configuration is invalid: force_error is no error code of Plaid",
  );
}
