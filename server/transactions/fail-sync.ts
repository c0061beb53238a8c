import pRetry from "p-retry";
import { markSyncFailed } from "../../db/item-syncs.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { Services } from "../services.ts";

/** The last attempt of an Item's sync has failed. Its card says so until one succeeds (I7). */
export async function failSync(services: Services, { userId, itemId }: ItemOfUser): Promise<void> {
  const { db, log } = services;
  // The user may be connecting another bank, which holds their lock for a while.
  await pRetry(() => markSyncFailed(db, userId, itemId), { retries: 8 });
  log.error({ event: "sync_dead", userId, itemId }, "Sync failed permanently");
  await invalidateCache(services, { userId }, log);
}
