import { addActivity, notFinished } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { deletePlaidUser, type KnownPlaidUser, setDue } from "../../db/plaid-users.ts";
import type { UnclaimedItemRow } from "../../db/schema.ts";
import {
  closeLost,
  dropItems,
  isItemOfAttempt,
  markItems,
  markItemsAssociated,
  noteItems,
  readOwnBooks,
} from "../../db/unclaimed-items.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import {
  isPermanentRejection,
  isUnknownPlaidUser,
  type PlaidUserItem,
} from "../plaid/plaid-users.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { associateItems, checkUnlistedItems } from "./associate-items.ts";
import {
  attemptOf,
  type Books,
  type Decision,
  decide,
  removedItemRetention,
  type Sighting,
} from "./decide.ts";

interface List {
  items: PlaidUserItem[];
  isComplete: boolean;
}

/**
 * Compares Plaid's list of a user's Items with our rows and attempts, under the user's lock, and performs the
 * result of `decide`. It takes one call to Plaid when the two agree.
 *
 * @throws FiscilityError as Plaid's calls; PostgreSQL's 55P03 while the user's lock is held
 */
export async function reconcileUser(
  services: Services,
  user: KnownPlaidUser,
  log: Log,
): Promise<void> {
  const { db, plaid, clock, limits } = services;
  const { userId, plaidUserId } = user;
  const startedAt = clock.now();
  const signal = timeLimitSignal(limits.connectDeadline);
  let list: List;
  try {
    list = await plaid.users.listItems(plaidUserId, { signal });
  } catch (error) {
    if (!isUnknownPlaidUser(error)) throw error;
    log.error({ event: "plaid_user", userId, plaidUserId, outcome: "unknown at Plaid" }, "Unknown");
    await deletePlaidUser(db, user);
    return;
  }
  const decision = await underLock(services, userId, async (tx) => {
    const { books, decision } = await decideNow(services, tx, user, list);
    const now = books.now;
    await markItemsAssociated(tx, userId, decision.associated, plaidUserId);
    await noteItems(tx, userId, decision.note, now);
    await dropItems(tx, userId, decision.drop, new Date(now.getTime() - removedItemRetention));
    await closeLost(tx, userId, decision.giveUp, { plaidItemId: null, now });
    await accountFor(tx, books, decision.confirmedRemovals, { userId, plaidRequestId: null, log });
    // Committed before the removal is sent, so that the next round handles it if the process dies in between.
    await markItems(tx, userId, decision.remove.map(idOf), "sent_at", now);
    return decision;
  });
  const { note, wait } = decision;
  for (const { plaidItemId } of note) {
    log.warn({ event: "unclaimed_item", outcome: "seen", userId, plaidItemId }, "Unclaimed Item");
  }
  for (const plaidItemId of wait) {
    const line = { event: "unclaimed_item", outcome: "unconfirmed", userId, plaidItemId };
    log.error(line, "Unclaimed Item waits for npm run books -- --confirm");
  }
  if (decision.remove.length > 0) await removeUnclaimed(services, user, list, log);
  const refused = await associateItems(services, user, decision.associate, log);
  await checkUnlistedItems(services, user, [...decision.check, ...refused], log);
  await setDue(db, userId, { now: startedAt, dueAt: decision.nextAt });
}

/** Decides again under the lock, and removes at Plaid while the user cannot connect or disconnect. */
async function removeUnclaimed(
  services: Services,
  user: KnownPlaidUser,
  list: List,
  log: Log,
): Promise<void> {
  const { userId } = user;
  await underLock(services, userId, async (tx) => {
    const { books, decision } = await decideNow(services, tx, user, list);
    for (const { sightings, requestId } of await removeItems(services, user, decision, log)) {
      await accountFor(tx, books, sightings, { userId, plaidRequestId: requestId, log });
    }
  });
}

/**
 * Removes all of them in one call. If Plaid refuses, for example because one belongs to another user, removes
 * them one by one. Unconfirmed removals are left to the next round, which sees whether the Item is still
 * listed.
 */
async function removeItems(
  { plaid, limits }: Services,
  { userId, plaidUserId }: KnownPlaidUser,
  { remove }: Decision,
  log: Log,
): Promise<{ sightings: Sighting[]; requestId: string }[]> {
  if (remove.length === 0) return [];
  const signal = timeLimitSignal(limits.connectDeadline);
  const ask = async (sightings: Sighting[]) => ({
    sightings,
    ...(await plaid.users.removeItems(plaidUserId, sightings.map(idOf), { signal })),
  });
  try {
    return [await ask(remove)];
  } catch (error) {
    const isAlone = remove.length === 1 || !isPermanentRejection(error);
    if (isAlone) warn(remove, error);
    if (isAlone) return [];
  }
  const removed: { sightings: Sighting[]; requestId: string }[] = [];
  for (const sighting of remove) {
    try {
      removed.push(await ask([sighting]));
    } catch (error) {
      warn([sighting], error);
      if (!isPermanentRejection(error)) break;
    }
  }
  return removed;

  function warn(sightings: Sighting[], error: unknown): void {
    const line = { event: "unclaimed_item", outcome: "not removed", userId };
    const { message: cause } = error as Error;
    log.error({ ...line, plaidItemIds: sightings.map(idOf), cause }, "Unclaimed Item not removed");
  }
}

/**
 * These no longer exist at Plaid. Closes the lost attempt of each, or adds an activity entry for an Item that
 * Link created and that was never exchanged; and writes a log line (I8).
 */
async function accountFor(
  tx: Db,
  books: Books,
  sightings: Sighting[],
  { userId, plaidRequestId, log }: { userId: string; plaidRequestId: string | null; log: Log },
): Promise<void> {
  const { now } = books;
  for (const sighting of sightings) {
    const { plaidItemId, institutionId, institutionName } = sighting;
    // An Item that was disconnected and still listed has its entry already.
    const isKnown = await isItemOfAttempt(tx, userId, plaidItemId);
    const lost = isKnown ? null : attemptOf(sighting, books.lost);
    await markItems(tx, userId, [plaidItemId], "removed_at", now);
    if (lost) {
      books.lost = books.lost.filter((one) => one !== lost);
      await closeLost(tx, userId, [lost.attemptId], { plaidItemId, now });
    } else if (!isKnown) {
      const entry = {
        user_id: userId,
        attempt_id: null,
        kind: "failed" as const,
        reason: notFinished,
        institution_id: institutionId,
        institution_name: institutionName,
        account_count: 0,
        plaid_request_id: plaidRequestId,
      };
      await addActivity(tx, entry, plaidItemId);
    }
    log.info(
      {
        event: "unclaimed_item",
        outcome: "removed",
        ...{ userId, plaidItemId, institutionId, plaidRequestId },
        attemptId: lost?.attemptId,
      },
      "Unclaimed Item removed",
    );
  }
  if (sightings.length > 0) await raiseDataVersion(tx, userId);
}

async function decideNow(
  { clock }: Services,
  tx: Db,
  { userId, plaidUserId }: KnownPlaidUser,
  { items: listed, isComplete }: List,
): Promise<{ books: Books; decision: Decision }> {
  const own = await readOwnBooks(tx, userId, plaidUserId, listed.map(idOf));
  const sightings = own.sightings.map(toSighting);
  const books: Books = { ...own, now: clock.now(), listed, isComplete, sightings };
  return { books, decision: decide(books) };
}

/** Through the gate of connections, which may hold the user's lock for as long as a call to Plaid lasts. */
function underLock<T>(
  { connectDb, connectGate, limits }: Services,
  userId: string,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return connectGate.run(userId, () =>
    connectDb.transaction().execute(async (tx) => {
      await lockUser(tx, userId, { timeoutMs: limits.recoveryLock });
      return work(tx);
    }),
  );
}

const idOf = ({ plaidItemId }: { plaidItemId: string }) => plaidItemId;

const toSighting = (row: UnclaimedItemRow): Sighting => ({
  plaidItemId: row.plaid_item_id,
  institutionId: row.institution_id,
  institutionName: row.institution_name,
  firstSeenAt: row.first_seen_at,
  sentAt: row.sent_at,
  confirmedAt: row.confirmed_at,
  removedAt: row.removed_at,
});
