/**
 * How an Item's first transactions arrive: 30 days, then the rest, each with its webhook
 * (https://plaid.com/docs/transactions/webhooks/).
 */
import type { Sandbox } from "./sandbox.ts";
import type { Item } from "./state.ts";
import { transactionsWebhook } from "./webhooks/bodies.ts";

/** Plaid's pulls take seconds; a backend has time to store the Item before its webhook comes. */
const ANNOUNCE_AFTER_MS = 500;

/** Starts both pulls and announces each when it is done. */
export function pullTransactions(sandbox: Sandbox, item: Item): void {
  const { transactionsReadyMs, historicalPullMs } = sandbox.settings;
  item.transactions_ready_at = sandbox.clock.now() + transactionsReadyMs;
  item.history_at = historicalPullMs > 0 ? item.transactions_ready_at + historicalPullMs : null;
  sandbox.changed();
  if (item.webhook === null) return;
  const wait = Math.max(ANNOUNCE_AFTER_MS, transactionsReadyMs);
  // Later, because generating two years of transactions would slow down the exchange.
  sandbox.webhooks.later(wait, () => {
    if (item.removed_at !== null) return;
    const count = sandbox.feeds.of(item).current.size;
    sandbox.webhooks.sendForItem(item, transactionsWebhook(item, "INITIAL_UPDATE", count));
    if (item.history_at === null) announceHistory(sandbox, item, count);
    else sayThatThereIsNews(sandbox, item);
  });
  if (item.history_at !== null) {
    sandbox.webhooks.later(wait + historicalPullMs, () => pullHistory(sandbox, item));
  }
}

/** Adds the days before the first 30, if they are due and not there yet. */
export function pullHistoryIfDue(sandbox: Sandbox, item: Item): void {
  if (item.history_at !== null && item.history_at <= sandbox.clock.now()) {
    pullHistory(sandbox, item);
  }
}

function pullHistory(sandbox: Sandbox, item: Item): void {
  if (item.removed_at !== null || item.history_at === null) return;
  const before = sandbox.feeds.of(item).current.size;
  item.history_at = null;
  sandbox.feeds.addHistory(item);
  announceHistory(sandbox, item, sandbox.feeds.of(item).current.size - before);
}

function announceHistory(sandbox: Sandbox, item: Item, count: number): void {
  sandbox.webhooks.sendForItem(item, transactionsWebhook(item, "HISTORICAL_UPDATE", count));
  sayThatThereIsNews(sandbox, item);
}

/** SYNC_UPDATES_AVAILABLE: only for an Item whose app reads by `/transactions/sync`. */
export function sayThatThereIsNews(sandbox: Sandbox, item: Item): void {
  if (!item.synced && !sandbox.settings.webhooksBeforeSync) return;
  sandbox.webhooks.sendForItem(item, transactionsWebhook(item, "SYNC_UPDATES_AVAILABLE", 0));
}
