/**
 * An Item's transactions as a log of changes, which is what `/transactions/sync` pages through.
 * Nothing here is stored: a feed is replayed from the day the Item was made and its activity.
 */
import { derivedId } from "../plaid/ids.ts";
import { Random } from "../random.ts";
import type { ActivityStep, BulkChange, CreatedTransaction, Item, ItemAccount } from "../state.ts";
import { addDays, dayNumber } from "./days.ts";
import type { BankAccount } from "./holders.ts";
import { SMALL_PURCHASES } from "./merchants.ts";
import { NOWHERE, type Transaction, transactionOf } from "./transaction-shape.ts";
import { isSpending, type Movement, movementsOn } from "./transactions.ts";

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

/** An account of the Item, the bank's account behind it, and its random seed. */
export interface FeedAccount {
  account_id: string;
  bank: BankAccount;
  key: (string | number)[];
}

interface FeedDays {
  /** The first day that was requested. */
  firstDay: string;
  /** The first day that is available from the start: `firstDay`, or 30 days before `birthday`. */
  startDay: string;
  /** The day of the Item's first pull. */
  birthday: string;
}

export class TransactionFeed {
  readonly changes: Change[] = [];
  readonly current = new Map<string, Transaction>();
  /** `current`, newest first; null when it has changed since. */
  #newestFirst: Transaction[] | null = null;
  readonly #addedAt = new Map<string, number>();
  readonly #modifiedAt = new Map<string, number>();
  readonly #itemId: string;
  readonly #atTheBank: (account: ItemAccount) => FeedAccount[];
  #accounts: FeedAccount[];
  readonly #firstDay: string;
  /** Where the feed begins until the earlier days arrive. */
  #startDay: string;
  #through: string;
  #minted = 0;
  #steps = 0;

  constructor(
    item: Item,
    atTheBank: (account: ItemAccount) => FeedAccount[],
    { firstDay, startDay, birthday }: FeedDays,
  ) {
    const changed = item.activity.find((step) => step.kind === "accounts");
    const accounts = (changed?.before ?? item.accounts).flatMap(atTheBank);
    this.#itemId = item.item_id;
    this.#atTheBank = atTheBank;
    this.#accounts = accounts;
    this.#firstDay = firstDay;
    this.#startDay = startDay;
    this.#through = addDays(startDay, -1);
    const given = accounts.filter((account) => account.bank.transactions !== null);
    for (const account of given) this.#addGiven(account);
    this.#live(birthday, accounts);
    if (given.length === 0) this.#buySomething(birthday);
  }

  /** The last day whose movements are in the feed. */
  get through(): string {
    return this.#through;
  }

  /** Every transaction as it stands now: the latest day first, and within a day the last one added. */
  get newestFirst(): readonly Transaction[] {
    this.#newestFirst ??= [...this.current.values()]
      .reverse()
      .sort((one, other) => (one.date < other.date ? 1 : one.date > other.date ? -1 : 0));
    return this.#newestFirst;
  }

  /** Applies the steps that have not been applied yet. */
  catchUp(steps: readonly ActivityStep[]): void {
    if (steps.length > this.#steps) this.#newestFirst = null;
    for (const step of steps.slice(this.#steps)) {
      if (step.kind === "create") this.#create(step.transactions);
      else if (step.kind === "accounts") this.#changeAccounts(step.after);
      else if (step.kind === "history") this.#addHistory();
      else if (step.kind === "bulk") this.#change(step.day, step.bulk);
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
        // Already returned, when it was added or by a later modification.
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

  /** Adds every movement of these accounts from `first` on, up to and including `day`. */
  #live(day: string, accounts: FeedAccount[], first = addDays(this.#through, 1)): void {
    for (let number = dayNumber(first); number <= dayNumber(day); number += 1) {
      const date = addDays("1970-01-01", number);
      for (const account of accounts) {
        for (const movement of movementsOn(account.key, account.bank, date)) {
          this.#put("added", this.#transaction(account, movement));
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

  /** Lets time pass: pending transactions post, days are added, one is new, one is corrected. */
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
    this.#live(day, this.#accounts);
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

  /** Hides the transactions of an account that is no longer shared, without listing them as removed. */
  #changeAccounts(after: ItemAccount[]): void {
    const had = new Set(this.#accounts.map(({ account_id }) => account_id));
    this.#accounts = after.flatMap(this.#atTheBank);
    const has = new Set(this.#accounts.map(({ account_id }) => account_id));
    for (const { transaction_id, account_id } of [...this.current.values()]) {
      if (!has.has(account_id)) this.current.delete(transaction_id);
    }
    const fresh = this.#accounts.filter(({ account_id }) => !had.has(account_id));
    for (const account of fresh) this.#addGiven(account);
    this.#live(this.#through, fresh, this.#startDay);
  }

  #addHistory(): void {
    const last = addDays(this.#startDay, -1);
    this.#startDay = this.#firstDay;
    for (const account of this.#accounts) this.#addGiven(account, last);
    this.#live(last, this.#accounts, this.#firstDay);
  }

  #create(transactions: CreatedTransaction[]): void {
    const account =
      this.#accounts.find(({ bank }) => bank.type === "depository") ?? this.#accounts[0];
    if (!account) return;
    for (const created of transactions) this.#put("added", this.#plain(account, created));
  }

  /** Changes the amounts of the newest posted transactions, removes the ones before them, and adds new ones. */
  #change(day: string, { added, modified, removed }: BulkChange): void {
    const posted = [...this.current.values()].filter((entry) => !entry.pending);
    const changing = Math.max(0, posted.length - modified);
    for (const entry of posted.slice(changing)) {
      this.#put("modified", { ...entry, amount: Math.round(entry.amount * 100 + 100) / 100 });
    }
    for (const entry of posted.slice(Math.max(0, changing - removed), changing)) {
      this.#remove(entry);
    }
    const spending = this.#accounts.filter(({ bank }) => isSpending(bank));
    const accounts = spending.length > 0 ? spending : this.#accounts;
    const days = dayNumber(day) - dayNumber(this.#firstDay);
    const random = new Random(this.#itemId, this.#minted);
    for (let index = 0; index < added; index += 1) {
      const account = accounts[index % accounts.length];
      if (!account) return;
      const merchant = random.pick(SMALL_PURCHASES);
      const movement: Movement = {
        day: addDays(this.#firstDay, Math.ceil((days * (index + 1)) / added)),
        amount: random.money(3, 90),
        merchant,
        description: `${merchant.statement} ${index + 1}`,
        card: true,
        refund: false,
      };
      this.#put("added", this.#transaction(account, movement));
    }
  }

  /** Adds what a custom user lists, from the feed's first day up to `last`. */
  #addGiven(account: FeedAccount, last = "9999-12-31"): void {
    for (const given of account.bank.transactions ?? []) {
      if (given.date_posted < this.#startDay || given.date_posted > last) continue;
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
      ...this.#transaction(account, movement),
      iso_currency_code: given.iso_currency_code ?? account.bank.currency,
      authorized_date: given.date_transacted,
    };
  }

  #transaction(
    { account_id, bank }: FeedAccount,
    movement: Movement,
    pending = false,
  ): Transaction {
    return transactionOf(this.#nextId(), account_id, bank.currency, movement, pending);
  }
}
