import type { ItemProblemKind } from "./item-problem.ts";

// Without zod, because a receiver of webhooks needs only the types. The schemas are in `webhook-events.ts`.

/** The Item of an event, and its bank's name; null when unknown. */
interface OfItem {
  itemId: string;
  institutionName: string | null;
}

/**
 * The Link that the bank came from, as `plaid.createLinkToken` returned it and `connections.get` takes it;
 * null when it came from no Link of ours, or when `connectAccount` did not say which of several.
 */
interface OfLink {
  linkId: string | null;
}

/** The `data` of a webhook, by its `type`. It says what to read again, and contains no balance or amount. */
export interface WebhookData {
  /** A bank was connected, with so many accounts. */
  "connection.connected": OfItem & OfLink & { accountCount: number };
  /**
   * A bank was not connected, and nothing was kept. `reason` is one of `connectAccount`. Where a retry can
   * help, `connection.connected` may follow.
   */
  "connection.failed": OfLink & { institutionName: string | null; reason: string };
  /**
   * A bank's data stopped, or soon will. `problem` says what restores it, like `problem.kind` of its Item.
   * `wait`: the bank does not respond, and the user need not do anything. `expiring`: the permission ends
   * soon.
   */
  "connection.problem": OfItem & { problem: ItemProblemKind | "expiring" };
  /** A bank works again, by itself or because the user reconnected it. */
  "connection.recovered": OfItem;
  /** The user disconnected a bank and deleted its data. */
  "connection.disconnected": OfItem;
  /** Accounts of a bank were connected or disconnected. */
  "accounts.changed": OfItem;
  /** Transactions of a bank arrived, changed or were removed. */
  "transactions.changed": { itemId: string };
  /** The user sends it to one address, to try it: `webhooks.sendTest`. Nobody subscribes to it. */
  "webhook.test": { webhookId: string };
}
/** An event that an address can subscribe to. */
export type WebhookEventType = Exclude<keyof WebhookData, "webhook.test">;

/** One event. */
export type WebhookChange = {
  [Type in keyof WebhookData]: { type: Type; data: WebhookData[Type] };
}[keyof WebhookData];

/** The body of a webhook. `timestamp`: when it happened, ISO 8601 UTC. */
export type WebhookEvent = WebhookChange & { timestamp: string };

/** Every type of event that an address can subscribe to, in the order that a page lists them. */
export const webhookEventTypes = [
  "connection.connected",
  "connection.failed",
  "connection.problem",
  "connection.recovered",
  "connection.disconnected",
  "accounts.changed",
  "transactions.changed",
] as const satisfies readonly WebhookEventType[];
