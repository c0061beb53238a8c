import type { AccountTraits } from "../../db/account-traits.ts";
import type { KnownAccount } from "../../db/known-accounts.ts";

/** An offered account (its place in the list) and the known one it is. */
export interface Duplicate<Known extends AccountTraits = KnownAccount> {
  offered: number;
  known: Known;
}

/**
 * At these banks a second Item of the same log-in may put the first out of order, so a bank that is
 * there already is only ever reconnected. Chase, PNC, Navy Federal, Schwab.
 * https://plaid.com/docs/link/oauth/#preventing-duplicate-items
 */
const invalidating: ReadonlySet<string> = new Set(["ins_56", "ins_13", "ins_15", "ins_11"]);

export function secondItemInvalidatesFirst(institutionId: string | null): boolean {
  return institutionId !== null && invalidating.has(institutionId);
}

/** Which of the accounts a bank offers are known already, as `findSame` tells. */
export function findDuplicates<Known extends AccountTraits & { institutionId: string | null }>(
  known: readonly Known[],
  institutionId: string | null,
  offered: readonly AccountTraits[],
  options: { likely: boolean },
): Duplicate<Known>[] {
  const ofBank = known.filter((account) => account.institutionId === institutionId);
  return findSame(ofBank, offered, options);
}

/**
 * Which of the accounts that one bank offers are known, by Plaid's id or the bank's own. `likely`:
 * accounts without the bank's own id count as the same when name, mask and subtype agree; without it
 * only the ids count.
 * A known account is taken once, so two accounts that look alike are not both the one we have.
 */
export function findSame<Known extends AccountTraits>(
  known: readonly Known[],
  offered: readonly AccountTraits[],
  { likely }: { likely: boolean },
): Duplicate<Known>[] {
  const free = new Set(known);
  const found = new Map<number, Known>();
  const take = (same: (a: AccountTraits, b: AccountTraits) => boolean) => {
    for (const [index, account] of offered.entries()) {
      if (found.has(index)) continue;
      for (const candidate of free) {
        if (!same(account, candidate)) continue;
        found.set(index, candidate);
        free.delete(candidate);
        break;
      }
    }
  };
  take((a, b) => a.accountId !== null && a.accountId === b.accountId);
  take(sameId);
  if (likely) take(looksTheSame);
  return [...found]
    .map(([index, account]) => ({ offered: index, known: account }))
    .sort((a, b) => a.offered - b.offered);
}

/**
 * Which of the accounts a bank offers are those of an Item whose access has ended. A name may have been
 * corrected here, or changed at the bank, since: where the rest leaves one of a mask and subtype, that is it.
 */
export function findEnded(
  ended: readonly KnownAccount[],
  institutionId: string | null,
  offered: readonly AccountTraits[],
): Duplicate[] {
  const found = findDuplicates(ended, institutionId, offered, { likely: true });
  const taken = new Set(found.map(({ known }) => known));
  const places = new Set(found.map((one) => one.offered));
  const rest = ended.filter((one) => !taken.has(one) && one.institutionId === institutionId);
  for (const [place, account] of offered.entries()) {
    if (places.has(place) || account.mask === null) continue;
    const isLike = ({ mask, subtype }: AccountTraits) =>
      mask === account.mask && subtype === account.subtype;
    const [known, other] = rest.filter(isLike);
    if (known && !other && offered.filter(isLike).length === 1)
      found.push({ offered: place, known });
  }
  return found;
}

/**
 * The accounts that the bank offers, without those under an id of Plaid's that an account of another
 * bank has: Plaid gives an id once, so whatever it is, it is not another account of this bank.
 */
export function withoutForeignIds<Offered extends AccountTraits>(
  known: readonly KnownAccount[],
  institutionId: string | null,
  offered: readonly Offered[],
): Offered[] {
  const elsewhere = known.filter((account) => account.institutionId !== institutionId);
  const foreign = new Set(elsewhere.map(({ accountId }) => accountId));
  return offered.filter(({ accountId }) => accountId === null || !foreign.has(accountId));
}

/**
 * The accounts that a bank offers and that are known under another institution_id, when everything it
 * offers is, or everything of an Item there: the bank has a new id (it moved to OAuth, say). Empty
 * otherwise. An account without a mask is too little to tell by. Two banks may look alike: this is
 * something to offer, and proves nothing.
 */
export function findUnderOtherId(
  known: readonly KnownAccount[],
  institutionId: string | null,
  offered: readonly AccountTraits[],
): Duplicate[] {
  const others = known.filter((account) => account.institutionId !== institutionId);
  for (const itemId of new Set(others.map((account) => account.itemId))) {
    const held = others.filter((account) => account.itemId === itemId);
    const found = findDuplicates(held, held[0]?.institutionId ?? null, offered, { likely: true });
    const isTold = found.every(({ known: { mask } }) => mask !== null);
    const isAll = found.length === offered.length || found.length === held.length;
    if (found.length > 0 && isTold && isAll) return found;
  }
  return [];
}

function sameId(a: AccountTraits, b: AccountTraits): boolean {
  return a.persistentAccountId !== null && a.persistentAccountId === b.persistentAccountId;
}

function looksTheSame(a: AccountTraits, b: AccountTraits): boolean {
  // Two ids that differ are two accounts, whatever they look like.
  if (a.persistentAccountId !== null && b.persistentAccountId !== null) return false;
  return a.mask === b.mask && a.subtype === b.subtype && plain(a.name) === plain(b.name);
}

const plain = (name: string) => name.trim().toLowerCase();
