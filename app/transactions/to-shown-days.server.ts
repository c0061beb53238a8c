import type { Account } from "../../server/contracts/accounts.ts";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { negated } from "./filter.ts";
import { words } from "./words.ts";

/** A day and its transactions, formatted on the server rather than in the browser. */
export interface ShownDay {
  /** Identifies the day: "2026-01-31". */
  date: string;
  /** "Saturday, January 31, 2026". */
  name: string;
  rows: ShownTransaction[];
}

/** One transaction with its formatted texts. */
export interface ShownTransaction {
  id: string;
  name: string;
  fullName: string;
  /** Its category and its account, separated by a dot. */
  about: string;
  /** Plaid's primary category, or the user's correction of it. */
  category: string | null;
  account: string | null;
  corrected: boolean;
  pending: boolean;
  incoming: boolean;
  /** With its sign: "+$12.00", "-$4.50". */
  amount: string;
}

/** Groups a page of transactions by day, and keeps their order. */
export function toShownDays(transactions: Transaction[], accounts: Account[]): ShownDay[] {
  const accountById = new Map(accounts.map((account) => [account.id, account]));
  const days = new Map<string, ShownTransaction[]>();
  for (const transaction of transactions) {
    const row = toShownTransaction(transaction, accountById.get(transaction.accountId));
    days.set(transaction.date, [...(days.get(transaction.date) ?? []), row]);
  }
  return [...days].map(([date, rows]) => ({
    date,
    name: day.format(new Date(`${date}T00:00:00Z`)),
    rows,
  }));
}

/** A calendar day at the bank: the same in every time zone. */
const day = new Intl.DateTimeFormat(text.locale, { dateStyle: "full", timeZone: "UTC" });

function toShownTransaction(transaction: Transaction, account?: Account): ShownTransaction {
  const { id, amount, currency, name, merchant, category, corrected, pending } = transaction;
  const shown = negated(amount);
  const incoming = !shown.startsWith("-");
  const from = account
    ? `${account.name}${account.mask ? ` ${text.account.mask(account.mask)}` : ""}`
    : null;
  const about = [category ? (words.categories[category] ?? category) : null, from].filter(Boolean);
  return {
    id,
    name: merchant ?? name,
    fullName: name,
    about: about.join(" · "),
    category,
    account: from,
    corrected,
    pending,
    incoming,
    amount: `${incoming ? "+" : ""}${formatMoney(shown, currency)}`,
  };
}
