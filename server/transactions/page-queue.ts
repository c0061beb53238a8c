import { PageRows, type PageTransaction } from "../../db/page-rows.ts";
import type { SyncPage } from "../../db/sync-pages.ts";
import type { PlaidTransactionsPage } from "../plaid/responses.ts";

/** How many pages are stored in one statement, at most. */
const pagesAtOnce = 4;

/** Stores pages in their order while the next ones are fetched. Those that wait are stored together. */
export class PageQueue {
  readonly #storePages: (batch: PageBatch) => Promise<boolean>;
  /** The pages that wait. */
  #waiting: PageBatch | null = null;
  /** The last call of `storePages`, and the one before it. */
  #last = Promise.resolve(true);
  #previous = this.#last;
  /** Whether `storePages` returned false or threw. */
  #isOver = false;

  /** `storePages` returns false when another sync has continued meanwhile. */
  constructor(storePages: (batch: PageBatch) => Promise<boolean>) {
    this.#storePages = storePages;
  }

  /**
   * Adds a page, after waiting for earlier ones when too many are not stored yet. Returns false when `storePages`
   * has done so, and throws its error.
   */
  async add(page: PlaidTransactionsPage): Promise<boolean> {
    if (this.#isOver) return this.#last;
    if (this.#waiting?.add(page)) return true;
    const batch = new PageBatch(page);
    if (!(await this.#previous)) return false;
    this.#waiting = batch;
    this.#previous = this.#last;
    this.#last = this.#last.then((isStored) => {
      this.#waiting = null;
      return isStored && this.#storePages(batch);
    });
    // Also keeps Node from ending the process for an error that nobody awaits yet.
    this.#last.then(
      (isStored) => {
        this.#isOver ||= !isStored;
      },
      () => {
        this.#isOver = true;
      },
    );
    return true;
  }

  /** Waits until each page is stored. Returns false when `storePages` has done so, and throws its error. */
  drain(): Promise<boolean> {
    return this.#last;
  }
}

/** Pages of one update that are stored in one statement. */
export class PageBatch implements Pick<SyncPage, "upserted" | "removed" | "unreadable"> {
  readonly upserted = new PageRows();
  readonly removed: string[] = [];
  readonly unreadable: SyncPage["unreadable"] = [];
  pages = 0;
  /** Of the last page. */
  last: Pick<PlaidTransactionsPage, "nextCursor" | "hasMore" | "accounts">;
  readonly #named = new Set<string>();

  constructor(first: PlaidTransactionsPage) {
    this.last = first;
    this.add(first);
  }

  /**
   * Adds a page, unless the batch is full, or the page names a transaction that another one of the batch names:
   * then their order matters. Returns whether it was added.
   */
  add(page: PlaidTransactionsPage): boolean {
    if (this.pages === pagesAtOnce) return false;
    const { upserted, removed, unreadable, named } = changesOf(page);
    if (named.some((id) => this.#named.has(id))) return false;
    for (const id of named) this.#named.add(id);
    this.upserted.add(upserted);
    this.removed.push(...removed);
    this.unreadable.push(...unreadable);
    this.pages += 1;
    const { nextCursor, hasMore, accounts } = page;
    this.last = { nextCursor, hasMore, accounts };
    return true;
  }
}

/**
 * Returns the changes of a page, each transaction once, and all ids in them. A posted transaction replaces its
 * pending one.
 */
function changesOf(page: PlaidTransactionsPage) {
  const upserted = new Map<string, PageTransaction>();
  const removed = new Set(page.removed);
  for (const transaction of page.upserted) {
    upserted.set(transaction.id, transaction);
    if (transaction.pendingId !== null) removed.add(transaction.pendingId);
  }
  for (const id of removed) upserted.delete(id);
  const unreadable = new Map(page.unreadable.map((row) => [row.id, row]));
  for (const id of [...removed, ...upserted.keys()]) unreadable.delete(id);
  return {
    upserted: [...upserted.values()],
    removed,
    unreadable: unreadable.values(),
    // The pending ones are among those removed.
    named: [...upserted.keys(), ...removed, ...unreadable.keys()],
  };
}
