/**
 * What a reconciliation does with Plaid's list of one user's Items: the only place that decides that an
 * Item is removed which nobody here holds. Pure; `reconcile-user.ts` performs it under the user's lock,
 * and `tests/model/attempt.test.ts` walks it against connections, disconnects and the recovery.
 *
 * | the Item                                              | what happens                              |
 * | ----------------------------------------------------- | ----------------------------------------- |
 * | listed, a live row of anyone or an attempt holds it   | kept; what was noted of it is dropped     |
 * | listed, held by nobody, for the first time            | noted                                     |
 * | the same again, `caution` later                       | removed, unless an attempt is unclear     |
 * | the same, and today's removals are used up            | waits for an operator                     |
 * | noted, and not listed any more                        | dropped; removed, where we asked for that |
 * | a live row, not listed, not tied to the Plaid user    | associated                                |
 * | a live row, not listed, but tied                      | checked at Plaid with its own token       |
 */

/**
 * Milliseconds between the two sightings of an Item that is removed: a public_token lives 30 minutes,
 * so none of it can still be on its way, and ten are left for the request that sent it.
 */
export const caution = 40 * 60_000;
/** Removals of one user in 24 hours; more need an operator: a wrong list must not empty a table. */
export const removalsPerDay = 5;
/** Milliseconds that a lost exchange is looked for each minute. */
export const lookedFor = 24 * 60 * 60_000;
const day = 24 * 60 * 60_000;
const minute = 60_000;
/** Milliseconds that a removed Item is remembered. */
export const remembered = 30 * day;
/** A public_token is at most so old when its attempt is recorded. */
const publicToken = 30 * minute;

/** An Item as Plaid lists it. */
export interface ListedItem {
  plaidItemId: string;
  institutionId: string | null;
  institutionName: string | null;
}

/** A listed Item that nobody held when it was seen. */
export interface Sighting extends ListedItem {
  firstSeenAt: Date;
  /** When its removal was last asked for, which may have happened. */
  sentAt: Date | null;
  confirmedAt: Date | null;
  /** Before `firstSeenAt`: it is listed again since. */
  removedAt: Date | null;
}

/** An attempt whose exchange may have made an Item, and whose reply was lost. */
export interface LostAttempt {
  attemptId: string;
  /** Where the request said it. */
  institutionId: string | null;
  createdAt: Date;
  endedAt: Date;
}

/** Everything that a decision is made of. */
export interface Books {
  now: Date;
  listed: ListedItem[];
  /** Every row of the list could be read: what is not in it is not listed. */
  isComplete: boolean;
  /** The user's live rows. `isTied`: to this Plaid user. */
  rows: { itemId: string; plaidItemId: string; isTied: boolean }[];
  /** Listed Items that a live row or an unfinished attempt holds, of whichever user. */
  held: ReadonlySet<string>;
  /** An attempt of the user may have made an Item whose id is not known yet. */
  isUnclear: boolean;
  sightings: Sighting[];
  lost: LostAttempt[];
}

/** What is done, by Plaid's ids unless said. */
export interface Decision {
  /** Asked of Plaid now. */
  remove: Sighting[];
  /** Plaid has them no more, after we asked for it. */
  gone: Sighting[];
  /** Seen for the first time, or again after they were removed. */
  note: ListedItem[];
  /** Nothing has to be remembered of them, but a removal of the last 30 days. */
  drop: string[];
  /** More than a day allows: an operator has to confirm them. */
  wait: string[];
  /** Live rows that the list has. */
  tied: string[];
  associate: string[];
  /** Our ids of live rows that Plaid does not list. */
  check: string[];
  /** Lost attempts of which Plaid shows nothing. */
  giveUp: string[];
  /** When to look again; null leaves it to the sweep. */
  nextAt: Date | null;
}

export function decide(books: Books): Decision {
  const { listed, isComplete, rows, held, isUnclear, sightings, lost } = books;
  const now = books.now.getTime();
  const since = (at: Date) => now - at.getTime();
  const seen = new Map(sightings.map((one) => [one.plaidItemId, one]));
  const inList = new Set(listed.map(({ plaidItemId }) => plaidItemId));
  const decision: Decision = {
    ...{ remove: [], gone: [], note: [], drop: [], wait: [], giveUp: [], nextAt: null },
    tied: rows.filter((row) => !row.isTied && inList.has(row.plaidItemId)).map(plaidIdOf),
    ...missing(books, inList),
  };
  const next: number[] = [];

  const isOfToday = (at: Date | null) => at !== null && since(at) < day;
  // One that a list did not have any more counts as well, though it may have been behind.
  let removals = sightings.filter(
    ({ removedAt, sentAt }) => isOfToday(removedAt) || isOfToday(sentAt),
  ).length;
  let unclaimed = 0;
  for (const item of uniqueBy(listed)) {
    if (held.has(item.plaidItemId)) continue;
    const sighting = seen.get(item.plaidItemId);
    const removedAt = sighting && isRemoved(sighting) ? sighting.removedAt : null;
    // A list that is behind still has what was removed a moment ago.
    if (removedAt && since(removedAt) < caution) continue;
    unclaimed += 1;
    if (!sighting || removedAt) {
      decision.note.push(item);
      next.push(now + caution);
    } else if (since(sighting.firstSeenAt) < caution) {
      next.push(sighting.firstSeenAt.getTime() + caution);
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
      if (!isListed && since(removedAt) >= remembered) decision.drop.push(plaidItemId);
    } else if (!isListed && isComplete) {
      if (sentAt) decision.gone.push(sighting);
      else decision.drop.push(plaidItemId);
    }
  }

  const looking = lost.filter(({ endedAt }) => since(endedAt) < lookedFor);
  // As many unclaimed Items as are looked for: there is nothing more to find.
  if (looking.length > unclaimed + decision.gone.length) next.push(now + minute / 2);
  if (unclaimed === 0 && isComplete && !isUnclear) {
    const over = lost.filter(({ endedAt }) => since(endedAt) >= lookedFor);
    decision.giveUp = over.map(({ attemptId }) => attemptId);
  }
  if (next.length > 0) decision.nextAt = new Date(Math.min(...next));
  return decision;
}

/** The live rows that the list does not have. */
function missing(
  { rows, isComplete }: Books,
  inList: ReadonlySet<string>,
): Pick<Decision, "associate" | "check"> {
  const unlisted = isComplete ? rows.filter(({ plaidItemId }) => !inList.has(plaidItemId)) : [];
  return {
    associate: unlisted.filter(({ isTied }) => !isTied).map(plaidIdOf),
    check: unlisted.filter(({ isTied }) => isTied).map(({ itemId }) => itemId),
  };
}

const isRemoved = ({ removedAt, firstSeenAt }: Sighting) =>
  removedAt !== null && removedAt >= firstSeenAt;

const plaidIdOf = ({ plaidItemId }: { plaidItemId: string }) => plaidItemId;

const uniqueBy = (items: ListedItem[]) => [
  ...new Map(items.map((item) => [item.plaidItemId, item])).values(),
];

/**
 * Which lost attempt a removed Item was of: one at the same bank first, else one whose bank is not
 * known. The list has no times, so an Item that was there too early for an attempt is not its.
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
