import { countBackupCodes, replaceBackupCodes } from "../../../db/backup-codes.ts";
import type { Db } from "../../../db/client.ts";
import { endDeviceTrust } from "../../../db/known-devices.ts";
import { deletePasskey, deletePasskeys, listPasskeys } from "../../../db/passkeys.ts";
import { endPendingLogIns } from "../../../db/pending-log-ins.ts";
import type { Origin } from "../../../db/security-events.ts";
import { deleteTotp, findTotp } from "../../../db/totp-factors.ts";
import { lockUser } from "../../../db/users.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import type { AddedFactor, SecondFactors } from "../../contracts/second-factors.ts";
import type { TimeLimits } from "../../time-limits.ts";
import type { Auth } from "../auth.ts";
import type { Identity } from "../identity.ts";
import { requireProof } from "../step-up.ts";
import { makeBackupCodes, makeFirstBackupCodes } from "./backup-codes.ts";
import { noteFactorChange } from "./note-factor-change.ts";
import { type PasskeyNeeds, addPasskey as storePasskey, verifyRegistration } from "./passkeys.ts";
import { hasFactor } from "./require-factor.ts";
import { spendTotpCode, type TotpNeeds } from "./totp.ts";

/** The caller of a change, and the origin of the request. */
interface Asking {
  identity: Identity;
  origin: Origin | null;
}

type Needs = TotpNeeds & PasskeyNeeds & { auth: Auth; limits: Pick<TimeLimits, "stepUp"> };

/** Returns the user's second factors, for their own page and export. */
export async function listFactors(db: Db, userId: string): Promise<SecondFactors> {
  const totp = await findTotp(db, userId);
  const passkeys = await listPasskeys(db, userId);
  const { left } = await countBackupCodes(db, userId);
  return {
    totpSince: totp?.confirmedAt?.toISOString() ?? null,
    passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt }) => ({
      id,
      name,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
    })),
    backupCodesLeft: left,
  };
}

/**
 * Changes the caller's factors in one transaction under their lock. Checks the proof again there, because a
 * change of the password may have withdrawn it meanwhile.
 *
 * @throws FiscilityError `step_up_required`, `unauthenticated`, and what `work` throws
 */
async function change<T>(
  { db, limits }: Needs,
  identity: Identity,
  work: (tx: Db, userId: string) => Promise<T>,
): Promise<T> {
  const { user } = identity;
  if (!user) throw new FiscilityError("unauthenticated");
  return db.transaction().execute(async (tx) => {
    const { deleted } = await lockUser(tx, user.id);
    if (deleted) throw new FiscilityError("unauthenticated");
    await requireProof({ db: tx, limits }, identity);
    return work(tx, user.id);
  });
}

/**
 * Turns on the authenticator app that was set up, with its first code. With the user's first factor they get
 * ten backup codes.
 *
 * @throws FiscilityError `code_incorrect`, `too_many_attempts`
 */
export async function confirmAuthenticator(
  needs: Needs,
  { identity, origin }: Asking,
  { code }: { code: string },
): Promise<AddedFactor> {
  const { user } = identity;
  if (!user) throw new FiscilityError("unauthenticated");
  let backupCodes: string[] | null = null;
  const isRight = await needs.auth.guessFactor(user.id, () =>
    change(needs, identity, async (tx, userId) => {
      const spent = await spendTotpCode({ ...needs, db: tx }, userId, code, { confirming: true });
      if (!spent) return false;
      backupCodes = await makeFirstBackupCodes(tx, userId);
      await noteFactorChange(tx, { userId, change: "authenticator_added", origin });
      return true;
    }),
  );
  if (!isRight) throw new FiscilityError("code_incorrect");
  return { backupCodes };
}

/**
 * Stores a passkey that signed this session's challenge. @throws FiscilityError `passkey_invalid`,
 * `too_many_passkeys`
 */
export async function addPasskey(
  needs: Needs,
  { identity, origin }: Asking,
  { name, passkey }: { name: string; passkey: string },
): Promise<AddedFactor> {
  const { sessionId } = identity;
  if (sessionId === null) throw new FiscilityError("unauthenticated");
  const verified = await verifyRegistration(needs, sessionId, passkey);
  const backupCodes = await change(needs, identity, async (tx, userId) => {
    await storePasskey(tx, userId, name, verified);
    await noteFactorChange(tx, { userId, change: "passkey_added", name, origin });
    return makeFirstBackupCodes(tx, userId);
  });
  return { backupCodes };
}

/** Turns off the authenticator app. @throws FiscilityError `not_found` */
export async function removeAuthenticator(
  needs: Needs,
  { identity, origin }: Asking,
): Promise<void> {
  await change(needs, identity, async (tx, userId) => {
    if (!(await deleteTotp(tx, userId))) throw new FiscilityError("not_found");
    await noteFactorChange(tx, { userId, change: "authenticator_removed", origin });
    await cleanUpAfterLast(tx, userId);
  });
}

/** Deletes a passkey of the user. @throws FiscilityError `not_found` */
export async function removePasskey(
  needs: Needs,
  { identity, origin }: Asking,
  { id }: { id: string },
): Promise<void> {
  await change(needs, identity, async (tx, userId) => {
    const name = await deletePasskey(tx, userId, id);
    if (name === null) throw new FiscilityError("not_found");
    await noteFactorChange(tx, { userId, change: "passkey_removed", name, origin });
    await cleanUpAfterLast(tx, userId);
  });
}

/** Replaces the user's backup codes with ten new ones. @throws FiscilityError `not_found` without a factor */
export async function newBackupCodes(
  needs: Needs,
  { identity, origin }: Asking,
): Promise<string[]> {
  return change(needs, identity, async (tx, userId) => {
    if (!(await hasFactor(tx, userId))) throw new FiscilityError("not_found");
    await noteFactorChange(tx, { userId, change: "backup_codes_replaced", origin });
    return makeBackupCodes(tx, userId);
  });
}

/** Backup codes and trusted browsers replace a factor, so they are deleted with the last one. */
async function cleanUpAfterLast(tx: Db, userId: string): Promise<void> {
  if (await hasFactor(tx, userId)) return;
  await replaceBackupCodes(tx, userId, []);
  await endDeviceTrust(tx, userId);
}

/** Deletes every factor of the user; `tx` holds the user's lock. Returns whether there was one. */
export async function resetFactors(tx: Db, userId: string): Promise<boolean> {
  const had = await hasFactor(tx, userId);
  await deleteTotp(tx, userId);
  await deletePasskeys(tx, userId);
  await endPendingLogIns(tx, userId);
  await cleanUpAfterLast(tx, userId);
  return had;
}
