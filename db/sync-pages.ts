import { sql } from "kysely";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { PageRows } from "./page-rows.ts";
import { raisedTransactionsVersion, raiseTransactionsVersion } from "./transaction-changes.ts";
import { lockUser, raiseDataVersion } from "./users.ts";
import { sendDeliveries, storedDeliveries, toEventsJson } from "./webhook-events.ts";

/**
 * One page, or several that follow each other and name different transactions, and the state of the sync after
 * them.
 */
export interface SyncPage {
  /** The cursor that is stored before. */
  kept: string | null;
  /** The cursor after the page. */
  cursor: string;
  /** More pages of the same update follow; the update started at `updateCursor`. */
  midway: boolean;
  updateCursor: string | null;
  upserted: PageRows;
  removed: string[];
  /**
   * Transactions that could not be parsed; they are not in the two lists above. `field` is the invalid one.
   */
  unreadable: { id: string; field: string }[];
  /**
   * On the last page of a sync from the beginning, the ids of the accounts that Plaid lists, else null. Their
   * transactions that this sync did not contain are deleted, because Plaid does not report their removal.
   */
  endsReading: string[] | null;
  /** As `findSync` returns it: the transactions are held back. */
  isHeld?: boolean;
}

/**
 * Stores a page and its cursor in one statement. Skips transactions of accounts that are not this Item's
 * (another Item has them). Stores which transactions could not be parsed, until a later page has them in a
 * valid form. Webhooks report the page. Returns false, without a change, when the Item was deleted or another
 * sync has moved the cursor.
 */
export async function storePage(
  db: Db,
  userId: string,
  itemId: string,
  page: SyncPage,
): Promise<boolean> {
  const { upserted, removed, unreadable, endsReading, isHeld = false, ...rest } = page;
  const isChange = upserted.count + removed.length > 0 || endsReading !== null;
  const rows = await (isHeld ? storeHeldPage : storeShownPage)(db, {
    ...{ ...rest, userId, itemId, removed },
    raisesVersion: isChange && !isHeld,
    ids: upserted.id,
    accounts: upserted.accountId,
    dates: upserted.date,
    amounts: upserted.amount,
    currencies: upserted.currency,
    names: upserted.name,
    merchants: upserted.merchant,
    categories: upserted.category,
    pending: upserted.pending,
    posted: upserted.posted,
    pendingIds: upserted.pendingIds,
    noted: unreadable.map(({ id }) => id),
    fields: unreadable.map(({ field }) => field),
    isEnd: endsReading !== null,
    listed: endsReading ?? [],
    events: toEventsJson(
      isChange && !isHeld ? [{ type: "transactions.changed", data: { itemId } }] : [],
    ),
  });
  return rows.length === 1;
}

/** The values of the statement below. Each list has a value for each row. */
interface PageValues
  extends Pick<SyncPage, "kept" | "cursor" | "midway" | "updateCursor" | "removed"> {
  userId: string;
  itemId: string;
  raisesVersion: boolean;
  ids: PageRows["id"];
  accounts: PageRows["accountId"];
  dates: PageRows["date"];
  amounts: PageRows["amount"];
  currencies: PageRows["currency"];
  names: PageRows["name"];
  merchants: PageRows["merchant"];
  categories: PageRows["category"];
  pending: PageRows["pending"];
  posted: PageRows["posted"];
  pendingIds: PageRows["pendingIds"];
  /** The transactions that could not be parsed, and the invalid field of each. */
  noted: string[];
  fields: string[];
  /** Whether a sync from the beginning ends; then the accounts that Plaid lists. */
  isEnd: boolean;
  listed: string[];
  /** JSON. */
  events: string;
}

const pageStatement = (isHeld: boolean) => (_: Db, page: PageValues) => {
  const transactions = tableOf(isHeld);
  const startedAt = sql`case when ${page.midway} then ${addedFrom(page.updateCursor)} end`;
  return sql<{ item_id: string }>`
    with ${movedCursor(page, isHeld)},
    upserted as (
      insert into ${transactions}
        (user_id, id, account_id, date, amount, currency, name, merchant, category, pending,
          added_from, reading ${isHeld ? sql`` : sql`, version`})
      select sync.user_id, t.id, accounts.id, t.date, t.amount, t.currency, t.name, t.merchant,
        t.category, t.pending, ${startedAt}, sync.reading ${isHeld ? sql`` : sql`, sync.version`}
      from sync
      join accounts on accounts.user_id = sync.user_id and accounts.item_id = sync.item_id
      join unnest(
        ${page.ids}::text[], ${page.accounts}::text[], ${page.dates}::date[],
        ${page.amounts}::numeric[], ${page.currencies}::text[], ${page.names}::text[],
        ${page.merchants}::text[], ${page.categories}::text[], ${page.pending}::boolean[]
      ) as t (id, account, date, amount, currency, name, merchant, category, pending)
        on t.account = accounts.plaid_account_id
      on conflict (user_id, id) do update set
        account_id = excluded.account_id, date = excluded.date, amount = excluded.amount,
        currency = excluded.currency, name = excluded.name, merchant = excluded.merchant,
        category = excluded.category, pending = excluded.pending, reading = excluded.reading
        ${
          isHeld
            ? sql``
            : sql`, version = case when ${isOtherThan("transactions", "excluded")}
          then excluded.version else transactions.version end`
        }
    ),
    corrected as (
      insert into transaction_corrections (user_id, transaction_id, account_id, category, merchant)
      select c.user_id, t.id, c.account_id, c.category, c.merchant
      from sync
      join unnest(${page.posted}::text[], ${page.pendingIds}::text[]) as t (id, pending) on true
      join transaction_corrections as c
        on c.user_id = sync.user_id and c.transaction_id = t.pending
      on conflict (user_id, transaction_id) do nothing
    ),
    removed as (
      delete from ${transactions} as t using sync
      where t.user_id = sync.user_id and t.id = any(${page.removed}::text[])
    ),
    noted as (
      insert into unreadable_transactions (user_id, item_id, id, field, added_from, reading)
      select sync.user_id, sync.item_id, u.id, u.field, ${startedAt}, sync.reading
      from sync, unnest(${page.noted}::text[], ${page.fields}::text[]) as u (id, field)
      on conflict (user_id, item_id, id) do update set
        field = excluded.field, reading = excluded.reading
    ),
    settled as (
      delete from unreadable_transactions as u using sync
      where u.user_id = sync.user_id and u.item_id = sync.item_id
        and u.id <> all(${page.noted}::text[])
        and (u.id = any(${page.ids}::text[]) or u.id = any(${page.removed}::text[])
          or (${page.isEnd}::boolean and u.reading <> sync.reading))
    ),
    gone as (
      delete from ${transactions} as t using sync, accounts
      where ${page.isEnd}::boolean
        and accounts.user_id = sync.user_id and accounts.item_id = sync.item_id
        and accounts.plaid_account_id = any(${page.listed}::text[])
        and t.user_id = sync.user_id and t.account_id = accounts.id
        and t.reading not in (sync.reading, -1)
        and t.id not in (select unnest(${page.ids}::text[] || ${page.noted}::text[]))
        and not exists (
          select 1 from unreadable_transactions as u
          where u.user_id = sync.user_id and u.item_id = sync.item_id and u.id = t.id
            and u.reading = sync.reading
        )
    ),
    delivery as (${storedDeliveries(page.userId, page.events, sql`exists (select from sync)`)}),
    sent as (${sendDeliveries})
    select item_id from sync, sent where sent.jobs is not null`;
};

const storeShownPage = compiledOnce(pageStatement(false));
const storeHeldPage = compiledOnce(pageStatement(true));

/**
 * Restarts an update that changed while it was read: resets the cursor to the start of the update and deletes
 * what its pages added, in one statement. Plaid would not report the removal of such transactions. Returns
 * false, without a change, when the Item was deleted or another sync has moved the cursor.
 */
export async function rollBackUpdate(
  db: Db,
  userId: string,
  itemId: string,
  { kept, updateCursor, isHeld = false }: Pick<SyncPage, "kept" | "updateCursor" | "isHeld">,
): Promise<boolean> {
  const { rows } = await sql<{ item_id: string }>`
    with ${movedCursor({ userId, itemId, kept, cursor: updateCursor, midway: false, updateCursor: null, raisesVersion: !isHeld }, isHeld)},
    undone as (
      delete from ${tableOf(isHeld)} as t using sync, accounts
      where accounts.user_id = sync.user_id and accounts.item_id = sync.item_id
        and t.user_id = sync.user_id and t.account_id = accounts.id
        and t.added_from = ${addedFrom(updateCursor)}
    ),
    forgotten as (
      delete from unreadable_transactions as u using sync
      where u.user_id = sync.user_id and u.item_id = sync.item_id
        and u.added_from = ${addedFrom(updateCursor)}
    )
    select item_id from sync`.execute(db);
  return rows.length === 1;
}

/**
 * Starts a sync from the beginning. The stored transactions stay; those that the sync does not contain are
 * deleted at its end (`SyncPage.endsReading`). `refused`: Plaid rejected the cursor. Returns false, without a
 * change, when the Item was deleted or another sync has moved the cursor.
 */
export async function restartFromFirstPage(
  db: Db,
  userId: string,
  itemId: string,
  { kept, refused, isHeld = false }: Pick<SyncPage, "kept" | "isHeld"> & { refused: boolean },
): Promise<boolean> {
  const { rows } = await sql<{ item_id: string }>`
    with ${movedCursor(
      {
        userId,
        itemId,
        kept,
        cursor: null,
        midway: false,
        updateCursor: null,
        raisesVersion: false,
      },
      isHeld,
      sql`reading = item_syncs.reading + 1, reread_cursor = '',
        cursor_refusals = item_syncs.cursor_refusals + ${refused ? 1 : 0}`,
    )}
    select item_id from sync`.execute(db);
  return rows.length === 1;
}

/**
 * Starts a statement with `item` and `sync`. Moves the cursor on from `kept`; if that is not the stored one,
 * `sync` has no row. The last page of an update also ends a sync from the beginning. `raisesVersion`: the page
 * changes transactions that users see, and `sync` has their `version`.
 */
function movedCursor(
  page: Pick<PageValues, "userId" | "itemId" | "kept" | "midway" | "updateCursor"> & {
    cursor: string | null;
    raisesVersion: boolean;
  },
  isHeld: boolean,
  reading = sql`reread_cursor = case when ${page.midway} and item_syncs.reread_cursor is not null
        then ${page.cursor}::text end,
      cursor_refusals = case when ${page.midway} then item_syncs.cursor_refusals else 0 end`,
) {
  // The commit does not wait for the disk: if PostgreSQL crashes, it loses the page together with its cursor.
  // The Item's row is locked first, as when it is deleted, which prevents a deadlock with a disconnection.
  return sql`item as materialized (
      select id, set_config('synchronous_commit', 'off', true)
      from items where id = ${page.itemId} and user_id = ${page.userId} for key share
    ),
    moved as (
      update item_syncs set cursor = ${page.cursor}, update_cursor = ${page.updateCursor},
        midway = ${page.midway}, ${reading}
      from item
      where item_syncs.item_id = item.id and item_syncs.user_id = ${page.userId}
        and item_syncs.cursor is not distinct from ${page.kept}
        and item_syncs.is_held = ${sql.lit(isHeld)}
      returning item_syncs.item_id, item_syncs.user_id, item_syncs.reading
    ),
    sync as materialized (
      select moved.*, case when ${page.raisesVersion}::boolean
        then ${raisedTransactionsVersion(sql`user_id`)} else 0 end as version
      from moved
    )`;
}

/**
 * Whether two versions of a transaction differ in what users see, like the trigger
 * `transactions_stamp_changed`.
 */
const isOtherThan = (one: string, other: string) => {
  const columns = (of: string) =>
    sql.join(
      ["account_id", "date", "amount", "currency", "name", "merchant", "category", "pending"].map(
        (column) => sql.ref(`${of}.${column}`),
      ),
    );
  return sql`(${columns(one)}) is distinct from (${columns(other)})`;
};

/**
 * Identifies the update that a page belongs to: no two updates of an Item that contain anything start at the
 * same cursor.
 */
const addedFrom = (updateCursor: string | null) =>
  sql`hashtextextended(coalesce(${updateCursor}::text, ''), 0)`;

const tableOf = (isHeld: boolean) => sql.table(isHeld ? "held_transactions" : "transactions");

/**
 * Called when the history of an Item that took over accounts is complete. In each account it replaces the
 * pending transactions and those since the oldest day of the history; older ones stay. Runs in one
 * transaction.
 */
export async function applyHeldTransactions(db: Db, userId: string, itemId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // Locks the user's row and then the Item's, as a disconnection does, which prevents a deadlock.
    await lockUser(tx, userId);
    await sql`select from items where id = ${itemId} and user_id = ${userId} for key share`.execute(
      tx,
    );
    const { rows } = await sql`
      update item_syncs set is_held = false
      where item_id = ${itemId} and user_id = ${userId} and is_held returning item_id`.execute(tx);
    if (rows.length === 0) return;
    await raiseTransactionsVersion(tx, userId);
    await sql`
      with first as (
        select accounts.id as account_id, min(h.date) as date from accounts
        left join held_transactions as h on h.user_id = accounts.user_id and h.account_id = accounts.id
        where accounts.user_id = ${userId} and accounts.item_id = ${itemId}
        group by accounts.id
      ),
      older as (
        update transactions as t set reading = -1 from first
        where t.user_id = ${userId} and t.account_id = first.account_id
          and not t.pending and (first.date is null or t.date < first.date)
      )
      delete from transactions as t using first
      where t.user_id = ${userId} and t.account_id = first.account_id
        and (t.pending or t.date >= first.date)`.execute(tx);
    const columns = sql.raw(
      "user_id, id, account_id, date, amount, currency, name, merchant, category, pending, reading",
    );
    await sql`
      with held as (
        delete from held_transactions as h using accounts
        where h.user_id = ${userId} and accounts.user_id = h.user_id and accounts.id = h.account_id
          and accounts.item_id = ${itemId}
        returning h.*
      )
      insert into transactions (${columns}) select ${columns} from held
      on conflict (user_id, id) do nothing`.execute(tx);
    const events = toEventsJson([{ type: "transactions.changed", data: { itemId } }]);
    await sql`
      with delivery as (${storedDeliveries(userId, events)}), sent as (${sendDeliveries})
      select jobs from sent`.execute(tx);
    await raiseDataVersion(tx, userId);
  });
}
