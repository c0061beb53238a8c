import type { Db } from "../../db/client.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { type KnownAccount, knownAccounts } from "../../db/known-accounts.ts";
import { findAttempt } from "../../db/link-attempts.ts";
import type { NewAccountRow, NewUnconnectedAccountRow } from "../../db/schema.ts";
import { type UnconnectedAccount, unconnectedAccounts } from "../../db/unconnected-accounts.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { toAccountRows, toUnconnectedRow } from "./connection-rows.ts";
import { findDuplicates, findSame, withoutForeignIds } from "./duplicates.ts";

/** An account that the bank shares and that is not connected. `listed` is null when it is new to the user. */
export interface Candidate {
  account: PlaidAccount;
  listed: UnconnectedAccount | null;
}

/**
 * The accounts that a bank shares now, compared with the stored ones. An account of another Item is in
 * neither list (I2).
 */
export interface SharedAccounts {
  /** Connected accounts of the Item, with Plaid's current ids. */
  connected: { id: string; accountId: string }[];
  /** In the bank's order. */
  candidates: Candidate[];
}

/**
 * Compares the accounts that one Item shares now with those of the user.
 *
 * @param listed the accounts of the Item that are not connected
 * @param connectAnyway the user said that accounts of this Item only look like accounts of other Items
 */
export function compareShared(
  known: readonly KnownAccount[],
  listed: readonly UnconnectedAccount[],
  itemId: string,
  offered: readonly PlaidAccount[],
  { connectAnyway }: { connectAnyway: boolean },
): SharedAccounts {
  const institutionId = known.find((account) => account.itemId === itemId)?.institutionId ?? null;
  let left = withoutForeignIds(known, institutionId, offered);
  const take = <Found>(found: { offered: number; known: Found }[]) => {
    const pairs = found.map(({ offered, known }) => ({
      known,
      account: left[offered] as PlaidAccount,
    }));
    const taken = new Set(pairs.map(({ account }) => account));
    left = left.filter((account) => !taken.has(account));
    return pairs;
  };
  const own = known.filter((account) => account.itemId === itemId);
  // An account of an Item whose access has ended is no duplicate.
  const others = known.filter((account) => account.itemId !== itemId && !account.isEnded);
  const connected = take(findSame(own, left, { likely: false }));
  // An account that was not chosen may look like one that was, so it keeps the row that has its id.
  const apart = new Set(listed.map(({ accountId }) => accountId));
  const isFound = new Set(connected.map(({ known }) => known));
  const missing = own.filter((account) => !isFound.has(account));
  connected.push(
    ...take(
      findSame(missing, left, { likely: true }).filter(
        ({ offered }) => !apart.has(left[offered]?.accountId ?? ""),
      ),
    ),
  );
  take(findDuplicates(others, institutionId, left, { likely: !connectAnyway }));
  const candidates = left.map((account): Candidate => ({ account, listed: null }));
  for (const { offered, known } of findSame(listed, left, { likely: true })) {
    (candidates[offered] as Candidate).listed = known;
  }
  return {
    connected: connected.map(({ known: { id }, account: { accountId } }) => ({ id, accountId })),
    candidates,
  };
}

/** Returns the rows that connect these candidates. New ones follow after `held` other accounts. */
export function toCandidateRows(
  item: ItemOfUser,
  candidates: readonly Candidate[],
  held: number,
): NewAccountRow[] {
  return candidates.flatMap(({ account, listed }, place) =>
    toAccountRows(item, [account], listed?.position ?? held + place).map((row) =>
      listed ? { ...row, id: listed.id } : row,
    ),
  );
}

/** Returns the rows that list these candidates as not connected. */
export function toUnconnectedRows(
  item: ItemOfUser,
  candidates: readonly Candidate[],
  held: number,
): NewUnconnectedAccountRow[] {
  const rows = toCandidateRows(item, candidates, held);
  return rows.map((row, place) =>
    toUnconnectedRow(row, candidates[place]?.listed?.declined ?? false),
  );
}

/**
 * Reads the stored accounts of one Item under the user's lock, and compares them with those that the bank
 * shares.
 */
export async function readShared(
  tx: Db,
  { userId, itemId }: ItemOfUser,
  offered: readonly PlaidAccount[],
): Promise<SharedAccounts & { known: KnownAccount[]; listed: UnconnectedAccount[] }> {
  const known = await knownAccounts(tx, userId).execute();
  const all = await unconnectedAccounts(tx, userId).execute();
  const listed = all.filter((account) => account.itemId === itemId);
  const attempt = await findAttempt(tx, userId, itemId);
  const connectAnyway = attempt?.connect_anyway ?? false;
  return { known, listed, ...compareShared(known, listed, itemId, offered, { connectAnyway }) };
}
