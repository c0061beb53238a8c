import type { ConnectState } from "../../db/link-attempts.ts";
import type { PlanOfUser } from "../../db/users.ts";
import type { ConnectAccountInput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { logUnreadable } from "../plaid/unreadable.ts";
import type { Log } from "../telemetry/log.ts";
import { NothingNew } from "./attempt.ts";
import { type Choice, findChosen, requireRoomOrChoice } from "./chosen-accounts.ts";
import {
  findDuplicates,
  findEnded,
  findUnderOtherId,
  secondItemInvalidatesFirst,
  withoutForeignIds,
} from "./duplicates.ts";

/** An account of an Item whose access has ended, with its data in the new Item. */
export interface TakenAccount {
  id: string;
  itemId: string;
  account: PlaidAccount;
}

/**
 * The accounts in Link's metadata, before anything is exchanged or billed, and which of them the user already
 * has. The metadata comes from the browser: it can save an exchange but never permits one.
 */
function offeredByMetadata(input: ConnectAccountInput | undefined, known: ConnectState["known"]) {
  const { institution, accounts } = input?.metadata ?? {};
  const institutionId = institution?.institutionId ?? null;
  const offered = (accounts ?? []).map((account) => ({
    accountId: null,
    persistentAccountId: null,
    mask: account.mask ?? null,
    name: account.name ?? "",
    subtype: account.subtype ?? null,
  }));
  const live = known.filter(({ isEnded }) => !isEnded);
  const duplicates =
    institutionId === null ? [] : findDuplicates(live, institutionId, offered, { likely: true });
  const ended = known.filter(({ isEnded }) => isEnded);
  const taken = institutionId === null ? [] : findEnded(ended, institutionId, offered);
  return { institutionId, institutionName: institution?.name ?? "", offered, duplicates, taken };
}

/**
 * Refuses before the exchange when Link's metadata shows that the accounts are connected already, unless the
 * user chose to connect anyway and the bank allows two Items.
 *
 * @throws FiscilityError `duplicate_accounts`
 */
export function requireNoDuplicates(
  input: ConnectAccountInput | undefined,
  known: ConnectState["known"],
): void {
  const { institutionId, institutionName, offered, duplicates } = offeredByMetadata(input, known);
  if (offered.length === 0 || institutionId === null) return;
  const reconnectOnly = secondItemInvalidatesFirst(institutionId) && duplicates.length > 0;
  const isNothingNew = duplicates.length === offered.length;
  const live = known.filter(({ isEnded }) => !isEnded);
  const underOtherId =
    duplicates.length === 0 ? findUnderOtherId(live, institutionId, offered) : [];
  const matches = reconnectOnly || isNothingNew ? duplicates : underOtherId;
  const [first] = matches;
  if (first && (reconnectOnly || !input?.connectAnyway)) {
    throw new FiscilityError("duplicate_accounts", {
      details: {
        itemId: first.known.itemId,
        institutionName,
        accounts: matches.map(({ known: { id, name, mask } }) => ({ id, name, mask })),
        mayConnectAnyway: !reconnectOnly,
        offeredCount: offered.length,
        newCount: offered.length - matches.length,
      },
    });
  }
}

/**
 * Throws `limit_reached` before the exchange when the plan has no room for the chosen accounts, or for all in
 * Link's metadata, at least one. Accounts of an ended Item count towards the plan already.
 */
export function requireRoomByMetadata(
  plan: PlanOfUser,
  input: ConnectAccountInput | undefined,
  known: ConnectState["known"],
  choice: Choice,
): void {
  const { duplicates, taken } = offeredByMetadata(input, known);
  const places = new Set(taken.map(({ offered }) => offered));
  if (!input?.connectAnyway) for (const { offered } of duplicates) places.add(offered);
  const offered = input?.metadata?.accounts ?? [];
  const isKnown = (accountId: string | null) =>
    offered.some(({ id }, place) => places.has(place) && id === accountId);
  const wanted = choice
    ? choice.filter(({ accountId }) => !isKnown(accountId)).length
    : offered.length - places.size;
  const choosable = offered.flatMap(
    ({ id, name = null, mask = null, type = null, subtype = null }, place) =>
      id && !places.has(place) ? [{ id, name, mask, type, subtype }] : [],
  );
  // If every account may be taken over, the plan needs no room for them. The check after the exchange
  // decides.
  const mayTake = offered.length === 0 && known.some(({ isEnded }) => isEnded);
  const least = taken.length > 0 || mayTake ? 0 : 1;
  requireRoomOrChoice(plan, known.length, Math.max(least, wanted), choosable);
}

/** Accounts that are in no live Item of the user, in the bank's order. */
export interface NewAccounts {
  added: PlaidAccount[];
  /** The accounts of `added` that the user chose; at least one. */
  chosen: PlaidAccount[];
  /** The accounts of `chosen` that belonged to an Item whose access has ended, with the ids of their rows. */
  taken: TakenAccount[];
}

/**
 * Returns the accounts that the bank shared and the user does not have yet. If the user chose to connect
 * anyway, only the bank's own ids make an account a duplicate. Another institution_id counts as another bank
 * here: similar accounts there are offered to the user before the exchange, and do not end the attempt after
 * it.
 *
 * @throws NothingNew when there is none
 * @throws FiscilityError `connect_failed` when no account has an id of this bank, `bank_accounts_required`
 *   when none of them is one that the user chose
 */
export function newAccounts(
  {
    institution,
    accounts: shared,
  }: { institution: { id: string | null }; accounts: PlaidAccount[] },
  known: ConnectState["known"],
  { connectAnyway, choice }: { connectAnyway: boolean; choice: Choice },
  log: Log,
): NewAccounts {
  const accounts = withoutForeignIds(known, institution.id, shared);
  const foreign = shared.filter((account) => !accounts.includes(account));
  logUnreadable(
    "account",
    foreign.map(({ accountId: id }) => ({ id, field: "account_id" })),
    log,
  );
  const live = known.filter(({ isEnded }) => !isEnded);
  const duplicates = findDuplicates(live, institution.id, accounts, { likely: !connectAnyway });
  const places = new Set(duplicates.map(({ offered }) => offered));
  const added = accounts.filter((_, place) => !places.has(place));
  const [first] = duplicates;
  if (first && added.length === 0) throw new NothingNew(first.known.itemId);
  if (added.length === 0) throw new FiscilityError("connect_failed");
  const chosen = findChosen(accounts, choice).filter((account) => added.includes(account));
  if (chosen.length === 0) {
    const known = duplicates.find(({ offered }) =>
      findChosen(accounts, choice).includes(accounts[offered] as PlaidAccount),
    );
    if (known) throw new NothingNew(known.known.itemId);
    throw new FiscilityError("bank_accounts_required");
  }
  const ended = known.filter(({ isEnded }) => isEnded);
  const taken = findEnded(ended, institution.id, chosen).flatMap(
    ({ offered, known: { id, itemId } }) => {
      const account = chosen[offered];
      return account ? [{ id, itemId, account }] : [];
    },
  );
  return { added, chosen, taken };
}
