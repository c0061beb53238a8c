import { sql } from "kysely";
import type {
  Transaction,
  TransactionFilter,
  TransactionTotals,
} from "../server/contracts/transactions.ts";
import type { Db } from "./client.ts";

/** The position of a transaction in the list. */
export interface TransactionPlace {
  date: string;
  id: string;
}

/** The user's correction takes precedence over the bank's value. */
const category = sql<string | null>`coalesce(c.category, transactions.category)`;
const merchant = sql<string | null>`coalesce(c.merchant, transactions.merchant)`;

/** A query for the user's transactions that match `filter`, each with its correction `c`. */
function fitting(db: Db, userId: string, filter: TransactionFilter) {
  const { accountId, from, to, category: wanted, minAmount, maxAmount, search } = filter;
  let query = db
    .selectFrom("transactions")
    .leftJoin("transaction_corrections as c", (join) =>
      join
        .onRef("c.user_id", "=", "transactions.user_id")
        .onRef("c.transaction_id", "=", "transactions.id"),
    )
    .where("transactions.user_id", "=", userId);
  if (accountId) query = query.where("transactions.account_id", "=", accountId);
  if (from) query = query.where("transactions.date", ">=", from);
  if (to) query = query.where("transactions.date", "<=", to);
  if (wanted) query = query.where(category, "=", wanted);
  if (minAmount) query = query.where("transactions.amount", ">=", minAmount);
  if (maxAmount) query = query.where("transactions.amount", "<=", maxAmount);
  if (search) {
    const pattern = `%${search.replace(/[\\%_]/g, "\\$&")}%`;
    query = query.where((eb) =>
      eb.or([eb("transactions.name", "ilike", pattern), eb(merchant, "ilike", pattern)]),
    );
  }
  return query;
}

const shown = [
  "transactions.id",
  "transactions.account_id as accountId",
  sql<string>`transactions.date::text`.as("date"),
  "transactions.amount",
  "transactions.currency",
  "transactions.name",
  merchant.as("merchant"),
  category.as("category"),
  sql<boolean>`coalesce(c.category, c.merchant) is not null`.as("corrected"),
  "transactions.pending",
] as const;

/**
 * Returns up to `max` of the user's transactions that match `filter`, newest first, starting after `after`.
 */
export async function findTransactions(
  db: Db,
  userId: string,
  filter: TransactionFilter,
  after: TransactionPlace | null,
  max: number,
): Promise<Transaction[]> {
  let query = fitting(db, userId, filter)
    .select(shown)
    .orderBy(sql.ref("transactions.date"), "desc")
    .orderBy("transactions.id")
    .limit(max);
  if (after) {
    query = query
      .where("transactions.date", "<=", after.date)
      .where((eb) =>
        eb.or([eb("transactions.date", "<", after.date), eb("transactions.id", ">", after.id)]),
      );
  }
  return query.execute();
}

/** The user's transactions as they are shown. */
export const shownTransactions = (db: Db, userId: string) => fitting(db, userId, {}).select(shown);

/** Returns one transaction of the user, or null. */
export async function findTransaction(
  db: Db,
  userId: string,
  id: string,
): Promise<Transaction | null> {
  const query = shownTransactions(db, userId).where("transactions.id", "=", id);
  return (await query.executeTakeFirst()) ?? null;
}

/** Returns the totals of the user's transactions that match `filter`; see `contracts/transactions.ts`. */
export async function findTotals(
  db: Db,
  userId: string,
  filter: TransactionFilter,
): Promise<TransactionTotals["currencies"]> {
  const fits = fitting(db, userId, filter).select([
    "transactions.currency",
    "transactions.amount",
    "transactions.date",
    category.as("category"),
  ]);
  const money = sql`sum(came) as came, sum(went) as went, sum(count)::int as count`;
  // All matching rows are added up once, by day, and months and categories from those few.
  const { rows } = await sql<TransactionTotals["currencies"][number]>`
    with days as materialized (
      select currency, date, category, count(*) as count,
        coalesce(-sum(amount) filter (where amount < 0), 0) as came,
        coalesce(sum(amount) filter (where amount > 0), 0) as went
      from (${fits}) as fits group by 1, 2, 3
    ),
    months as (
      select *, row_number() over (partition by currency order by month desc) as at
      from (select currency, to_char(date, 'YYYY-MM') as month, ${money} from days group by 1, 2) as each
    ),
    categories as (select currency, category, ${money} from days group by 1, 2)
    select all_of.currency,
      (select json_agg(json_build_object('month', month, 'in', came::text, 'out', went::text,
          'count', count) order by month desc)
        from months where months.currency is not distinct from all_of.currency and at <= 24) as months,
      (select json_agg(json_build_object('category', category, 'in', came::text,
          'out', went::text, 'count', count) order by greatest(came, went) desc, category)
        from categories where categories.currency is not distinct from all_of.currency) as categories
    from (select currency, sum(count) as count from days group by 1) as all_of
    order by all_of.count desc, all_of.currency`.execute(db);
  return rows;
}
