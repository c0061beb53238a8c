/**
 * Each Item's transactions as a log of changes, which is what `/transactions/sync` pages through.
 * Nothing here is stored: a feed is replayed from the Item's day of birth and its activity.
 */
import { derivedId } from "../plaid/ids.ts";
import { Random } from "../random.ts";
import type { Sandbox } from "../sandbox.ts";
import type { ActivityStep, CreatedTransaction, Item } from "../state.ts";
import type { BankAccount } from "./holders.ts";
import { type Merchant, SMALL_PURCHASES } from "./merchants.ts";
import { addDays, dayNumber, isSpending, type Movement, movementsOn } from "./transactions.ts";

/** A transaction in Plaid's shape (schema `Transaction`). Amounts: positive leaves the account. */
export interface Transaction {
  transaction_id: string;
  account_id: string;
  amount: number;
  date: string;
  pending: boolean;
  pending_transaction_id: string | null;
  name: string;
  [field: string]: unknown;
}

export interface Change {
  kind: "added" | "modified" | "removed";
  transaction_id: string;
  account_id: string;
}

/** The changes between two positions of a feed, as one page shows them. */
export interface ChangePage {
  added: Transaction[];
  modified: Transaction[];
  removed: { transaction_id: string; account_id: string }[];
}

interface FeedAccount {
  account_id: string;
  bank: BankAccount;
  key: (string | number)[];
}

export class TransactionFeed {
  readonly changes: Change[] = [];
  readonly current = new Map<string, Transaction>();
  readonly #addedAt = new Map<string, number>();
  readonly #modifiedAt = new Map<string, number>();
  readonly #itemId: string;
  readonly #accounts: FeedAccount[];
  readonly #firstDay: string;
  #through: string;
  #minted = 0;
  #steps = 0;

  constructor(item: Item, accounts: FeedAccount[], firstDay: string, birthday: string) {
    this.#itemId = item.item_id;
    this.#accounts = accounts;
    this.#firstDay = firstDay;
    this.#through = addDays(firstDay, -1);
    const given = accounts.filter((account) => account.bank.transactions !== null);
    for (const account of given) this.#addGiven(account);
    this.#live(birthday);
    if (given.length === 0) this.#buySomething(birthday);
  }

  /** The last day whose movements are in the feed. */
  get through(): string {
    return this.#through;
  }

  /** Applies the steps that have not been applied yet. */
  catchUp(steps: readonly ActivityStep[]): void {
    for (const step of steps.slice(this.#steps)) {
      if (step.kind === "create") this.#create(step.transactions);
      else this.#refresh(step.day);
      this.#steps += 1;
    }
  }

  /**
   * Changes after `position`, at most `count`, in the feed's order and as they stand now. `start`
   * is where the reader's last finished update ended: what came and went since is not shown.
   */
  page(start: number, position: number, count: number): ChangePage & { position: number } {
    const page: ChangePage = { added: [], modified: [], removed: [] };
    let taken = 0;
    let at = position;
    for (; at < this.changes.length && taken < count; at += 1) {
      const change = this.changes[at];
      if (!change) break;
      const now = this.current.get(change.transaction_id);
      const known = (this.#addedAt.get(change.transaction_id) ?? 0) < start;
      if (change.kind === "removed") {
        if (!known) continue;
        page.removed.push({ transaction_id: change.transaction_id, account_id: change.account_id });
      } else if (!now) {
        continue;
      } else if (
        change.kind === "modified" &&
        (!known || this.#modifiedAt.get(change.transaction_id) !== at)
      ) {
        // Already told: in the form it was added, or by a later modification.
        continue;
      } else {
        page[change.kind].push(now);
      }
      taken += 1;
    }
    return { ...page, position: at };
  }

  #put(kind: "added" | "modified", transaction: Transaction): void {
    const { transaction_id, account_id } = transaction;
    const at = kind === "added" ? this.#addedAt : this.#modifiedAt;
    at.set(transaction_id, this.changes.length);
    this.current.set(transaction_id, transaction);
    this.changes.push({ kind, transaction_id, account_id });
  }

  #remove({ transaction_id, account_id }: Transaction): void {
    this.current.delete(transaction_id);
    this.changes.push({ kind: "removed", transaction_id, account_id });
  }

  #nextId(): string {
    this.#minted += 1;
    return derivedId(this.#itemId, "transaction", this.#minted);
  }

  /** Adds every movement up to and including `day`. */
  #live(day: string): void {
    const from = dayNumber(this.#through) + 1;
    for (let number = from; number <= dayNumber(day); number += 1) {
      const date = addDays("1970-01-01", number);
      for (const account of this.#accounts) {
        if (account.bank.transactions !== null) continue;
        for (const movement of movementsOn(account.key, account.bank, date)) {
          this.#put("added", this.#transaction(account, movement, false));
        }
      }
    }
    if (day > this.#through) this.#through = day;
  }

  /** A card purchase that is still pending. */
  #buySomething(day: string): void {
    const account = this.#accounts.find(({ bank }) => isSpending(bank));
    if (!account) return;
    const random = new Random(...account.key, day, this.#minted);
    const merchant = random.pick(SMALL_PURCHASES);
    const movement: Movement = {
      day,
      amount: random.money(4, 60),
      merchant,
      description: merchant.statement,
      card: true,
      refund: false,
    };
    this.#put("added", this.#transaction(account, movement, true));
  }

  /** Time passes: what was pending posts, days are lived, one is bought, one is corrected. */
  #refresh(day: string): void {
    for (const pending of [...this.current.values()].filter((entry) => entry.pending)) {
      this.#remove(pending);
      this.#put("added", {
        ...pending,
        transaction_id: this.#nextId(),
        pending: false,
        pending_transaction_id: pending.transaction_id,
      });
    }
    this.#live(day);
    if (this.#accounts.every((account) => account.bank.transactions === null)) {
      this.#buySomething(day);
    }
    const purchases = [...this.current.values()].filter(
      (entry) => entry.payment_channel === "in store",
    );
    const corrected = purchases.at(-5);
    if (corrected) {
      this.#put("modified", {
        ...corrected,
        location: { ...NOWHERE, city: "San Matias", region: "CA" },
      });
    }
  }

  #create(transactions: CreatedTransaction[]): void {
    const account = this.#accounts.find(({ bank }) => isSpending(bank)) ?? this.#accounts[0];
    if (!account) return;
    for (const created of transactions) this.#put("added", this.#plain(account, created));
  }

  #addGiven(account: FeedAccount): void {
    for (const given of account.bank.transactions ?? []) {
      if (given.date_posted < this.#firstDay) continue;
      this.#put("added", this.#plain(account, { ...given, iso_currency_code: given.currency }));
    }
  }

  #plain(
    account: FeedAccount,
    given:
      | CreatedTransaction
      | (Omit<CreatedTransaction, "iso_currency_code"> & { iso_currency_code: string | undefined }),
  ): Transaction {
    const movement: Movement = {
      day: given.date_posted,
      amount: given.amount,
      merchant: null,
      description: given.description,
      card: false,
      refund: false,
    };
    return {
      ...this.#transaction(account, movement, false),
      iso_currency_code: given.iso_currency_code ?? account.bank.currency,
      authorized_date: given.date_transacted,
    };
  }

  #transaction(account: FeedAccount, movement: Movement, pending: boolean): Transaction {
    const { merchant, day } = movement;
    return {
      account_id: account.account_id,
      account_owner: null,
      amount: movement.amount,
      authorized_date: movement.card && !pending ? addDays(day, -1) : day,
      authorized_datetime: null,
      category: null,
      category_id: null,
      check_number: null,
      counterparties: merchant ? [counterparty(merchant)] : [],
      date: day,
      datetime: null,
      iso_currency_code: account.bank.currency,
      location: NOWHERE,
      logo_url: null,
      merchant_entity_id: merchant ? derivedId("merchant", merchant.name) : null,
      merchant_name: merchant && merchant.channel !== "other" ? merchant.name : null,
      name: movement.refund ? `REFUND ${movement.description}` : movement.description,
      original_description: movement.description,
      payment_channel: merchant?.channel ?? "other",
      payment_meta: NO_PAYMENT_META,
      pending,
      pending_transaction_id: null,
      personal_finance_category: {
        primary: merchant?.primary ?? "OTHER",
        detailed: merchant?.detailed ?? "OTHER_OTHER",
        confidence_level: merchant ? "VERY_HIGH" : "LOW",
      },
      transaction_code: null,
      transaction_id: this.#nextId(),
      transaction_type: merchant?.channel === "in store" ? "place" : "special",
      unofficial_currency_code: null,
      website: merchant?.website ?? null,
    };
  }
}

const NOWHERE = {
  address: null,
  city: null,
  country: null,
  lat: null,
  lon: null,
  postal_code: null,
  region: null,
  store_number: null,
};

const NO_PAYMENT_META = {
  by_order_of: null,
  payee: null,
  payer: null,
  payment_method: null,
  payment_processor: null,
  ppd_id: null,
  reason: null,
  reference_number: null,
};

function counterparty(merchant: Merchant) {
  return {
    name: merchant.name,
    type: "merchant",
    website: merchant.website,
    logo_url: null,
    confidence_level: "VERY_HIGH",
    entity_id: derivedId("merchant", merchant.name),
  };
}

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
