/** A transaction of a page; `accountId` is Plaid's. */
export interface PageTransaction {
  id: string;
  accountId: string;
  date: string;
  amount: string;
  currency: string | null;
  name: string;
  merchant: string | null;
  category: string | null;
  pending: boolean;
  /** The pending transaction that this one replaces. */
  pendingId: string | null;
}

/** The transactions of a page as columns, which are the values of its statement. */
export class PageRows {
  readonly id = new ArrayText();
  readonly accountId = new ArrayText();
  readonly date = new ArrayText();
  readonly amount = new ArrayText();
  readonly currency = new ArrayText();
  readonly name = new ArrayText();
  readonly merchant = new ArrayText();
  readonly category = new ArrayText();
  readonly pending = new ArrayText();
  /** The transactions that replace a pending one, and those that they replace, whose corrections they get. */
  readonly posted: string[] = [];
  readonly pendingIds: string[] = [];
  count = 0;

  add(transactions: readonly PageTransaction[]): this {
    if (transactions.length === 0) return this;
    this.id.add(transactions.map((one) => one.id));
    this.accountId.add(transactions.map((one) => one.accountId));
    this.date.add(transactions.map((one) => one.date));
    this.amount.add(transactions.map((one) => one.amount));
    this.currency.add(transactions.map((one) => one.currency));
    this.name.add(transactions.map((one) => one.name));
    this.merchant.add(transactions.map((one) => one.merchant));
    this.category.add(transactions.map((one) => one.category));
    this.pending.add(transactions.map((one) => (one.pending ? "t" : "f")));
    for (const { id, pendingId } of transactions) {
      if (pendingId === null) continue;
      this.posted.push(id);
      this.pendingIds.push(pendingId);
    }
    this.count += transactions.length;
    return this;
  }
}

/**
 * The text of a PostgreSQL array that grows page by page. pg encodes an array of JavaScript only when the
 * statement is sent, while the database waits for it; this one is ready by then.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
class ArrayText {
  #values = "";

  add(values: readonly (string | null)[]): void {
    const text = values.map(encode).join();
    this.#values += this.#values === "" ? text : `,${text}`;
  }

  /** pg sends what this returns. */
  toPostgres(): string {
    return `{${this.#values}}`;
  }
}

const encode = (value: string | null) =>
  value === null ? "NULL" : `"${value.replace(/["\\]/g, "\\$&")}"`;
