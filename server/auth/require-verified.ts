import type { Config } from "../config.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { User } from "./identity.ts";

/**
 * Where a confirmed email is required, as in production, a user who has not confirmed their email can look around, and neither connect a bank nor make a
 * key. @throws `email_unverified`
 */
export function requireVerified(
  { config }: { config: Pick<Config, "requiresVerifiedEmail"> },
  user: Pick<User, "emailVerified">,
): void {
  if (config.requiresVerifiedEmail && !user.emailVerified)
    throw new FiscilityError("email_unverified");
}
