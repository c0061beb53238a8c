import type { AccountTraits } from "../../db/account-traits.ts";
import type { KnownAccount } from "../../db/known-accounts.ts";

/** An offered account, by its position in the list, and the known account that it matches. */
export interface Duplicate<Known extends AccountTraits = KnownAccount> {
  offered: number;
  known: Known;
}

/**
 * Banks where a second Item of the same log-in may invalidate the first: Chase, PNC, Navy Federal, Schwab. A
 * bank that is connected already can only be reconnected there.
 * https://plaid.com/docs/link/oauth/#preventing-duplicate-items
 */
const invalidating: ReadonlySet<string> = new Set(["ins_56", "ins_13", "ins_15", "ins_11"]);

export function secondItemInvalidatesFirst(institutionId: string | null): boolean {
  return institutionId !== null && invalidating.has(institutionId);
}

/** Returns which of the accounts that a bank offers are known already. Matches as `findSame` does. */
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
 * Returns which of the accounts that one bank offers are known, by Plaid's id or the bank's own. With
 * `likely`, accounts without the bank's own id also match by name, mask and subtype. Each known account
 * matches once, so two accounts that look the same never both match one.
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
  if (likely) take(isSimilar);
  return [...found]
    .map(([index, account]) => ({ offered: index, known: account }))
    .sort((a, b) => a.offered - b.offered);
}

/**
 * Returns which of the accounts that a bank offers belonged to an Item whose access has ended. A name may
 * have been changed since, here or at the bank, so an account also matches when it is the only one left of
 * its mask and subtype.
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
 * Returns the offered accounts, without those whose Plaid id belongs to an account of another bank. Plaid
 * never uses an id twice, so such an account cannot be a new one of this bank.
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
 * Finds the offered accounts that are known under another institution_id, because the bank has a new id
 * (after a move to OAuth, for example). Returns them when they are everything that the bank offers, or
 * everything in one Item; else none. Accounts without a mask are too ambiguous to match. Two banks may look
 * the same, so the result may be offered to the user but proves nothing.
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
    const haveMasks = found.every(({ known: { mask } }) => mask !== null);
    const isAll = found.length === offered.length || found.length === held.length;
    if (found.length > 0 && haveMasks && isAll) return found;
  }
  return [];
}

function sameId(a: AccountTraits, b: AccountTraits): boolean {
  return a.persistentAccountId !== null && a.persistentAccountId === b.persistentAccountId;
}

function isSimilar(a: AccountTraits, b: AccountTraits): boolean {
  // Two different ids are two accounts, however similar they look.
  if (a.persistentAccountId !== null && b.persistentAccountId !== null) return false;
  return a.mask === b.mask && a.subtype === b.subtype && normalize(a.name) === normalize(b.name);
}

const normalize = (name: string) => name.trim().toLowerCase();
