import { createHash, randomInt } from "node:crypto";
import {
  countBackupCodes,
  replaceBackupCodes,
  spendBackupCode as spend,
} from "../../../db/backup-codes.ts";
import type { Db } from "../../../db/client.ts";

const count = 10;
/** Without the letters and digits that are mistaken for each other. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
/** In groups of four: 118 random bits, so that SHA-256 is enough (ASVS 6.5.2). */
const length = 24;

/** SHA-256 and nothing slower: the codes are beyond guessing at any price. */
const hashOf = (code: string) => createHash("sha256").update(code).digest();

/** As it was made, however it is typed. */
const plain = (typed: string) => typed.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Makes ten new codes; the ones before stop working. They are in the result and nowhere else. */
export async function makeBackupCodes(tx: Db, userId: string): Promise<string[]> {
  const codes = Array.from({ length: count }, () =>
    Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join(""),
  );
  await replaceBackupCodes(tx, userId, codes.map(hashOf));
  return codes.map((code) => code.replace(/(.{4})(?=.)/g, "$1-"));
}

/** As `makeBackupCodes`, for a user who has none; else null. */
export async function makeFirstBackupCodes(tx: Db, userId: string): Promise<string[] | null> {
  const { made } = await countBackupCodes(tx, userId);
  return made > 0 ? null : makeBackupCodes(tx, userId);
}

/** Whether this is one of the user's codes that was not used yet; it is used now. */
export function spendBackupCode(db: Db, userId: string, typed: string): Promise<boolean> {
  return spend(db, userId, hashOf(plain(typed)));
}
