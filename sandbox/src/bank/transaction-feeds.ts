/** The feeds of all Items. */
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";
import { TransactionFeed } from "./transaction-feed.ts";
import { addDays } from "./transactions.ts";

/** The feeds of all Items, each replayed when first asked for. */
export class TransactionFeeds {
  readonly #sandbox: Sandbox;
  readonly #feeds = new Map<string, TransactionFeed>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** The Item's feed, up to date with its activity. */
  of(item: Item): TransactionFeed {
    let feed = this.#feeds.get(item.item_id);
    if (!feed) {
      const holder = this.#sandbox.bankAccounts(
        item.institution_id,
        item.username,
        item.custom_user,
      );
      const accounts = item.accounts.flatMap(({ account_id, bank_account }) => {
        const bank = holder[bank_account];
        const key = [this.#sandbox.world, item.institution_id, item.username, bank_account];
        return bank ? [{ account_id, bank, key }] : [];
      });
      const birthday = item.created_at.slice(0, 10);
      feed = new TransactionFeed(item, accounts, addDays(birthday, -item.days_requested), birthday);
      this.#feeds.set(item.item_id, feed);
    }
    feed.catchUp(item.activity);
    return feed;
  }

  /** Forgets a feed whose Item's accounts have changed. */
  drop(item_id: string): void {
    this.#feeds.delete(item_id);
  }

  /** Lets time pass for an Item, to today. */
  refresh(item: Item): void {
    item.activity.push({ kind: "refresh", day: this.#sandbox.clock.today() });
    this.#sandbox.changed();
  }
}
