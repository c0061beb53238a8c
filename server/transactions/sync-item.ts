import { findSync, finishSync, postponeSync, showFirstSyncProgress } from "../../db/item-syncs.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import {
  applyHeldTransactions,
  restartFromFirstPage,
  rollBackUpdate,
  storePage,
} from "../../db/sync-pages.ts";
import { requestUnclaimedWebhooks } from "../../db/webhooks.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { checkItem, endBankOutage } from "../items/check-item.ts";
import { problemOf } from "../plaid/item-error.ts";
import type { PlaidTransactionsPage } from "../plaid/responses.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { StepTimes } from "../telemetry/step-times.ts";
import { failSync } from "./fail-sync.ts";
import { type PageBatch, PageQueue } from "./page-queue.ts";
import { refreshBalances } from "./refresh-balances.ts";

/**
 * How a sync ended. `not_ready`: Plaid is still fetching; a webhook or the sweep starts another. `superseded`:
 * another sync stored the same page. `needs_user`: the user has to do something first. `stopped`: this
 * process is stopping, and another continues. `rate_limited`: a rate limit of Plaid is used up; it continues
 * later. `cursor_refused`: Plaid refused the cursor, and then also that of the new reading from the
 * beginning; the sweep starts another one later.
 */
export type SyncOutcome =
  | "done"
  | "not_ready"
  | "gone"
  | "superseded"
  | "needs_user"
  | "user_disabled"
  | "stopped"
  | "rate_limited"
  | "cursor_refused";

/** How often one run restarts an update whose data changes while it is fetched. */
const restarts = 10;

/**
 * Syncs an Item's transactions and balances, page by page, from where the last run stopped. Fetches the next
 * page while it stores the previous ones. Each page is stored with its cursor or not at all, so a run may end
 * anywhere.
 *
 * @throws FiscilityError `plaid_unavailable`, `plaid_refused`, `bank_unavailable`, after which the job is
 *   retried
 */
export async function syncItem(
  services: Services,
  item: ItemOfUser,
  log: Log,
  signal: AbortSignal,
): Promise<SyncOutcome> {
  const times = new StepTimes(services.onStep);
  const line = { event: "sync", ...item };
  try {
    const ran = await syncPages(services, item, times, log, signal);
    const { outcome, pages, changes, unreadable, mayHaveHealed } = ran;
    log.info({ ...line, outcome, pages, changes, unreadable, ms: times.ms }, "Item synced");
    if (outcome === "cursor_refused") {
      await postponeSync(services.db, item.userId, item.itemId, services.limits.syncSweep);
      await failSync(services, item);
    }
    // The other sync may have fetched what Plaid had before the webhook of this one. Only with a release that
    // used other queues.
    if (outcome === "superseded") await requestSync(services.db, item.userId, item.itemId);
    // The Item works again, and no webhook said so.
    if (outcome === "done" && mayHaveHealed) await checkItem(services, item, log);
    return outcome;
  } catch (error) {
    if (signal.aborted) {
      await requestSync(services.db, item.userId, item.itemId);
      log.info({ ...line, outcome: "stopped" }, "Sync stopped");
      return "stopped";
    }
    const failure: FiscilityError | undefined = error instanceof FiscilityError ? error : undefined;
    if (failure?.reason === "busy") {
      // A long history has more pages than Plaid allows for an Item in a minute, so this is no failure.
      const wait = spread(Math.ceil(failure.plaid?.retryAfter ?? 1) * 1000, item.itemId);
      await requestSync(services.db, item.userId, item.itemId, wait);
      log.info({ ...line, outcome: "rate_limited", wait }, "Sync delayed by a rate limit");
      return "rate_limited";
    }
    if (failure?.plaid && problemOf(failure.plaid) !== null) {
      const status = await checkItem(services, item, log, failure.plaid);
      if (status === "login_required" || status === "revoked") {
        log.info({ ...line, outcome: "needs_user", status }, "Item not synced");
        return "needs_user";
      }
    }
    if (failure && !(await findSync(services.db, item.userId, item.itemId))) {
      log.info({ ...line, outcome: "gone" }, "Item disconnected meanwhile");
      return "gone";
    }
    log.warn(
      { ...line, outcome: "failed", reason: failure?.reason ?? "internal", plaid: failure?.plaid },
      "Item not synced",
    );
    throw error;
  }
}

/**
 * Once to twice the wait, different for each Item, so that syncs which wait for the same limit do not all
 * retry when it ends. An Item's id is random.
 */
function spread(waitMs: number, itemId: string): number {
  const share = Number.parseInt(itemId.slice(0, 8), 16) / 2 ** 32;
  return Math.round(waitMs * (1 + share));
}

async function syncPages(
  services: Services,
  { userId, itemId }: ItemOfUser,
  times: StepTimes,
  log: Log,
  signal: AbortSignal,
): Promise<{
  outcome: SyncOutcome;
  pages: number;
  changes: number;
  /** Transactions that could not be parsed. */
  unreadable: number;
  mayHaveHealed: boolean;
}> {
  const { db, plaid, vault } = services;
  const sync = await findSync(db, userId, itemId);
  const mayHaveHealed = sync?.mayHaveHealed ?? false;
  const ran = { pages: 0, changes: 0, unreadable: 0, mayHaveHealed };
  if (!sync) return { outcome: "gone", ...ran };
  // Its data is kept. The sweep syncs it again once an operator has enabled the user.
  if (sync.userDisabled) return { outcome: "user_disabled", ...ran };
  if (sync.itemStatus === "revoked") return { outcome: "needs_user", ...ran };
  const accessToken = vault.open(sync.tokenSealed, accessTokenOwner(userId, itemId));
  const showProgress = async () => {
    if (sync.first) await showFirstSyncProgress(db, userId, itemId, { retryInMs: null });
  };
  await showProgress();
  // Webhooks that arrived before the Item's connection was committed.
  if (sync.first) await requestUnclaimedWebhooks(db, userId, itemId);
  times.done("begun");
  if (
    !sync.hasTransactions &&
    !(await refreshBalances(services, { userId, itemId }, accessToken, signal))
  ) {
    times.done("finished");
    if (mayHaveHealed) await endBankOutage(services, { userId, itemId }, log);
    await invalidateCache(services, { userId }, log);
    return { outcome: "done", ...ran };
  }

  const { isHeld } = sync;
  let { cursor, cursorRefusals } = sync;
  /** The stored cursor; `cursor` is ahead of it while pages are in the queue. */
  let kept = cursor;
  // In the middle of an update, `updateCursor` is where it began, possibly null for the beginning.
  let updateCursor = sync.midway ? sync.updateCursor : cursor;
  let isRereading = sync.rereadCursor !== null;
  /** Starts again from the beginning; false when another sync has continued meanwhile. */
  const restart = async (refused: boolean): Promise<boolean> => {
    if (!(await restartFromFirstPage(db, userId, itemId, { kept, refused, isHeld }))) return false;
    kept = cursor = updateCursor = null;
    isRereading = true;
    return true;
  };
  // A node of the previous release has stored a page of this reading without marking its transactions.
  const isUnmarked = isRereading && sync.rereadCursor !== (cursor ?? "");
  if (isUnmarked && !(await restart(false))) return { outcome: "superseded", ...ran };

  const storePages = async ({ last, pages, ...changes }: PageBatch): Promise<boolean> => {
    const from = performance.now();
    const { hasMore: midway, accounts, nextCursor } = last;
    // Before a page is stored: a card with transactions must not say any more that the bank is unavailable.
    if (mayHaveHealed && ran.pages === 0) await endBankOutage(services, { userId, itemId }, log);
    const isStored = await storePage(db, userId, itemId, {
      kept,
      cursor: nextCursor,
      midway,
      updateCursor: midway ? updateCursor : null,
      isHeld,
      ...changes,
      endsReading: isRereading && !midway ? accounts.map(({ accountId }) => accountId) : null,
    });
    if (!isStored) return false;
    kept = nextCursor;
    ran.pages += pages;
    ran.changes += changes.upserted.count + changes.removed.length;
    ran.unreadable += changes.unreadable.length;
    times.done("kept", from);
    if (midway) await showProgress();
    return true;
  };
  const queue = new PageQueue(storePages);
  let restartsLeft = restarts;
  for (;;) {
    let page: PlaidTransactionsPage;
    const from = performance.now();
    try {
      signal.throwIfAborted();
      page = await plaid.syncTransactions(accessToken, cursor, { signal });
    } catch (error) {
      if (!(await queue.drain())) return { outcome: "superseded", ...ran };
      if (kept !== null && cursorIsRefused(error)) {
        cursorRefusals += 1;
        log.warn({ event: "cursor_refused", userId, itemId, cursorRefusals }, "Cursor refused");
        if (!(await restart(true))) return { outcome: "superseded", ...ran };
        if (cursorRefusals > 1) return { outcome: "cursor_refused", ...ran };
        continue;
      }
      if (!changedMeanwhile(error) || restartsLeft-- === 0) throw error;
      const isBack = isRereading
        ? await restart(false)
        : kept === updateCursor ||
          (await rollBackUpdate(db, userId, itemId, { kept, updateCursor, isHeld }));
      if (!isBack) return { outcome: "superseded", ...ran };
      kept = cursor = updateCursor;
      continue;
    }
    times.done("fetched", from);
    if (page.notReady) {
      if (!(await queue.drain())) return { outcome: "superseded", ...ran };
      await postponeSync(db, userId, itemId, services.limits.syncNotReady);
      return { outcome: "not_ready", ...ran };
    }
    cursor = page.nextCursor;
    if (!(await queue.add(page))) return { outcome: "superseded", ...ran };
    if (page.hasMore) continue;
    if (!(await queue.drain())) return { outcome: "superseded", ...ran };

    // A bank that never reports its history as complete has returned it within a day.
    if (isHeld && (page.complete || sync.isOld)) await applyHeldTransactions(db, userId, itemId);
    await finishSync(db, userId, itemId, {
      // Balances that could not be parsed stay as they were.
      balances: page.accounts
        .filter(({ unreadable }) => unreadable === null)
        .map(({ accountId, balances }) => ({ accountId, ...balances })),
      accountsUnreadable: page.accountsUnreadable,
      plaidClient: services.plaid.client,
      dueInMs: page.complete ? services.limits.syncSweep : services.limits.syncIncomplete,
    });
    times.done("finished");
    // The data version has risen, so the remaining entries cannot be read any more.
    await invalidateCache(services, { userId }, log);
    return { outcome: "done", ...ran };
  }
}

/**
 * Plaid no longer accepts the cursor ("cursor not associated with access_token"), and never will. Of all
 * fields in the request, only the cursor can be invalid.
 * https://plaid.com/docs/errors/invalid-request/#invalid_field
 */
function cursorIsRefused(error: unknown): boolean {
  return error instanceof FiscilityError && error.plaid?.errorCode === "INVALID_FIELD";
}

/** https://plaid.com/docs/errors/transactions/#transactions_sync_mutation_during_pagination */
function changedMeanwhile(error: unknown): boolean {
  return (
    error instanceof FiscilityError &&
    error.plaid?.errorCode === "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
  );
}
