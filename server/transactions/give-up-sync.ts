import pRetry from "p-retry";
import { markSyncFailed } from "../../db/item-syncs.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { Services } from "../services.ts";

/** The Item's sync was tried for the last time: its card says so until one succeeds (I5). */
export async function giveUpSync(
  services: Services,
  { userId, itemId }: ItemOfUser,
): Promise<void> {
  const { db, log } = services;
  // The person may be connecting another bank, and have their own lock for as long.
  await pRetry(() => markSyncFailed(db, userId, itemId), { retries: 8 });
  log.error({ event: "sync_dead", userId, itemId }, "Sync given up");
  await invalidateCache(services, { userId }, log);
}
