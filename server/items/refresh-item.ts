import pRetry from "p-retry";
import {
  endRefresh,
  markRefreshSent,
  requestRefresh,
  secondsToRefresh,
} from "../../db/item-refreshes.ts";
import { findItem, findItemToken, type ItemOfUser } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { RefreshInput, RefreshOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { itemProblems } from "../contracts/item-problem.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Requests fresh data of one Item, at most once every 15 minutes over all nodes. A job fetches it.
 *
 * @throws FiscilityError the reasons of the procedure `items.refresh`
 */
export async function requestItemRefresh(
  services: Services,
  user: { id: string },
  { itemId }: RefreshInput,
  log: Log,
): Promise<RefreshOutput> {
  const { db } = services;
  const item = { userId: user.id, itemId };
  const before = await findItem(db, user.id, itemId);
  if (!before) throw new FiscilityError("not_found");
  const { problem } = before;
  // The bank needs the user first: a refresh would be billed and fetch nothing.
  if (problem && itemProblems[problem.kind].status !== null) {
    throw new FiscilityError(itemProblems[problem.kind].reason);
  }
  if (!(await requestRefresh(db, item))) {
    const seconds = await secondsToRefresh(db, item);
    if (seconds === null) throw new FiscilityError("not_found");
    throw new FiscilityError("refreshed_recently", {
      details: { retryAfterSeconds: Math.max(1, seconds) },
    });
  }
  await invalidateCache(services, { userId: user.id }, log);
  log.info({ event: "refresh", ...item, outcome: "asked" }, "Refresh requested");
  const found = await findItem(db, user.id, itemId);
  if (!found) throw new FiscilityError("not_found");
  return { refresh: found.refresh };
}

/** The result of a refresh. `synced`: Plaid was not called for it, or has not enabled it for us. */
type Outcome = "refreshed" | "synced" | "gone";

/**
 * The job of a refresh: makes Plaid fetch from the bank, once however often the job runs, then syncs. If that
 * fails, because Plaid has not enabled `/transactions/refresh` for us or the bank is unavailable, it still
 * syncs Plaid's data and shows what is wrong with the Item.
 */
export async function refreshItem(
  services: Services,
  item: ItemOfUser,
  log: Log,
): Promise<Outcome> {
  const { db, plaid, vault } = services;
  const sealed = await findItemToken(db, item.userId, item.itemId);
  if (sealed === null) return "gone";
  let outcome: Outcome = "synced";
  // A run that died after the mark may have been billed, so the next one only syncs.
  if (await markRefreshSent(db, item)) {
    try {
      const accessToken = vault.open(sealed, accessTokenOwner(item.userId, item.itemId));
      const { requestId: plaidRequestId } = await plaid.refreshTransactions(accessToken);
      outcome = "refreshed";
      log.info({ event: "refresh", ...item, outcome, plaidRequestId }, "Bank refreshed by Plaid");
    } catch (error) {
      if (!(error instanceof FiscilityError)) throw error;
      const known: FiscilityError = error;
      const line = { event: "refresh", ...item, outcome, reason: known.reason };
      log.info({ ...line, plaid: known.plaid }, "Bank not refreshed by Plaid");
    }
  }
  await requestSync(db, item.userId, item.itemId);
  await endRefresh(db, item);
  await invalidateCache(services, { userId: item.userId }, log);
  return outcome;
}

/** The last attempt of a refresh job has failed. The sweep syncs Plaid's data. */
export async function failRefresh(services: Services, item: ItemOfUser): Promise<void> {
  const { db, log } = services;
  // The user may be connecting another bank, which holds their lock for a while.
  await pRetry(() => endRefresh(db, item), { retries: 8 });
  log.error({ event: "refresh_dead", ...item }, "Refresh failed permanently");
  await invalidateCache(services, { userId: item.userId }, log);
}
