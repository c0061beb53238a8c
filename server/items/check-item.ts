import { addActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import {
  findItemState,
  findItemToken,
  type ItemOfUser,
  type ItemState,
  updateItem,
} from "../../db/items.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { ItemStatus } from "../contracts/accounts.ts";
import type { ActivityKind } from "../contracts/activity.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { isBankAway, isGone } from "../plaid/item-error.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** What an Item becomes, and how the history says it. */
export interface ItemChange {
  status?: ItemStatus;
  expiresAt?: Date | null;
  newAccounts?: boolean;
  kind: ActivityKind;
}

/** `again`: what was known when the question was asked has changed. */
type Decision = ItemChange | "again" | null;

const kinds: Record<ItemStatus, ActivityKind> = {
  good: "repaired",
  expiring: "expiring",
  login_required: "login_required",
  revoked: "revoked",
};

/**
 * Asks Plaid how the Item stands, keeps the answer, and returns the status; null when the Item is
 * gone. Whatever a webhook said, and in whatever order, this is what holds. Errors: as Plaid's calls.
 */
export async function checkItem(
  services: Services,
  item: ItemOfUser,
  log: Log,
): Promise<ItemStatus | null> {
  const { db, plaid, vault, limits } = services;
  for (;;) {
    const before = await findItemState(db, item.userId, item.itemId);
    const sealed = await findItemToken(db, item.userId, item.itemId);
    if (!before || sealed === null) return null;
    const errorCode = await plaid
      .getItem(vault.open(sealed, accessTokenOwner(item.userId, item.itemId)), {
        signal: AbortSignal.timeout(limits.connectDeadline),
      })
      .then((found) => found.errorCode, goneAtPlaid);
    const status = statusOf(errorCode, before.status);
    const changed = await changeItem(services, item, log, (now) => {
      // Somebody learned more while we asked: ask again.
      if (now.statusAt.getTime() !== before.statusAt.getTime()) return "again";
      return status === now.status ? null : { status, expiresAt: null, kind: kinds[status] };
    });
    if (changed !== "again") return changed === "gone" ? null : status;
  }
}

/** What Plaid's word on an Item means; the bank being away for a while changes nothing. */
function statusOf(errorCode: string | null, before: ItemStatus): ItemStatus {
  if (errorCode === null) return before === "expiring" ? "expiring" : "good";
  if (isGone(errorCode)) return "revoked";
  return isBankAway(errorCode) ? before : "login_required";
}

function goneAtPlaid(error: unknown): string {
  const code = error instanceof FiscilityError ? error.plaid?.errorCode : null;
  if (code && isGone(code)) return code;
  throw error;
}

/**
 * Changes an Item under its user's lock, as `decide` says of how it stands then: nothing for null.
 * With the change go one entry in the history and the data version (I5).
 */
export async function changeItem(
  services: Pick<Services, "db" | "cache" | "limits">,
  { userId, itemId }: ItemOfUser,
  log: Log,
  decide: (now: ItemState, tx: Db) => Decision | Promise<Decision>,
): Promise<"changed" | "unchanged" | "again" | "gone"> {
  const ended = await services.db.transaction().execute(async (tx) => {
    await lockUser(tx, userId);
    const now = await findItemState(tx, userId, itemId);
    if (!now) return "gone";
    const change = await decide(now, tx);
    if (change === null) return "unchanged";
    if (change === "again") return "again";
    const { kind, ...set } = change;
    await updateItem(tx, userId, itemId, set);
    await addActivity(tx, {
      user_id: userId,
      attempt_id: itemId,
      kind,
      institution_id: now.institutionId,
      institution_name: now.institutionName,
      account_count: 0,
    });
    await raiseDataVersion(tx, userId);
    return { kind, was: now.status };
  });
  if (typeof ended === "string") return ended;
  log.info({ event: "item_changed", userId, itemId, ...ended }, "Item changed");
  await invalidateCache(services, { userId }, log);
  return "changed";
}
