/** Sends an Item's webhooks about its transactions. */
import { sayThatThereIsNews } from "../pulls.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";
import { transactionsRemovedWebhook, transactionsWebhook } from "./bodies.ts";

/** Runs `change` and sends the webhooks for the changes to the Item's feed. */
export function announcing(sandbox: Sandbox, item: Item, change: () => void): void {
  const before = sandbox.feeds.of(item).changes.length;
  change();
  const since = sandbox.feeds.of(item).changes.slice(before);
  const added = since.filter(({ kind }) => kind === "added").length;
  const removed = since
    .filter(({ kind }) => kind === "removed")
    .map(({ transaction_id }) => transaction_id);
  const { webhooks } = sandbox;
  sayThatThereIsNews(sandbox, item);
  if (added > 0) webhooks.sendForItem(item, transactionsWebhook(item, "DEFAULT_UPDATE", added));
  if (removed.length > 0) webhooks.sendForItem(item, transactionsRemovedWebhook(item, removed));
}
