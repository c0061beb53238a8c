import { markCacheCleared, postponeCacheClear } from "../../db/item-syncs.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";

/** Whose entries: `itemId` is the Item whose trail waits for it, `tries` those in vain before. */
export interface CacheClear {
  userId: string;
  itemId?: string;
  tries?: number;
}

/**
 * Drops the user's entries from the cache. They cannot be read any more, so this is tidying up: it
 * never fails a request, but when it could not be done a job does it again until it is, and the
 * Item's trail says so. Returns whether it is done.
 */
export async function clearCache(
  { cache, db }: Pick<Services, "cache" | "db">,
  { userId, itemId, tries = 0 }: CacheClear,
  log: Log,
): Promise<boolean> {
  try {
    await cache.clear(userId);
  } catch (error) {
    const waitMs = Math.min(timeLimits.cacheClearRetry * 2 ** tries, timeLimits.cacheClearLongest);
    log.warn(
      { event: "cache_not_cleared", userId, tries, waitMs, error: (error as Error).message },
      "Cache",
    );
    await postponeCacheClear(db, { userId, itemId, tries: tries + 1 }, waitMs).catch((cause) =>
      // The end of the Item's next sync clears it too.
      log.error({ event: "cache_clear_lost", userId, error: (cause as Error).message }, "Cache"),
    );
    return false;
  }
  return true;
}

/** The job: clears, and tells the trails that wait for it. Rejects when they cannot be told. */
export async function clearCacheAgain(
  services: Pick<Services, "cache" | "db">,
  again: CacheClear,
  log: Log,
): Promise<void> {
  if (!(await clearCache(services, again, log))) return;
  await markCacheCleared(services.db, again.userId);
  log.info({ event: "cache_cleared", userId: again.userId, tries: again.tries }, "Cache");
}
