import { type RawBuilder, sql } from "kysely";
import type {
  CashFlowInCurrency,
  CategoriesOutput,
  NetWorthInCurrency,
} from "../server/contracts/insights.ts";
import type { Db } from "./client.ts";

/** The day on which a transaction counts: the bank's date, but never after today. */
const dayOf = (today: string) => sql`least(transactions.date, ${today}::date)`;

/** Whether a balance of the account is money that the user owes. */
const isDebt = sql<boolean>`accounts.type in ('credit', 'loan')`;

/**
 * Returns the user's net worth by currency at the end of each day, for at most `days` days up to `today`
 * (YYYY-MM-DD); `contracts/insights.ts` says what counts. A positive amount left an account or was borrowed.
 * Either way the worth before it was higher by that amount.
 */
export async function findNetWorth(
  db: Db,
  userId: string,
  today: string,
  days: number,
): Promise<NetWorthInCurrency[]> {
  const { rows } = await sql<NetWorthInCurrency>`
    with counted as materialized (
      select id, currency,
        case when ${isDebt} then -current_balance else current_balance end as amount
      from accounts
      where user_id = ${userId} and revoked_at is null and not is_hidden
        and current_balance is not null and currency is not null
    ),
    worth as (
      select currency, sum(amount) as amount, count(*) as accounts from counted group by currency
    ),
    moved as materialized (
      select counted.currency, ${dayOf(today)} as day, sum(transactions.amount) as amount
      from counted
      join transactions on transactions.account_id = counted.id
        and transactions.currency = counted.currency
      where transactions.user_id = ${userId} and not transactions.pending
        and transactions.date > ${today}::date - ${days - 1}::int
      group by 1, 2
    ),
    days as (
      select worth.currency, worth.accounts, worth.amount, each.day::date as day
      from worth
      left join (select currency, min(day) as day from moved group by currency) as first
        on first.currency = worth.currency
      cross join generate_series(
        coalesce(first.day - 1, ${today}::date), ${today}::date, '1 day') as each (day)
    ),
    points as (
      select days.currency, days.accounts, days.day, days.amount + coalesce(sum(moved.amount) over (
          partition by days.currency order by days.day desc
          rows between unbounded preceding and 1 preceding
        ), 0) as amount
      from days left join moved on moved.currency = days.currency and moved.day = days.day
    )
    select currency,
      json_agg(json_build_object('date', day::text, 'amount', amount::text) order by day) as days
    from points group by currency, accounts order by accounts desc, currency`.execute(db);
  return rows;
}

/** The user's category takes precedence over the bank's. */
const category = sql`coalesce(c.category, transactions.category)`;

/** Plaid's primary categories of money that may only move between accounts. */
const transferCategories = sql`('TRANSFER_IN', 'TRANSFER_OUT', 'LOAN_PAYMENTS')`;

/**
 * `counted`: the transactions since `since` that brought money in or took it out. It begins a statement;
 * `contracts/insights.ts` says what counts.
 */
const ownFlow = (userId: string, today: string, since: RawBuilder<unknown>) => sql`moved as (
      select ${isDebt} as debt, transactions.currency, ${dayOf(today)} as day, transactions.amount,
        ${category} as category, ${category} in ${transferCategories} as transfer
      from accounts
      join transactions on transactions.account_id = accounts.id
      left join transaction_corrections as c
        on c.user_id = transactions.user_id and c.transaction_id = transactions.id
      where accounts.user_id = ${userId} and accounts.revoked_at is null
        and not accounts.is_hidden and transactions.user_id = ${userId} and not transactions.pending
        and transactions.currency is not null and transactions.date >= ${since} - 3
    ),
    paired as (
      select *, transfer and bool_or(amount > 0) over alike and bool_or(amount < 0) over alike as own
      from moved
      window alike as (
        partition by transfer, currency, abs(amount) order by day
        range between interval '3 days' preceding and interval '3 days' following
      )
    ),
    counted as (
      select * from paired
      where own is not true and (debt and amount < 0 and category = 'LOAN_PAYMENTS') is not true
    )`;

/**
 * Returns income and spending by currency and month, for at most `months` months up to that of `today`
 * (YYYY-MM-DD); `contracts/insights.ts` says what counts.
 */
export async function findCashFlow(
  db: Db,
  userId: string,
  today: string,
  months: number,
): Promise<CashFlowInCurrency[]> {
  const since: RawBuilder<unknown> = sql`(date_trunc('month', ${today}::date)
    - ${months - 1}::int * interval '1 month')::date`;
  const { rows } = await sql<CashFlowInCurrency>`
    with ${ownFlow(userId, today, since)},
    flow as (
      select currency, date_trunc('month', day)::date as month,
        sum(case when amount < 0 then -amount else 0 end) as came,
        sum(case when amount > 0 then amount else 0 end) as went
      from counted where day >= ${since} group by 1, 2
    ),
    listed as (
      select first.currency, first.accounts, each.month::date as month
      from (
        select flow.currency, min(flow.month) as month,
          (select count(*) from accounts
            where accounts.user_id = ${userId} and accounts.currency = flow.currency) as accounts
        from flow group by flow.currency
      ) as first
      cross join generate_series(first.month, ${today}::date, '1 month') as each (month)
    )
    select listed.currency, json_agg(json_build_object(
        'month', to_char(listed.month, 'YYYY-MM'),
        'in', coalesce(flow.came, 0)::text,
        'out', coalesce(flow.went, 0)::text
      ) order by listed.month) as months
    from listed
    left join flow on flow.currency = listed.currency and flow.month = listed.month
    group by listed.currency, listed.accounts
    order by listed.accounts desc, listed.currency`.execute(db);
  return rows;
}

/**
 * Returns income and spending by currency and category, in the month that begins on the day `first`
 * (YYYY-MM-DD).
 */
export async function findCategories(
  db: Db,
  userId: string,
  today: string,
  first: string,
): Promise<CategoriesOutput["currencies"]> {
  const since = sql`${first}::date`;
  const { rows } = await sql<CategoriesOutput["currencies"][number]>`
    with ${ownFlow(userId, today, since)},
    flow as (
      select currency, category, count(*)::int as count,
        sum(case when amount < 0 then -amount else 0 end) as came,
        sum(case when amount > 0 then amount else 0 end) as went
      from counted where day >= ${since} and day < ${since} + interval '1 month'
      group by 1, 2
    )
    select currency, json_agg(json_build_object('category', category, 'in', came::text,
        'out', went::text, 'count', count)
      order by greatest(came, went) desc, category) as categories
    from flow group by currency order by currency`.execute(db);
  return rows;
}
