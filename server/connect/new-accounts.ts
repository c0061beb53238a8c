import type { ConnectState } from "../../db/link-attempts.ts";
import type { ConnectAccountInput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidAccount } from "../plaid/responses.ts";
import { tellUnreadable } from "../plaid/unreadable.ts";
import type { Log } from "../telemetry/log.ts";
import { NothingNew } from "./attempt.ts";
import {
  findDuplicates,
  findEnded,
  findUnderOtherId,
  secondItemInvalidatesFirst,
  withoutForeignIds,
} from "./duplicates.ts";

/** An account of an Item whose access has ended, and what the new Item calls it. */
export interface TakenAccount {
  id: string;
  itemId: string;
  account: PlaidAccount;
}

/**
 * What Link's metadata says of the accounts, before anything is exchanged or billed, and which of them
 * the user has already. It comes from the browser: it can spare a user an exchange, and never permits one.
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
 * Refuses before the exchange what Link's metadata says is connected already, unless the user chose to
 * connect anyway and the bank allows two Items.
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
  const alike = reconnectOnly || isNothingNew ? duplicates : underOtherId;
  const [first] = alike;
  if (first && (reconnectOnly || !input?.connectAnyway)) {
    throw new FiscilityError("duplicate_accounts", {
      details: {
        itemId: first.known.itemId,
        institutionName,
        accounts: alike.map(({ known: { id, name, mask } }) => ({ id, name, mask })),
        mayConnectAnyway: !reconnectOnly,
      },
    });
  }
}

/** How many new accounts Link's metadata promises, those of an ended Item not counted; at least 1 without any. */
export function newAccountsByMetadata(
  input: ConnectAccountInput | undefined,
  known: ConnectState["known"],
): number {
  const { offered, duplicates, taken } = offeredByMetadata(input, known);
  const held = new Set(taken.map((one) => one.offered));
  if (!input?.connectAnyway) for (const one of duplicates) held.add(one.offered);
  const added = offered.length - held.size;
  // Where all of them may be taken over, the plan needs no room for them; what the bank shares decides.
  const mayTake = offered.length === 0 && known.some(({ isEnded }) => isEnded);
  return taken.length > 0 || mayTake ? added : Math.max(1, added);
}

/**
 * The accounts that the bank shared and the user does not have yet. Where the user chose to connect
 * anyway, only the bank's own ids tell that an account is there already. Another institution_id is
 * another bank here: what looks the same there is offered before the exchange, and ends nothing after it.
 *
 * `taken`: those that an Item whose access has ended had, by the ids of their rows.
 *
 * @throws NothingNew when there is neither
 * @throws FiscilityError `connect_failed` when no account has an id of this bank's
 */
export function newAccounts(
  {
    institution,
    accounts: shared,
  }: { institution: { id: string | null }; accounts: PlaidAccount[] },
  known: ConnectState["known"],
  { connectAnyway }: { connectAnyway: boolean },
  log: Log,
): { added: PlaidAccount[]; taken: TakenAccount[] } {
  const accounts = withoutForeignIds(known, institution.id, shared);
  const foreign = shared.filter((account) => !accounts.includes(account));
  tellUnreadable(
    "account",
    foreign.map(({ accountId: id }) => ({ id, field: "account_id" })),
    log,
  );
  const live = known.filter(({ isEnded }) => !isEnded);
  const duplicates = findDuplicates(live, institution.id, accounts, { likely: !connectAnyway });
  const places = new Set(duplicates.map(({ offered }) => offered));
  const rest = accounts.filter((_, place) => !places.has(place));
  const ended = known.filter(({ isEnded }) => isEnded);
  const taken = findEnded(ended, institution.id, rest).flatMap(
    ({ offered, known: { id, itemId } }) => {
      const account = rest[offered];
      return account ? [{ id, itemId, account }] : [];
    },
  );
  const held = new Set(taken.map(({ account }) => account));
  const [first] = duplicates;
  if (first && rest.length === 0) throw new NothingNew(first.known.itemId);
  if (rest.length === 0) throw new FiscilityError("connect_failed");
  return { added: rest.filter((account) => !held.has(account)), taken };
}
