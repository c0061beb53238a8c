import type { ItemProblemKind } from "./item-problem.ts";

// Without zod: a receiver of webhooks needs the types alone, and the schemas are in `webhook-events.ts`.

/** The Item that an event is about, and its bank's name; null where that is not known. */
interface OfItem {
  itemId: string;
  institutionName: string | null;
}

/** What a webhook's `data` holds, by its `type`. It names what to read again, and no balance or amount. */
export interface WebhookData {
  /** A bank was connected, with so many accounts. */
  "connection.connected": OfItem & { accountCount: number };
  /** A bank was not connected, and nothing was kept. `reason`: one that `connectAccount` fails with. */
  "connection.failed": { institutionName: string | null; reason: string };
  /**
   * A bank's data stopped, or soon will. `problem` says what brings it back, as `problem.kind` of its Item.
   * `wait`: the bank does not respond, and the user need not do anything. `expiring`: the permission ends soon.
   */
  "connection.problem": OfItem & { problem: ItemProblemKind | "expiring" };
  /** A bank works again, by itself or as the user reconnected it. */
  "connection.recovered": OfItem;
  /** The user took a bank away, with all its data. */
  "connection.disconnected": OfItem;
  /** Accounts of a bank were added or taken out. */
  "accounts.changed": OfItem;
  /** Transactions of a bank arrived, changed or were removed. */
  "transactions.changed": { itemId: string };
}
export type WebhookEventType = keyof WebhookData;

/** One event. */
export type WebhookChange = {
  [Type in WebhookEventType]: { type: Type; data: WebhookData[Type] };
}[WebhookEventType];

/** The body of a webhook. `timestamp`: when it happened, ISO 8601 UTC. */
export type WebhookEvent = WebhookChange & { timestamp: string };

/** Every type of event, in the order that a page lists them. */
export const webhookEventTypes = [
  "connection.connected",
  "connection.failed",
  "connection.problem",
  "connection.recovered",
  "connection.disconnected",
  "accounts.changed",
  "transactions.changed",
] as const satisfies readonly WebhookEventType[];
