import type { ConnectsOutcome } from "./start-connects.ts";

/** What must be zero after a run, by the name it is printed with. */
export function zerosOf({ books, syncs, left, staleReads, vanished }: ConnectsOutcome) {
  return {
    orphans: books.orphans,
    duplicates: books.duplicates,
    overdrafts: books.overdrafts,
    partial: books.partial,
    unfinished: books.unfinished,
    lost: books.lost,
    "left at Plaid": left,
    "stale reads": staleReads,
    vanished,
    ...(syncs && {
      "webhooks lost": syncs.webhooksLost,
      "webhooks ignored": syncs.webhooksIgnored,
      "dead jobs": syncs.deadJobs,
      "Items that differ": syncs.itemsDiffering,
    }),
  };
}
