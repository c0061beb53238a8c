import type { ItemRefresh } from "../server/contracts/accounts.ts";
import type { ItemSyncRow } from "./schema.ts";

/** An Item is refreshed at most this often, whichever nodes are asked: each refresh is billed. Minutes. */
export const everyMinutes = 15;

/** What an Item shows of its refreshes. */
export function refreshOf(
  facts: Pick<ItemSyncRow, "refresh_asked_at" | "refresh_ended_at">,
): ItemRefresh {
  const { refresh_asked_at: askedAt, refresh_ended_at: endedAt } = facts;
  if (askedAt === null) return { status: "idle", availableAt: null };
  const availableAt = new Date(askedAt.getTime() + everyMinutes * 60_000).toISOString();
  return { status: endedAt === null ? "running" : "idle", availableAt };
}
