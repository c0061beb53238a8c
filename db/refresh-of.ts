import { sql } from "kysely";
import type { ItemRefresh } from "../server/contracts/accounts.ts";

/** Minutes between two refreshes of an Item, over all nodes: each refresh is billed. */
export const refreshIntervalMinutes = 15;

/** SQL: the time between two refreshes of an Item. */
export const refreshInterval = sql`make_interval(mins => ${sql.lit(refreshIntervalMinutes)})`;

/**
 * SQL: a refresh is running. One whose job was lost counts as ended once the next may be requested, because
 * nothing else would end it.
 */
export const isRefreshing = sql<boolean>`(item_syncs.refresh_asked_at > now() - ${refreshInterval}
  and item_syncs.refresh_ended_at is null) is true`;

/** Returns what an Item shows of its refreshes. */
export function refreshOf({
  refresh_asked_at: askedAt,
  isRefreshing,
}: {
  refresh_asked_at: Date | null;
  isRefreshing: boolean;
}): ItemRefresh {
  if (askedAt === null) return { status: "idle", availableAt: null };
  const availableAt = new Date(askedAt.getTime() + refreshIntervalMinutes * 60_000).toISOString();
  return { status: isRefreshing ? "running" : "idle", availableAt };
}
