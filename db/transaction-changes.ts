import { type RawBuilder, sql } from "kysely";
import type {
  RemovedTransaction,
  Transaction,
  TransactionChanges,
} from "../server/contracts/transactions.ts";
import type { Db } from "./client.ts";
import { shownTransactions } from "./transactions.ts";

/**
 * A position in the changes of a user's transactions. They are ordered by version and then by `key`: removals
 * come first, the removal of an account before those of its transactions.
 */
export interface ChangePlace {
  version: number;
  key: string;
  /** Removals up to this version are left out, because the reader started after them. */
  removedAfter: number;
}

/** Greater than every key of a version. */
const lastKey = "2";

/** One page of changes, and the position of the next. */
export type ChangesPage = Omit<TransactionChanges, "cursor"> & {
  next: ChangePlace;
  /** The newest version of the user's transactions. */
  newest: number;
  /** Seconds since 1970. */
  readAt: number;
};

/** Returns up to `max` changes after a position; without one, every transaction and no removals. */
export async function findChanges(
  db: Db,
  userId: string,
  after: ChangePlace | null,
  max: number,
): Promise<ChangesPage> {
  const { version, key } = after ?? { version: 0, key: "" };
  const newest = sql`(select version from head)`;
  // One snapshot, so that a version is never visible without those before it.
  const { rows } = await sql<Row>`
    with head as materialized (
      select coalesce((select version from transaction_versions where user_id = ${userId}), 0) as version
    ),
    page as materialized (
      select version, '1' || id as key, id, null::uuid as account_id
      from transactions
      where user_id = ${userId} and version >= ${version}
        and (version > ${version} or '1' || id > ${key})
        and (${newest}, ${lastKey} collate "C") > (${version}, ${key})
      union all
      select version, '0' || account_id::text || id, id, account_id
      from removed_transactions as removed
      where user_id = ${userId} and version >= ${version}
        and (version > ${version} or '0' || account_id::text || id > ${key})
        and version > ${after?.removedAfter ?? newest}
        and not exists (select from transactions
          where transactions.user_id = removed.user_id and transactions.id = removed.id)
      order by version, key
      limit ${max + 1}
    ),
    shown as (${shownTransactions(db, userId).where("transactions.id", "in", sql<string>`(select id from page)`)})
    select head.version::float8 as newest, extract(epoch from now())::float8 as "readAt",
      page.version::float8 as version, page.key, page.id as removed, page.account_id as "removedFrom",
      shown.*
    from head left join page on true
      left join shown on shown.id = page.id and page.account_id is null
    order by page.version, page.key`.execute(db);
  const [{ newest: head, readAt } = { newest: 0, readAt: 0 }] = rows;
  const found = rows.filter((row) => row.key !== null).slice(0, max);
  const last = found.at(-1);
  const hasMore = rows.length > max;
  const next =
    hasMore && last?.key
      ? { version: last.version, key: last.key, removedAfter: after?.removedAfter ?? head }
      : { version: head, key: lastKey, removedAfter: head };
  return { ...toContract(found), hasMore, next, newest: head, readAt };
}

/** A change: a transaction as it is now, or a removal. All fields are null if there is none. */
type Row = { newest: number; readAt: number; version: number; key: string | null } & (
  | (Transaction & { removedFrom: null })
  | { removed: string; removedFrom: string }
);

function toContract(
  rows: Row[],
): Pick<TransactionChanges, "changed" | "removed" | "removedAccounts"> {
  const changed: Transaction[] = [];
  const removed: RemovedTransaction[] = [];
  const removedAccounts: string[] = [];
  for (const row of rows) {
    if (row.removedFrom === null) {
      const {
        id,
        accountId,
        date,
        amount,
        currency,
        name,
        merchant,
        category,
        corrected,
        pending,
      } = row;
      changed.push({
        id,
        accountId,
        date,
        amount,
        currency,
        name,
        merchant,
        category,
        corrected,
        pending,
      });
    } else if (row.removed === "") removedAccounts.push(row.removedFrom);
    else removed.push({ id: row.removed, accountId: row.removedFrom });
  }
  return { changed, removed, removedAccounts };
}

/**
 * Assigns this database transaction the version that its changes to the user's transactions get. Other
 * writers of this user wait until it ends. Call it after locking the user, the Item and its sync, and before
 * locking accounts and transactions.
 */
export async function raiseTransactionsVersion(tx: Db, userId: string): Promise<void> {
  await sql`select ${raisedTransactionsVersion(sql`${userId}::uuid`)}`.execute(tx);
}

/** The version, as part of a larger statement. */
export function raisedTransactionsVersion(userId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`raise_transactions_version(${userId})`;
}

/** Deletes removals that are older than `days`, at most 10,000 at a time. */
export async function dropOldRemovals(db: Db, days: number): Promise<void> {
  await sql`
    delete from removed_transactions where (user_id, version, account_id, id) in (
      select user_id, version, account_id, id from removed_transactions
      where version < extract(epoch from now() - ${days} * interval '1 day') * 1000000
      limit 10000
    )`.execute(db);
}
