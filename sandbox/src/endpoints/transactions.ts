/** `/transactions/*` and `/sandbox/transactions/create`. */
import { recurringStreams } from "../bank/recurring.ts";
import type { Transaction } from "../bank/transaction-shape.ts";
import { prepareProduct } from "../item-products.ts";
import { accountView, itemView, shownAccounts } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { pullHistoryIfDue } from "../pulls.ts";
import type { CreatedTransaction, Item } from "../state.ts";
import { announcing } from "../webhooks/announcing.ts";
import type { Call } from "./call.ts";

interface Options {
  include_original_description?: boolean;
  account_id?: string;
  days_requested?: number;
}

/** The test user whose Items take created transactions. */
const DYNAMIC_USER = "user_transactions_dynamic";

/** The cursor that skips all history: the next call returns what changed since this one. */
const NOW = "now";

/** A reader's position: `start` ended its last finished update, `end` will end this one. */
interface Cursor {
  start: number;
  position: number;
  end: number;
}

/**
 * `/transactions/sync`. A batch of pages shows the feed as it stood at the first page; when the
 * feed grew meanwhile, the next page returns TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION and the
 * reader starts again from the cursor of its last finished update.
 */
export function transactionsSync(
  call: Call,
  body: { access_token: string; cursor?: string; count?: number; options?: Options },
): object {
  const item = transactionsItem(call, body.access_token, body.options?.days_requested);
  item.synced = true;
  const { account_id } = body.options ?? {};
  const accounts = shownAccounts(
    call.sandbox,
    item,
    account_id === undefined ? undefined : [account_id],
  );
  const isNow = body.cursor === NOW;
  const cursor = isNow ? null : readCursor(item, body.cursor ?? "");
  if (!isReady(call, item)) return { ...NOT_READY, accounts: accounts.map(accountView) };
  const midway = cursor !== null && cursor.position < cursor.end;
  if (!midway) liveOn(call, item);

  const feed = call.sandbox.feeds.of(item);
  const end = feed.changes.length;
  if (midway && cursor.end !== end) {
    throw new PlaidError("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION");
  }
  const position = isNow ? end : (cursor?.position ?? 0);
  const start = midway ? cursor.start : position;
  const page = feed.page(start, position, body.count ?? 100);
  const shown = (entry: { account_id: string }) =>
    account_id === undefined || entry.account_id === account_id;
  const view = transactionView(body.options);
  return {
    accounts: accounts.map(accountView),
    added: page.added.filter(shown).map(view),
    modified: page.modified.filter(shown).map(view),
    removed: page.removed.filter(shown),
    has_more: page.position < end,
    next_cursor: writeCursor(item, { start, position: page.position, end }),
    transactions_update_status:
      item.history_at === null ? "HISTORICAL_UPDATE_COMPLETE" : "INITIAL_UPDATE_COMPLETE",
  };
}

const NOT_READY = {
  added: [],
  modified: [],
  removed: [],
  has_more: false,
  next_cursor: "",
  transactions_update_status: "NOT_READY",
};

/** `/transactions/get`: newest first. Throws PRODUCT_NOT_READY for a new Item. */
export function transactionsGet(
  call: Call,
  body: {
    access_token: string;
    start_date: string;
    end_date: string;
    options?: Options & { account_ids?: string[]; count?: number; offset?: number };
  },
): object {
  const item = transactionsItem(call, body.access_token, body.options?.days_requested);
  const { account_ids, count = 100, offset = 0 } = body.options ?? {};
  if (body.start_date > body.end_date) {
    throw new PlaidError("INVALID_FIELD", "start_date must not be after end_date");
  }
  const accounts = shownAccounts(call.sandbox, item, account_ids);
  if (!isReady(call, item)) throw new PlaidError("PRODUCT_NOT_READY");
  liveOn(call, item);
  const wanted = new Set(accounts.map(({ account_id }) => account_id));
  const found = call.sandbox.feeds
    .of(item)
    .newestFirst.filter(
      ({ date, account_id }) =>
        date >= body.start_date && date <= body.end_date && wanted.has(account_id),
    );
  return {
    accounts: accounts.map(accountView),
    transactions: found.slice(offset, offset + count).map(transactionView(body.options)),
    total_transactions: found.length,
    item: itemView(item),
  };
}

/** `/transactions/recurring/get`: of all accounts or those named. */
export function transactionsRecurringGet(
  call: Call,
  body: { access_token: string; account_ids?: string[] },
): object {
  const item = transactionsItem(call, body.access_token);
  const accounts = shownAccounts(call.sandbox, item, body.account_ids);
  if (!isReady(call, item)) throw new PlaidError("PRODUCT_NOT_READY");
  liveOn(call, item);
  const wanted = new Set(accounts.map(({ account_id }) => account_id));
  const transactions = [...call.sandbox.feeds.of(item).current.values()];
  return {
    ...recurringStreams(
      transactions.filter(({ account_id }) => wanted.has(account_id)),
      call.sandbox.clock.today(),
    ),
    updated_datetime: call.sandbox.clock.iso(),
    personal_finance_category_version: "v2",
  };
}

/**
 * `/transactions/refresh`: lets time pass, and sends the Item's webhook.
 * @throws PRODUCT_NOT_ENABLED for an Item that does not have Transactions yet
 */
export function transactionsRefresh(call: Call, body: { access_token: string }): object {
  if (!call.item(body.access_token).products.includes("transactions")) {
    throw new PlaidError("PRODUCT_NOT_ENABLED");
  }
  const item = transactionsItem(call, body.access_token);
  announcing(call.sandbox, item, () => call.sandbox.feeds.refresh(item));
  return {};
}

/**
 * `/sandbox/transactions/create`: for `user_transactions_dynamic` alone, as at Plaid, unless
 * `transactions_for_all` is set. They go to a depository account.
 */
export function sandboxTransactionsCreate(
  call: Call,
  body: { access_token: string; transactions: CreatedTransaction[] },
): object {
  const item = transactionsItem(call, body.access_token);
  if (!call.sandbox.settings.transactionsForAll && item.username !== DYNAMIC_USER) {
    throw new PlaidError(
      "INVALID_FIELD",
      `transactions can only be created for an Item of ${DYNAMIC_USER}`,
    );
  }
  if (body.transactions.length > 10) {
    throw new PlaidError("INVALID_FIELD", "transactions must contain no more than 10 transactions");
  }
  announcing(call.sandbox, item, () => call.sandbox.feeds.create(item, body.transactions));
  return {};
}

function transactionsItem(call: Call, access_token: string, days_requested?: number): Item {
  const item = call.item(access_token);
  prepareProduct(call.sandbox, item, "transactions", days_requested);
  pullHistoryIfDue(call.sandbox, item);
  return item;
}

function isReady(call: Call, item: Item): boolean {
  return (item.transactions_ready_at ?? 0) <= call.sandbox.clock.now();
}

/** Adds the days since the feed last changed. */
function liveOn(call: Call, item: Item): void {
  const feed = call.sandbox.feeds.of(item);
  if (feed.through < call.sandbox.clock.today()) call.sandbox.feeds.refresh(item);
}

function transactionView(options: Options | undefined): (transaction: Transaction) => object {
  if (options?.include_original_description) return (transaction) => transaction;
  return (transaction) => ({ ...transaction, original_description: null });
}

function writeCursor(item: Item, { start, position, end }: Cursor): string {
  return Buffer.from(`${item.item_id}:${start}:${position}:${end}`).toString("base64");
}

/** Null for the empty cursor. Throws INVALID_FIELD for a cursor of another Item. */
function readCursor(item: Item, text: string): Cursor | null {
  if (text === "") return null;
  const [item_id, ...numbers] = Buffer.from(text, "base64").toString("latin1").split(":");
  const [start, position, end] = numbers.map((part) =>
    /^\d{1,9}$/.test(part) ? Number(part) : -1,
  );
  if (item_id !== item.item_id || numbers.length !== 3) {
    throw new PlaidError("INVALID_FIELD", "cursor not associated with access_token");
  }
  if (
    start === undefined ||
    position === undefined ||
    end === undefined ||
    start < 0 ||
    position < start ||
    end < position
  ) {
    throw new PlaidError("INVALID_FIELD", "cursor is invalid");
  }
  return { start, position, end };
}
