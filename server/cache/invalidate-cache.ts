import type { Db } from "../../db/client.ts";
import { markCacheCleared, postponeCacheClear } from "../../db/item-syncs.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { AccountCache } from "./account-cache.ts";

/** The cache, and what scheduling a retry needs. */
interface InvalidationServices {
  cache: AccountCache;
  db: Db;
  limits: Pick<TimeLimits, "cacheClearRetry" | "cacheClearLongest">;
}

/**
 * Which entries to delete. `itemId`: the Item whose timeline shows it. `tries`: how often it failed so far.
 */
export interface CacheClear {
  userId: string;
  itemId?: string;
  tries?: number;
}

/**
 * Deletes the user's entries from the cache. An entry's key contains the user's data version
 * (`account-cache.ts`), which the committed transaction has raised, so the old entries cannot be read any
 * more (I5): this only frees memory. It never fails a request. A job retries a failure, and the Item's
 * timeline shows it. Returns whether the entries are deleted.
 */
export async function invalidateCache(
  services: InvalidationServices,
  clear: CacheClear,
  log: Log,
): Promise<boolean> {
  return clearOrPostpone(services, clear, log).catch((cause) => {
    // The end of the Item's next sync clears it too.
    log.error(
      { event: "cache_clear_lost", userId: clear.userId, error: (cause as Error).message },
      "Cache",
    );
    return false;
  });
}

/** Rejects when it could neither clear the cache nor schedule a retry. */
async function clearOrPostpone(
  { cache, db, limits }: InvalidationServices,
  { userId, itemId, tries = 0 }: CacheClear,
  log: Log,
): Promise<boolean> {
  try {
    await cache.clear(userId);
    return true;
  } catch (error) {
    const waitMs = Math.min(limits.cacheClearRetry * 2 ** tries, limits.cacheClearLongest);
    log.warn(
      { event: "cache_not_cleared", userId, tries, waitMs, error: (error as Error).message },
      "Cache",
    );
    await postponeCacheClear(db, { userId, itemId, tries: tries + 1 }, waitMs);
    return false;
  }
}

/**
 * The job: clears the cache and updates the timelines that wait for it. Rejects, so that it runs again, when
 * both failed.
 */
export async function retryInvalidation(
  services: InvalidationServices,
  again: CacheClear,
  log: Log,
): Promise<void> {
  if (!(await clearOrPostpone(services, again, log))) return;
  await markCacheCleared(services.db, again.userId);
  log.info({ event: "cache_cleared", userId: again.userId, tries: again.tries }, "Cache");
}
