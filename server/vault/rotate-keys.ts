import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../../db/client.ts";
import {
  countByPrefix,
  findSealedWithOtherPrefix,
  type RowPosition,
  replaceSealed,
  type Sealed,
  sealedColumns,
} from "../../db/sealed.ts";
import { type Vault, VaultError } from "./vault.ts";

/** Rows that one statement re-encrypts: few enough to take milliseconds. */
const batch = 200;
/** Passes over rows that were locked in the previous one. */
const passes = 20;

/** The result of a rotation. `left`: ciphertexts that still have another key or format. */
export interface Rotation {
  keyId: string;
  resealed: number;
  left: number;
}

/**
 * Re-encrypts everything with the first key of the ring, in the vault's format, while the product runs. It
 * works in small steps, which change a row only if it has not changed since it was read. A killed rotation
 * keeps what it has done, and the next one continues.
 *
 * @throws VaultError before anything is changed, when a row needs a key that the ring does not have
 */
export async function rotateKeys(
  db: Db,
  vault: Vault,
  report: (line: string) => void,
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
      `TOKEN_KEYS lacks keys that rows are encrypted with: ${counts}. Nothing was changed.`,
    );
  }
  for (const [found, rows] of before) {
    const [format, key] = found.split(".");
    report(`${rows} rows are encrypted with ${key}, in format ${format}.`);
  }

  let resealed = 0;
  for (let pass = 1; ; pass++) {
    for (const column of sealedColumns) {
      for (let after: RowPosition | null = null; ; ) {
        const from: RowPosition | null = after;
        const rows: Sealed[] = await inTime(db, (tx) =>
          findSealedWithOtherPrefix(tx, column, prefix, from, batch),
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

/** Scans of a whole table run in a transaction, for the time limits of `db` instead of the role's. */
function inTime<T>(db: Db, look: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().execute(look);
}
