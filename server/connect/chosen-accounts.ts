import type { AccountTraits } from "../../db/account-traits.ts";
import type { PlanOfUser } from "../../db/users.ts";
import type { ConnectAccountInput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { ReasonDetails } from "../contracts/reason-details.ts";
import { whyNoRoom } from "./account-limit.ts";
import { findSame } from "./duplicates.ts";

/** The accounts that the user chose of those the bank shares; null for all of them. */
export type Choice = AccountTraits[] | null;

/** An account that the user may choose, as `limit_reached` lists it. */
type Choosable = NonNullable<ReasonDetails["limit_reached"]["choice"]>["accounts"][number];

/** Returns the accounts that `accountIds` names, with their details from Link's metadata. */
export function choiceOf({
  accountIds,
  metadata,
}: Pick<ConnectAccountInput, "accountIds" | "metadata">): Choice {
  if (!accountIds) return null;
  const offered = new Map(metadata?.accounts?.map((account) => [account.id, account]));
  return [...new Set(accountIds)].map((accountId) => {
    const { mask = null, name, subtype = null } = offered.get(accountId) ?? {};
    return { accountId, persistentAccountId: null, mask, name: name ?? "", subtype };
  });
}

/**
 * Returns the accounts that the user chose. They match by id, or else by mask, name and subtype, because a
 * bank may return other ids than Link did.
 */
export function findChosen<Offered extends AccountTraits>(
  accounts: readonly Offered[],
  choice: Choice,
): Offered[] {
  if (choice === null) return [...accounts];
  const places = new Set(
    findSame(choice, accounts, { likely: true }).map(({ offered }) => offered),
  );
  return accounts.filter((_, place) => places.has(place));
}

/**
 * Throws `limit_reached` when `wanted` accounts do not fit in the plan. When some of them fit, the error
 * lists the accounts that the same request may be sent again with, as `accountIds`.
 */
export function requireRoomOrChoice(
  plan: PlanOfUser,
  used: number,
  wanted: number,
  accounts: readonly Choosable[],
): void {
  const refusal = whyNoRoom(plan, used, wanted);
  if (!refusal) return;
  const room = plan.maxAccounts - used;
  if (room < 1 || accounts.length === 0) throw refusal;
  const details = refusal.details as ReasonDetails["limit_reached"];
  throw new FiscilityError("limit_reached", {
    details: { ...details, choice: { room, accounts } },
  });
}
