import type { Config } from "../config.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { User } from "./identity.ts";

/**
 * If a confirmed email is required, as in production, a user without one can look around, but can neither
 * connect a bank nor create a key.
 *
 * @throws FiscilityError `email_unverified`
 */
export function requireVerified(
  { config }: { config: Pick<Config, "requiresVerifiedEmail"> },
  user: Pick<User, "emailVerified">,
): void {
  if (config.requiresVerifiedEmail && !user.emailVerified)
    throw new FiscilityError("email_unverified");
}
