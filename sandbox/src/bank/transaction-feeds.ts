/** The feeds of all Items. */
import type { Clock } from "../clock.ts";
import type { ActivityStep, BulkChange, CreatedTransaction, Item, ItemAccount } from "../state.ts";
import { addDays } from "./days.ts";
import type { BankAccount } from "./holders.ts";
import { bankOf } from "./institutions.ts";
import { TransactionFeed } from "./transaction-feed.ts";

/** The days of transactions in the first pull. The rest follow later. */
const INITIAL_DAYS = 30;

/** Whether the days before the first 30 arrived by themselves. */
function hasHistoryStep({ activity }: Item): boolean {
  return activity.some(({ kind }) => kind === "history");
}

/** What the feeds need of the sandbox. */
interface FeedsSandbox {
  readonly clock: Clock;
  /** The seed of banks, holders and transactions. */
  readonly world: number;
  bankAccounts(institution_id: string, username: string, custom_user: string | null): BankAccount[];
  changed(): void;
}

/** The feeds of all Items, each replayed when it is first read. */
export class TransactionFeeds {
  readonly #sandbox: FeedsSandbox;
  readonly #feeds = new Map<string, TransactionFeed>();

  constructor(sandbox: FeedsSandbox) {
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
      const bankId = bankOf(item.institution_id);
      const atTheBank = ({ account_id, bank_account }: ItemAccount) => {
        const bank = holder[bank_account];
        const key = [this.#sandbox.world, bankId, item.username, bank_account];
        return bank ? [{ account_id, bank, key }] : [];
      };
      const birthday = item.created_at.slice(0, 10);
      const firstDay = addDays(birthday, -item.days_requested);
      const isSplit = item.history_at !== null || hasHistoryStep(item);
      const recent = addDays(birthday, -INITIAL_DAYS);
      const startDay = isSplit && recent > firstDay ? recent : firstDay;
      feed = new TransactionFeed(item, atTheBank, { firstDay, startDay, birthday });
      this.#feeds.set(item.item_id, feed);
    }
    feed.catchUp(item.activity);
    return feed;
  }

  /** Changes the Item's accounts. New ones have their whole history. */
  changeAccounts(item: Item, after: ItemAccount[]): void {
    const before = item.accounts;
    item.accounts = after;
    this.#step(item, { kind: "accounts", before, after });
  }

  /** Adds the days before the first 30. */
  addHistory(item: Item): void {
    this.#step(item, { kind: "history" });
  }

  /** Deletes the feed of a removed Item. */
  drop(item_id: string): void {
    this.#feeds.delete(item_id);
  }

  /** Moves an Item's feed forward to today. */
  refresh(item: Item): void {
    this.#step(item, { kind: "refresh", day: this.#sandbox.clock.today() });
  }

  /** Adds the given transactions. */
  create(item: Item, transactions: CreatedTransaction[]): void {
    this.#step(item, { kind: "create", day: this.#sandbox.clock.today(), transactions });
  }

  /** Adds, changes and removes many at once, generated from the Item's id. */
  change(item: Item, bulk: BulkChange): void {
    this.#step(item, { kind: "bulk", day: this.#sandbox.clock.today(), bulk });
  }

  #step(item: Item, step: ActivityStep): void {
    item.activity.push(step);
    this.#sandbox.changed();
  }
}
