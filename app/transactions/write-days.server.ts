import type { Account } from "../../server/contracts/accounts.ts";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { negated } from "./filter.ts";
import { words } from "./words.ts";

/** A day and what happened on it, as the page shows it: written out here, and not in the browser. */
export interface ShownDay {
  /** Ours to tell days apart: "2026-01-31". */
  date: string;
  /** "Saturday, January 31, 2026". */
  name: string;
  rows: ShownTransaction[];
}

/** One transaction, each part of it as a person reads it. */
export interface ShownTransaction {
  id: string;
  name: string;
  fullName: string;
  /** Its category and its account, with a dot between them. */
  about: string;
  /** Plaid's primary category, as corrected. */
  category: string | null;
  account: string | null;
  corrected: boolean;
  pending: boolean;
  incoming: boolean;
  /** With its sign: "+$12.00", "-$4.50". */
  amount: string;
}

/** A page of transactions under the days they are of, in the order in which they came. */
export function writeDays(transactions: Transaction[], accounts: Account[]): ShownDay[] {
  const accountById = new Map(accounts.map((account) => [account.id, account]));
  const days = new Map<string, ShownTransaction[]>();
  for (const transaction of transactions) {
    const row = writeTransaction(transaction, accountById.get(transaction.accountId));
    days.set(transaction.date, [...(days.get(transaction.date) ?? []), row]);
  }
  return [...days].map(([date, rows]) => ({
    date,
    name: day.format(new Date(`${date}T00:00:00Z`)),
    rows,
  }));
}

/** A calendar day at the bank: the same everywhere, whatever the reader's time zone. */
const day = new Intl.DateTimeFormat(text.locale, { dateStyle: "full", timeZone: "UTC" });

function writeTransaction(transaction: Transaction, account?: Account): ShownTransaction {
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
