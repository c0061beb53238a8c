import { addActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import {
  findItemState,
  findItemToken,
  type ItemOfUser,
  type ItemState,
  updateItem,
} from "../../db/items.ts";
import { deleteRefusedToken } from "../../db/refused-tokens.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { ItemStatus } from "../contracts/accounts.ts";
import type { ActivityKind } from "../contracts/activity.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { itemProblems, type StoredProblem, shownProblem } from "../contracts/item-problem.ts";
import { type ItemError, isRefusedToken, problemOf } from "../plaid/item-error.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";
import { isTokenDead } from "./refused-token.ts";

/** A change of an Item, and the kind of its activity entry. */
export interface ItemChange {
  status?: ItemStatus;
  problem?: StoredProblem | null;
  expiresAt?: Date | null;
  newAccounts?: boolean;
  kind: ActivityKind;
}

/** `again`: the Item changed while Plaid was called. */
type Decision = ItemChange | "again" | null;

/**
 * Checks the Item's state at Plaid, stores it, and returns its status; null when it is disconnected. The
 * result is correct whatever webhooks said, in any order.
 *
 * @param seen the error of a data call. It counts even if Plaid says that the Item is healthy. Without it,
 *   this makes a data call to check.
 * @throws FiscilityError as Plaid's calls, when Plaid cannot be reached
 */
export async function checkItem(
  services: Services,
  item: ItemOfUser,
  log: Log,
  seen?: ItemError,
): Promise<ItemStatus | null> {
  const { db, vault } = services;
  for (;;) {
    const before = await findItemState(db, item.userId, item.itemId);
    const sealed = await findItemToken(db, item.userId, item.itemId);
    if (!before || sealed === null) return null;
    const accessToken = vault.open(sealed, accessTokenOwner(item.userId, item.itemId));
    const error = await findError(services, accessToken, seen);
    const problem = error && (await judge(services, before, error, log));
    if (problem === null && before.problem) await deleteRefusedToken(db, before.plaidItemId);
    let status: ItemStatus = before.status;
    const changed = await changeItem(services, item, log, (now) => {
      // Another run has stored something newer meanwhile, so check once more.
      if (!isSame(now, before)) return "again";
      const change = problem === null ? healed(now) : changeTo(now, problem);
      status = change?.status ?? now.status;
      return change;
    });
    if (changed !== "again") return changed === "gone" ? null : status;
  }
}

const isSame = (now: ItemState, before: ItemState) =>
  now.statusAt.getTime() === before.statusAt.getTime() &&
  now.problem?.kind === before.problem?.kind;

/** Returns the Item's error at Plaid; null when it is healthy. */
async function findError(
  { plaid, limits }: Services,
  accessToken: Secret,
  seen: ItemError | undefined,
): Promise<ItemError | null> {
  // A bank or Plaid that is unavailable has no details.
  if (seen && problemOf(seen) === "wait") return seen;
  const signal = AbortSignal.timeout(limits.connectDeadline);
  try {
    const { error } = await plaid.getItem(accessToken, { signal });
    if (error || seen) return error ?? seen ?? null;
    await plaid.getAccounts(accessToken, { signal });
    return null;
  } catch (failure) {
    const problem = failure instanceof FiscilityError ? failure.plaid : undefined;
    const hasResponse = (failure as FiscilityError).reason !== "plaid_unavailable";
    if (problem && hasResponse && problemOf(problem) !== null) return problem;
    throw failure;
  }
}

/**
 * A data call has succeeded. If we only waited for the bank, it is back. A problem that needs the user is
 * left to `checkItem`, which calls Plaid.
 */
export async function endBankOutage(services: Services, item: ItemOfUser, log: Log): Promise<void> {
  await changeItem(services, item, log, async (now, tx) => {
    if (now.problem?.kind !== "wait") return null;
    await deleteRefusedToken(tx, now.plaidItemId);
    return healed(now);
  });
}

async function judge(
  services: Services,
  item: ItemState,
  error: ItemError,
  log: Log,
): Promise<StoredProblem> {
  if (isRefusedToken(error) && !(await isTokenDead(services, item, log))) {
    return { kind: "wait", message: null };
  }
  const kind = problemOf(error) ?? "unknown";
  return { kind, message: kind === "unknown" ? error.displayMessage : null };
}

/** The Item works. One that was expiring still is, until its day has passed. */
function healed({ status, problem, isExpired }: ItemState): ItemChange | null {
  if (status === "good" || (status === "expiring" && !isExpired)) {
    return problem === null ? null : { problem: null, kind: "repaired" };
  }
  return { status: "good", problem: null, expiresAt: null, kind: "repaired" };
}

function changeTo(now: ItemState, problem: StoredProblem): ItemChange | null {
  const { status, activity: kind } = itemProblems[problem.kind];
  const shown = shownProblem(now.status, now.problem);
  // An unavailable bank does not change what it needed before.
  if (status === null) return shown === null ? { problem, kind } : null;
  if (shown?.kind === problem.kind) return null;
  return { status, problem, expiresAt: null, kind };
}

/**
 * Changes an Item under its user's lock. `decide` gets the current state and returns the change, or null for
 * none. A change also adds an activity entry and raises the data version (I5).
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
    const problem = set.problem?.kind ?? null;
    await addActivity(tx, {
      user_id: userId,
      attempt_id: itemId,
      kind,
      institution_id: now.institutionId,
      institution_name: now.institutionName,
      account_count: 0,
      problem,
    });
    await raiseDataVersion(tx, userId);
    return { kind, problem, was: now.status };
  });
  if (typeof ended === "string") return ended;
  log.info({ event: "item_changed", userId, itemId, ...ended }, "Item changed");
  await invalidateCache(services, { userId }, log);
  return "changed";
}
