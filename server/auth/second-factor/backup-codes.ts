import { createHash, randomInt } from "node:crypto";
import {
  countBackupCodes,
  replaceBackupCodes,
  spendBackupCode as spend,
} from "../../../db/backup-codes.ts";
import type { Db } from "../../../db/client.ts";

const count = 10;
/** Without letters and digits that look alike. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
/** Shown in groups of four. 118 random bits, so SHA-256 is enough (ASVS 6.5.2). */
const length = 24;

/** SHA-256 and nothing slower, because the codes cannot be guessed. */
const hashOf = (code: string) => createHash("sha256").update(code).digest();

/** The code as it was generated, however it is typed. */
const normalize = (typed: string) => typed.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Creates ten new codes; the previous ones stop working. Only the result contains them. */
export async function makeBackupCodes(tx: Db, userId: string): Promise<string[]> {
  const codes = Array.from({ length: count }, () =>
    Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join(""),
  );
  await replaceBackupCodes(tx, userId, codes.map(hashOf));
  return codes.map((code) => code.replace(/(.{4})(?=.)/g, "$1-"));
}

/** Like `makeBackupCodes`, for a user who has none; else null. */
export async function makeFirstBackupCodes(tx: Db, userId: string): Promise<string[] | null> {
  const { made } = await countBackupCodes(tx, userId);
  return made > 0 ? null : makeBackupCodes(tx, userId);
}

/** Whether this is an unused code of the user. Uses it up. */
export function spendBackupCode(db: Db, userId: string, typed: string): Promise<boolean> {
  return spend(db, userId, hashOf(normalize(typed)));
}
