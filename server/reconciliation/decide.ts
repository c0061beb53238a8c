/**
 * What a reconciliation does with Plaid's list of one user's Items. This is the only place that decides to
 * remove an Item that no row holds. Pure; `reconcile-user.ts` performs the decision under the user's lock,
 * and `tests/model/attempt.test.ts` runs it against connections, disconnects and the recovery.
 *
 * | the Item                                              | what happens                              |
 * | ----------------------------------------------------- | ----------------------------------------- |
 * | listed, a live row or an attempt of any user holds it | kept; its stored sighting is deleted      |
 * | listed, nothing holds it, for the first time          | sighting stored                           |
 * | the same again, `removalDelay` later                  | removed, unless an attempt is unclear     |
 * | the same, and today's removals are used up            | waits for an operator                     |
 * | seen before, and not listed any more                  | deleted; removed, if we requested that    |
 * | a live row, not listed, not associated with the user  | associated                                |
 * | a live row, not listed, but associated                | checked at Plaid with its own token       |
 */

/**
 * Milliseconds between the two sightings of an Item before it is removed. A public_token is valid for 30
 * minutes, so no request with it can still be under way, and ten more are left for the request that sent it.
 */
export const removalDelay = 40 * 60_000;
/** Removals of one user in 24 hours. More need an operator, because a wrong list must not empty a table. */
export const removalsPerDay = 5;
/** Milliseconds during which a lost exchange is searched for each minute. */
export const searchWindow = 24 * 60 * 60_000;
const day = 24 * 60 * 60_000;
const minute = 60_000;
/** Milliseconds after which a removed Item's row is deleted. */
export const removedItemRetention = 30 * day;
/** The maximum age of a public_token when its attempt is recorded. */
const publicToken = 30 * minute;

/** An Item in Plaid's list. */
export interface ListedItem {
  plaidItemId: string;
  institutionId: string | null;
  institutionName: string | null;
}

/** A listed Item that no row held when it was seen. */
export interface Sighting extends ListedItem {
  firstSeenAt: Date;
  /** When its removal was last sent, which may have succeeded. */
  sentAt: Date | null;
  confirmedAt: Date | null;
  /** If it is before `firstSeenAt`, Plaid has listed the Item again since. */
  removedAt: Date | null;
}

/** An attempt whose exchange may have created an Item, and whose response was lost. */
export interface LostAttempt {
  attemptId: string;
  /** From the request, if it had it. */
  institutionId: string | null;
  createdAt: Date;
  endedAt: Date;
}

/** Everything that a decision depends on. */
export interface Books {
  now: Date;
  listed: ListedItem[];
  /** Every row of the list could be parsed, so an Item that is not in it is not listed. */
  isComplete: boolean;
  /** The user's live rows. `isAssociated`: to this Plaid user. */
  rows: { itemId: string; plaidItemId: string; isAssociated: boolean }[];
  /** Listed Items that a live row or an unfinished attempt of any user holds. */
  held: ReadonlySet<string>;
  /** An attempt of the user may have created an Item whose id is not known yet. */
  isUnclear: boolean;
  sightings: Sighting[];
  lost: LostAttempt[];
}

/** What to do, by Plaid's ids unless noted. */
export interface Decision {
  /** Remove at Plaid now. */
  remove: Sighting[];
  /** No longer at Plaid after we requested the removal. */
  confirmedRemovals: Sighting[];
  /** Seen for the first time, or again after they were removed. */
  note: ListedItem[];
  /** Delete their sightings, except removals of the last 30 days. */
  drop: string[];
  /** More than a day allows: an operator has to confirm them. */
  wait: string[];
  /** Live rows that are in the list. */
  associated: string[];
  associate: string[];
  /** Our ids of live rows that are not in the list. */
  check: string[];
  /** Lost attempts without an Item at Plaid. */
  giveUp: string[];
  /** When to compare again; null leaves it to the sweep. */
  nextAt: Date | null;
}

export function decide(books: Books): Decision {
  const { listed, isComplete, rows, held, isUnclear, sightings, lost } = books;
  const now = books.now.getTime();
  const since = (at: Date) => now - at.getTime();
  const seen = new Map(sightings.map((one) => [one.plaidItemId, one]));
  const inList = new Set(listed.map(({ plaidItemId }) => plaidItemId));
  const decision: Decision = {
    ...{
      remove: [],
      confirmedRemovals: [],
      note: [],
      drop: [],
      wait: [],
      giveUp: [],
      nextAt: null,
    },
    associated: rows
      .filter((row) => !row.isAssociated && inList.has(row.plaidItemId))
      .map(plaidIdOf),
    ...missing(books, inList),
  };
  const next: number[] = [];

  const isOfToday = (at: Date | null) => at !== null && since(at) < day;
  // An Item that was once missing from a list counts too, because the list may have lagged behind.
  let removals = sightings.filter(
    ({ removedAt, sentAt }) => isOfToday(removedAt) || isOfToday(sentAt),
  ).length;
  let unclaimed = 0;
  for (const item of uniqueBy(listed)) {
    if (held.has(item.plaidItemId)) continue;
    const sighting = seen.get(item.plaidItemId);
    const removedAt = sighting && isRemoved(sighting) ? sighting.removedAt : null;
    // A list that lags behind still contains an Item that was just removed.
    if (removedAt && since(removedAt) < removalDelay) continue;
    unclaimed += 1;
    if (!sighting || removedAt) {
      decision.note.push(item);
      next.push(now + removalDelay);
    } else if (since(sighting.firstSeenAt) < removalDelay) {
      next.push(sighting.firstSeenAt.getTime() + removalDelay);
    } else if (isUnclear) {
      next.push(now + 10 * minute);
    } else if (isOfToday(sighting.sentAt) || sighting.confirmedAt || removals < removalsPerDay) {
      if (!isOfToday(sighting.sentAt)) removals += 1;
      decision.remove.push(sighting);
      next.push(now + minute / 2);
    } else {
      decision.wait.push(item.plaidItemId);
      next.push(now + 60 * minute);
    }
  }
  for (const sighting of sightings) {
    const { plaidItemId, removedAt, sentAt } = sighting;
    const isListed = inList.has(plaidItemId);
    if (held.has(plaidItemId)) decision.drop.push(plaidItemId);
    else if (removedAt && isRemoved(sighting)) {
      if (!isListed && since(removedAt) >= removedItemRetention) decision.drop.push(plaidItemId);
    } else if (!isListed && isComplete) {
      if (sentAt) decision.confirmedRemovals.push(sighting);
      else decision.drop.push(plaidItemId);
    }
  }

  const looking = lost.filter(({ endedAt }) => since(endedAt) < searchWindow);
  // When as many unclaimed Items are known as exchanges were lost, there is nothing more to find.
  if (looking.length > unclaimed + decision.confirmedRemovals.length) next.push(now + minute / 2);
  if (unclaimed === 0 && isComplete && !isUnclear) {
    const over = lost.filter(({ endedAt }) => since(endedAt) >= searchWindow);
    decision.giveUp = over.map(({ attemptId }) => attemptId);
  }
  if (next.length > 0) decision.nextAt = new Date(Math.min(...next));
  return decision;
}

/** The live rows that are not in the list. */
function missing(
  { rows, isComplete }: Books,
  inList: ReadonlySet<string>,
): Pick<Decision, "associate" | "check"> {
  const unlisted = isComplete ? rows.filter(({ plaidItemId }) => !inList.has(plaidItemId)) : [];
  return {
    associate: unlisted.filter(({ isAssociated }) => !isAssociated).map(plaidIdOf),
    check: unlisted.filter(({ isAssociated }) => isAssociated).map(({ itemId }) => itemId),
  };
}

const isRemoved = ({ removedAt, firstSeenAt }: Sighting) =>
  removedAt !== null && removedAt >= firstSeenAt;

const plaidIdOf = ({ plaidItemId }: { plaidItemId: string }) => plaidItemId;

const uniqueBy = (items: ListedItem[]) => [
  ...new Map(items.map((item) => [item.plaidItemId, item])).values(),
];

/**
 * Returns the lost attempt of a removed Item: one at the same bank, or else one whose bank is not known. The
 * list has no times, so an Item that was seen too early for an attempt does not belong to it.
 */
export function attemptOf(
  { institutionId, firstSeenAt }: Pick<Sighting, "institutionId" | "firstSeenAt">,
  lost: LostAttempt[],
): LostAttempt | null {
  const possible = lost.filter(
    ({ createdAt }) => firstSeenAt.getTime() >= createdAt.getTime() - publicToken,
  );
  const atBank = possible.find((one) => one.institutionId === institutionId);
  return atBank ?? possible.find((one) => one.institutionId === null) ?? null;
}
