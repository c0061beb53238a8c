import {
  findSync,
  finishSync,
  keepPage,
  postponeSync,
  tellFirstSync,
  undoUpdate,
} from "../../db/item-syncs.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { requestUnclaimedWebhooks } from "../../db/webhooks.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { checkItem } from "../items/check-item.ts";
import { problemOf } from "../plaid/item-error.ts";
import type { PlaidTransaction, PlaidTransactionsPage } from "../plaid/responses.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { StepTimes } from "../telemetry/step-times.ts";

/**
 * How a sync ended. `not_ready`: Plaid is still fetching; a webhook or the sweep comes back to it.
 * `overtaken`: another sync went on from the same page. `needs_person`: the user has to do something first.
 * `handed_back`: this process is stopping, and another goes on. `held_up`: Plaid's limits have no room;
 * it goes on when they do.
 */
export type SyncOutcome =
  | "done"
  | "not_ready"
  | "gone"
  | "overtaken"
  | "needs_person"
  | "handed_back"
  | "held_up";

/** An update whose data changes while it is read is begun again so often in one run. */
const restarts = 10;

/**
 * Brings an Item's transactions and balances up to date, page by page from where the last run got
 * to. Each page stands with its cursor or not at all, so a run may end anywhere. Errors, after which
 * the job is tried again: `plaid_unavailable`, `plaid_refused`, `bank_unavailable`.
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
    const { outcome, pages, changes, mayHaveHealed } = ran;
    log.info({ ...line, outcome, pages, changes, ms: times.ms }, "Item synced");
    // It works again, and nobody has told us.
    if (outcome === "done" && mayHaveHealed) await checkItem(services, item, log);
    return outcome;
  } catch (error) {
    if (signal.aborted) {
      await requestSync(services.db, item.userId, item.itemId);
      log.info({ ...line, outcome: "handed_back" }, "Sync handed back");
      return "handed_back";
    }
    const failure: FiscilityError | undefined = error instanceof FiscilityError ? error : undefined;
    if (failure?.reason === "busy") {
      // A long history is more pages than Plaid allows an Item in a minute: that is no failure.
      const wait = spread(Math.ceil(failure.plaid?.retryAfter ?? 1) * 1000, item.itemId);
      await requestSync(services.db, item.userId, item.itemId, wait);
      log.info({ ...line, outcome: "held_up", wait }, "Sync held up");
      return "held_up";
    }
    if (failure?.plaid && problemOf(failure.plaid) !== null) {
      const status = await checkItem(services, item, log, failure.plaid);
      if (status === "login_required" || status === "revoked") {
        log.info({ ...line, outcome: "needs_person", status }, "Item not synced");
        return "needs_person";
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
 * Once to twice a wait, for each Item another: those that are held up by one limit do not all come back as
 * it ends. An Item's id is random.
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
  mayHaveHealed: boolean;
}> {
  const { db, plaid, vault } = services;
  const sync = await findSync(db, userId, itemId);
  const ran = { pages: 0, changes: 0, mayHaveHealed: sync?.mayHaveHealed ?? false };
  if (!sync) return { outcome: "gone", ...ran };
  if (sync.itemStatus === "revoked") return { outcome: "needs_person", ...ran };
  const accessToken = vault.open(sync.tokenSealed, accessTokenOwner(userId, itemId));
  const tell = async () => {
    if (sync.first) await tellFirstSync(db, userId, itemId, { retryInMs: null });
  };
  await tell();
  // What Plaid told of the Item before its connection was committed.
  if (sync.first) await requestUnclaimedWebhooks(db, userId, itemId);
  times.done("begun");

  let { cursor: kept } = sync;
  // In the middle of an update, `updateCursor` is where it began: maybe null, the very beginning.
  const updateCursor = sync.midway ? sync.updateCursor : kept;
  let cursor = kept;
  let restartsLeft = restarts;
  for (;;) {
    signal.throwIfAborted();
    let page: PlaidTransactionsPage;
    try {
      page = await plaid.syncTransactions(accessToken, cursor, { signal });
    } catch (error) {
      if (!changedMeanwhile(error) || restartsLeft-- === 0) throw error;
      const start = { kept, updateCursor };
      if (kept !== updateCursor && !(await undoUpdate(db, userId, itemId, start))) {
        return { outcome: "overtaken", ...ran };
      }
      kept = cursor = updateCursor;
      continue;
    }
    times.done("fetched");
    if (page.notReady) {
      await postponeSync(db, userId, itemId, services.limits.syncNotReady);
      return { outcome: "not_ready", ...ran };
    }
    const { upserted, removed } = changesOf(page);
    const stands = await keepPage(db, userId, itemId, {
      kept,
      cursor: page.nextCursor,
      midway: page.hasMore,
      updateCursor: page.hasMore ? updateCursor : null,
      upserted,
      removed,
    });
    if (!stands) return { outcome: "overtaken", ...ran };
    ran.pages += 1;
    ran.changes += upserted.length + removed.length;
    times.done("kept");
    kept = cursor = page.nextCursor;
    if (page.hasMore) {
      await tell();
      continue;
    }

    await finishSync(db, userId, itemId, {
      balances: page.accounts.map(({ accountId, balances }) => ({ accountId, ...balances })),
      plaidClient: services.plaid.client,
      dueInMs: page.complete ? services.limits.syncSweep : services.limits.syncIncomplete,
    });
    times.done("finished");
    // Its key has risen: what is left in the cache cannot be read any more.
    await invalidateCache(services, { userId }, log);
    return { outcome: "done", ...ran };
  }
}

/** https://plaid.com/docs/errors/transactions/#transactions_sync_mutation_during_pagination */
function changedMeanwhile(error: unknown): boolean {
  return (
    error instanceof FiscilityError &&
    error.plaid?.errorCode === "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
  );
}

/** What a page asks for, each transaction once: a posted one takes the place of its pending one. */
function changesOf(page: PlaidTransactionsPage): {
  upserted: Omit<PlaidTransaction, "pendingId">[];
  removed: string[];
} {
  const upserted = new Map<string, Omit<PlaidTransaction, "pendingId">>();
  const removed = new Set(page.removed);
  for (const { pendingId, ...transaction } of page.upserted) {
    upserted.set(transaction.id, transaction);
    if (pendingId !== null) removed.add(pendingId);
  }
  for (const id of removed) upserted.delete(id);
  return { upserted: [...upserted.values()], removed: [...removed] };
}
