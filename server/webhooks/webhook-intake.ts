import DataLoader from "dataloader";
import type { Db } from "../../db/client.ts";
import { type NewWebhook, storeWebhooks } from "../../db/webhooks.ts";

/** How many statements of one node run at once. */
const atOnce = 2;
const maxInOne = 100;

/**
 * Stores webhooks. Those that arrive while others are stored share the next statement: PostgreSQL commits
 * statements with a notification, as each new job sends one, strictly one after the other.
 */
export class WebhookIntake {
  readonly #loader: DataLoader<NewWebhook, boolean>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(db: Db) {
    this.#loader = new DataLoader(
      (webhooks) => storeWebhooks(db, webhooks).finally(() => this.#startNext()),
      { cache: false, maxBatchSize: maxInOne, batchScheduleFn: (start) => this.#plan(start) },
    );
  }

  /** Returns false when this delivery was stored before. */
  store(webhook: NewWebhook): Promise<boolean> {
    return this.#loader.load(webhook);
  }

  #plan(start: () => void): void {
    if (this.#running >= atOnce) return void this.#waiting.push(start);
    this.#running++;
    setImmediate(start);
  }

  #startNext(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
