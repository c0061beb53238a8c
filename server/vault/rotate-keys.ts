import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../../db/client.ts";
import {
  countByPrefix,
  type Place,
  replaceSealed,
  type Sealed,
  sealedColumns,
  sealedOtherwise,
} from "../../db/sealed.ts";
import { type Vault, VaultError } from "./vault.ts";

/** Rows that are sealed anew in one statement: few enough to be over in milliseconds. */
const batch = 200;
/** Rows that somebody held are there for the next pass. */
const passes = 20;

/** What a rotation came to: `left` are envelopes that are still of another key or format. */
export interface Rotation {
  keyId: string;
  resealed: number;
  left: number;
}

/**
 * Re-encrypts everything with the first key of the ring in the vault's format, while the product runs: in small
 * steps, each of which changes a row only where it stands as it was read. One that is killed has done what it
 * has done; the next goes on from there. Throws `VaultError` before anything is changed when a row
 * needs a key that the ring does not have.
 */
export async function rotateKeys(
  db: Db,
  vault: Vault,
  tell: (line: string) => void,
): Promise<Rotation> {
  const { prefix, sealingKeyId: keyId } = vault;
  const before = await inTime(db, countByPrefix);
  const missing = new Map<string, number>();
  for (const [found, rows] of before) {
    const key = found.split(".")[1] ?? "";
    if (!vault.has(key)) missing.set(key, (missing.get(key) ?? 0) + rows);
  }
  if (missing.size > 0) {
    const counts = [...missing].map(([key, rows]) => `${key} (${rows} rows)`).join(", ");
    throw new VaultError(
      `TOKEN_KEYS lacks keys that rows are sealed with: ${counts}. Nothing was changed.`,
    );
  }
  for (const [found, rows] of before) {
    const [format, key] = found.split(".");
    tell(`${rows} rows are sealed with ${key}, in format ${format}.`);
  }

  let resealed = 0;
  for (let pass = 1; ; pass++) {
    for (const column of sealedColumns) {
      for (let after: Place | null = null; ; ) {
        const from: Place | null = after;
        const rows: Sealed[] = await inTime(db, (tx) =>
          sealedOtherwise(tx, column, prefix, from, batch),
        );
        after = rows.at(-1) ?? null;
        if (after === null) break;
        const changes = rows.map(({ userId, id, envelope }) => {
          const owner = column.owner(userId, id);
          return { userId, id, from: envelope, to: vault.seal(vault.open(envelope, owner), owner) };
        });
        resealed += await replaceSealed(db, column, changes);
      }
    }
    const counts = await inTime(db, countByPrefix);
    const left = [...counts].reduce((sum, [found, n]) => sum + (found === prefix ? 0 : n), 0);
    if (left === 0 || pass === passes) return { keyId, resealed, left };
    await sleep(500);
  }
}

/** What may look through a whole table has the time limit of `db`'s transactions, not that of the role. */
function inTime<T>(db: Db, look: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().execute(look);
}
