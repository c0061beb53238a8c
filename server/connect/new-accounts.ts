import type { ConnectState } from "../../db/link-attempts.ts";
import type { ConnectAccountInput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { NothingNew } from "./attempt.ts";
import { findDuplicates, secondItemInvalidatesFirst } from "./duplicates.ts";

/**
 * How many new accounts Link's metadata promises, before anything is exchanged or billed. It comes from
 * the browser: it can spare a user an exchange, and never permits one.
 *
 * @returns at least 1
 * @throws FiscilityError `duplicate_accounts`
 */
export function newAccountsByMetadata(
  input: ConnectAccountInput | undefined,
  known: ConnectState["known"],
): number {
  const { institution, accounts } = input?.metadata ?? {};
  const institutionId = institution?.institutionId ?? null;
  if (!accounts?.length || institutionId === null) return Math.max(1, accounts?.length ?? 0);
  const offered = accounts.map((account) => ({
    accountId: null,
    persistentAccountId: null,
    mask: account.mask ?? null,
    name: account.name ?? "",
    subtype: account.subtype ?? null,
  }));
  const duplicates = findDuplicates(known, institutionId, offered, { likely: true });
  const [first] = duplicates;
  const reconnectOnly = secondItemInvalidatesFirst(institutionId);
  const isNothingNew = duplicates.length === offered.length;
  if (first && (reconnectOnly || (isNothingNew && !input?.connectAnyway))) {
    throw new FiscilityError("duplicate_accounts", {
      details: {
        itemId: first.known.itemId,
        institutionName: institution?.name ?? "",
        accounts: duplicates.map(({ known: { id, name, mask } }) => ({ id, name, mask })),
        mayConnectAnyway: !reconnectOnly,
      },
    });
  }
  const count = input?.connectAnyway ? offered.length : offered.length - duplicates.length;
  return Math.max(1, count);
}

/**
 * The accounts that the bank shared and the user does not have yet. Where the user chose to connect
 * anyway, only the bank's own ids tell that an account is there already.
 *
 * @throws NothingNew when there is none
 */
export function newAccounts(
  { institution, accounts }: { institution: { id: string | null }; accounts: PlaidAccount[] },
  known: ConnectState["known"],
  { connectAnyway }: { connectAnyway: boolean },
): PlaidAccount[] {
  const duplicates = findDuplicates(known, institution.id, accounts, { likely: !connectAnyway });
  const places = new Set(duplicates.map(({ offered }) => offered));
  const added = accounts.filter((_, place) => !places.has(place));
  const [first] = duplicates;
  if (first && added.length === 0) throw new NothingNew(first.known.itemId);
  return added;
}
