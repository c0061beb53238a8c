/** Finds recurring streams among transactions: the same name, at regular times. */
import { derivedId } from "../plaid/ids.ts";
import { addDays, dayNumber } from "./days.ts";
import type { Transaction } from "./transaction-shape.ts";

/** Days between two payments, and the tolerance. */
const FREQUENCIES = [
  { frequency: "WEEKLY", days: 7, off: 1 },
  { frequency: "BIWEEKLY", days: 14, off: 1 },
  { frequency: "MONTHLY", days: 30, off: 3 },
  { frequency: "ANNUALLY", days: 365, off: 4 },
];
const LEAST = 3;

/** Streams in Plaid's shape (schema `TransactionStream`), money in and money out. */
export function recurringStreams(
  transactions: Iterable<Transaction>,
  today: string,
): { inflow_streams: object[]; outflow_streams: object[] } {
  const groups = new Map<string, Transaction[]>();
  for (const transaction of transactions) {
    const { account_id, name, amount, pending } = transaction;
    if (pending || amount === 0) continue;
    const key = [account_id, name, amount > 0].join("\u0000");
    const group = groups.get(key);
    if (group) group.push(transaction);
    else groups.set(key, [transaction]);
  }
  const inflow_streams: object[] = [];
  const outflow_streams: object[] = [];
  for (const group of groups.values()) {
    const sorted = group.toSorted((one, other) => (one.date < other.date ? -1 : 1));
    const regular = regularity(sorted);
    if (!regular) continue;
    const stream = streamOf(sorted, regular, today);
    ((sorted[0]?.amount ?? 0) < 0 ? inflow_streams : outflow_streams).push(stream);
  }
  return { inflow_streams, outflow_streams };
}

function regularity(sorted: Transaction[]) {
  if (sorted.length < LEAST) return undefined;
  const gaps = sorted
    .slice(1)
    .map(({ date }, index) => dayNumber(date) - dayNumber(sorted[index]?.date ?? date));
  return FREQUENCIES.find(({ days, off }) => gaps.every((gap) => Math.abs(gap - days) <= off));
}

function streamOf(
  sorted: Transaction[],
  { frequency, days }: { frequency: string; days: number },
  today: string,
) {
  const [first, last] = [sorted[0] as Transaction, sorted.at(-1) as Transaction];
  const is_active = dayNumber(today) - dayNumber(last.date) <= days * 1.5;
  const money = (amount: number) => ({
    amount: Math.round(amount * 100) / 100,
    iso_currency_code: last.iso_currency_code,
    unofficial_currency_code: null,
  });
  return {
    account_id: last.account_id,
    stream_id: derivedId(last.account_id, last.name, frequency),
    category: null,
    category_id: null,
    description: last.name,
    merchant_name: last.merchant_name,
    first_date: first.date,
    last_date: last.date,
    predicted_next_date: is_active ? addDays(last.date, days) : null,
    frequency,
    transaction_ids: sorted.map(({ transaction_id }) => transaction_id),
    average_amount: money(sorted.reduce((sum, { amount }) => sum + amount, 0) / sorted.length),
    last_amount: money(last.amount),
    is_active,
    status: is_active ? "MATURE" : "TOMBSTONED",
    personal_finance_category: last.personal_finance_category,
    is_user_modified: false,
  };
}
