import { Secret as OtpSecret, TOTP } from "otpauth";
import type { Db } from "../../../db/client.ts";
import { totpSecretOwner } from "../../../db/sealed.ts";
import { findTotp, spendTotpStep, startTotp as storeSecret } from "../../../db/totp-factors.ts";
import type { Clock } from "../../clock.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import type { StartTotpOutput } from "../../contracts/second-factors.ts";
import { Secret } from "../../vault/secret.ts";
import type { Vault } from "../../vault/vault.ts";

/** The defaults of authenticator apps: SHA-1, six digits, 30 seconds (RFC 6238). */
const period = 30;
/** Bytes: the length of SHA-1's output, which RFC 4226 recommends. */
const secretSize = 20;
/**
 * Steps before and after the current one whose code is accepted too, because clocks differ and typing takes
 * time.
 */
const window = 1;

/** The services that checking a code needs. */
export interface TotpNeeds {
  db: Db;
  vault: Vault;
  clock: Clock;
}

/**
 * Creates a secret for an authenticator app. It protects nothing until a code confirms it.
 *
 * @throws FiscilityError `authenticator_exists`
 */
export async function startTotp(
  { db, vault }: TotpNeeds,
  user: { id: string; email: string },
): Promise<StartTotpOutput> {
  const secret = new OtpSecret({ size: secretSize });
  const sealed = vault.seal(new Secret(secret.base32), totpSecretOwner(user.id));
  if (!(await storeSecret(db, user.id, sealed))) throw new FiscilityError("authenticator_exists");
  const totp = new TOTP({ issuer: "Fiscility", label: user.email, secret, period });
  return { secret: secret.base32, uri: totp.toString() };
}

/**
 * Uses up a code of the user's app. Returns whether it is correct and neither it nor a later one was used
 * before. `confirming` accepts a code only for an app that is not on yet, and turns it on.
 */
export async function spendTotpCode(
  { db, vault, clock }: TotpNeeds,
  userId: string,
  code: string,
  { confirming = false } = {},
): Promise<boolean> {
  const found = await findTotp(db, userId);
  if (!found || (found.confirmedAt === null) !== confirming) return false;
  const secret = OtpSecret.fromBase32(
    vault.open(found.secretSealed, totpSecretOwner(userId)).reveal(),
  );
  const timestamp = clock.now().getTime();
  const delta = TOTP.validate({ token: code, secret, period, timestamp, window });
  if (delta === null) return false;
  const step = TOTP.counter({ period, timestamp }) + delta;
  return spendTotpStep(db, userId, { secretSealed: found.secretSealed, step });
}
