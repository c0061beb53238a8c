/** Holdings and transactions of investment accounts, generated from the holder and the day. */
import { derivedId } from "../plaid/ids.ts";
import { Random } from "../random.ts";
import { addDays, dayNumber } from "./days.ts";
import type { BankAccount } from "./holders.ts";
import {
  cashSecurity,
  customSecurity,
  KNOWN_SECURITIES,
  knownSecurity,
  type Security,
} from "./securities.ts";

/** Plaid gives 24 months. */
const HISTORY_DAYS = 730;

interface Invested<T> {
  entries: T[];
  securities: Security[];
}

/** Holdings in Plaid's shape; for a generated account their values add up to its balance. */
export function holdingsOf(account_id: string, bank: BankAccount, today: string): Invested<object> {
  const given = bank.custom?.holdings;
  if (given) {
    const securities = given.map(({ security = {}, institution_price, institution_price_as_of }) =>
      customSecurity(security, bank.currency, institution_price, institution_price_as_of ?? null),
    );
    const entries = given.map((holding, index) => ({
      ...holdingView(account_id, securities[index], holding.currency ?? bank.currency),
      institution_price: holding.institution_price,
      institution_price_as_of: holding.institution_price_as_of ?? null,
      institution_value: cents(holding.institution_price * holding.quantity),
      cost_basis: holding.cost_basis ?? null,
      quantity: holding.quantity,
    }));
    return { entries, securities };
  }
  const random = new Random(bank.name, bank.mask ?? "", bank.numbers.account, "holdings");
  const total = Math.max(0, bank.current ?? 0);
  const chosen = KNOWN_SECURITIES.filter(() => random.chance(0.7));
  const each = cents((total * 0.95) / Math.max(1, chosen.length));
  const securities = chosen.map((known) => knownSecurity(known, bank.currency, today));
  const entries = chosen.map(({ price }, index) => {
    const quantity = Math.floor((each / price) * 1000) / 1000;
    return {
      ...holdingView(account_id, securities[index], bank.currency),
      institution_price: price,
      institution_price_as_of: today,
      institution_value: cents(price * quantity),
      cost_basis: cents(price * quantity * (0.7 + random.next() * 0.4)),
      quantity,
    };
  });
  const cash = cashSecurity(bank.currency, today);
  const left = cents(total - entries.reduce((sum, entry) => sum + entry.institution_value, 0));
  return {
    entries: [
      ...entries,
      {
        ...holdingView(account_id, cash, bank.currency),
        institution_price: 1,
        institution_price_as_of: today,
        institution_value: left,
        cost_basis: left,
        quantity: left,
      },
    ],
    securities: [...securities, cash],
  };
}

/** An investment transaction in Plaid's shape (schema `InvestmentTransaction`). */
export interface InvestmentTransaction {
  investment_transaction_id: string;
  account_id: string;
  date: string;
  [field: string]: unknown;
}

/** Investment transactions from `first` to `last`, at most 24 months before `today`; newest first. */
export function investmentTransactionsOf(
  account_id: string,
  bank: BankAccount,
  { first, last, today }: { first: string; last: string; today: string },
): Invested<InvestmentTransaction> {
  const earliest = addDays(today, -HISTORY_DAYS);
  const from = first > earliest ? first : earliest;
  const to = last < today ? last : today;
  const given = bank.custom?.investment_transactions;
  if (given) {
    const shown = given.filter(({ date }) => date >= first && date <= last);
    const securities = shown.map(({ security = {} }) =>
      customSecurity(security, bank.currency, null, null),
    );
    const entries = shown.map((entry, index) => ({
      ...transactionView(account_id, securities[index], entry.date, index),
      name: entry.name,
      quantity: entry.quantity,
      price: entry.price,
      amount: cents(entry.quantity * entry.price),
      fees: entry.fees ?? null,
      type: entry.type,
      subtype: SUBTYPES[entry.type] ?? "buy",
      iso_currency_code: entry.currency ?? bank.currency,
    }));
    return { entries: newestFirst(entries), securities };
  }
  const entries: InvestmentTransaction[] = [];
  const securities = new Map<string, Security>();
  for (let number = dayNumber(from); number <= dayNumber(to); number += 1) {
    const date = addDays("1970-01-01", number);
    for (const move of movesOn(bank, date)) {
      const security = knownSecurity(move.security, bank.currency, today);
      securities.set(security.security_id, security);
      entries.push({
        ...transactionView(account_id, security, date, entries.length),
        ...move.facts,
        investment_transaction_id: derivedId(account_id, "investment", date, move.facts.type),
        iso_currency_code: bank.currency,
      });
    }
  }
  return { entries: newestFirst(entries), securities: [...securities.values()] };
}

const SUBTYPES: Record<string, string> = {
  buy: "buy",
  sell: "sell",
  cancel: "adjustment",
  cash: "deposit",
  fee: "account fee",
  transfer: "transfer",
};

/** A purchase every month, a dividend every quarter, a fee every year. */
function movesOn(bank: BankAccount, date: string) {
  const [, month = 1, day] = date.split("-").map(Number);
  const random = new Random(bank.numbers.account, date, "investment");
  const security = random.pick(KNOWN_SECURITIES);
  const { name, price } = security;
  if (day === 5) {
    const quantity = random.integer(1, 9);
    const amount = cents(quantity * price);
    const facts = { name: `BUY ${name}`, quantity, amount, price, fees: 0, type: "buy" };
    return [{ security, facts: { ...facts, subtype: "buy" } }];
  }
  if (day === 20 && month % 3 === 0) {
    const amount = -random.money(4, 90);
    const facts = { name: `DIVIDEND ${name}`, quantity: 0, amount, price: 0, fees: 0 };
    return [{ security, facts: { ...facts, type: "cash", subtype: "dividend" } }];
  }
  if (day === 15 && month === 12) {
    const facts = { name: "ANNUAL ACCOUNT FEE", quantity: 0, amount: 25, price: 0, fees: 25 };
    return [{ security, facts: { ...facts, type: "fee", subtype: "account fee" } }];
  }
  return [];
}

function holdingView(account_id: string, security: Security | undefined, currency: string) {
  return {
    account_id,
    security_id: security?.security_id ?? "",
    institution_price_datetime: null,
    iso_currency_code: currency,
    unofficial_currency_code: null,
    vested_quantity: null,
    vested_value: null,
  };
}

function transactionView(
  account_id: string,
  security: Security | undefined,
  date: string,
  index: number,
): InvestmentTransaction {
  return {
    investment_transaction_id: derivedId(account_id, "investment", date, index),
    cancel_transaction_id: null,
    account_id,
    security_id: security?.security_id ?? null,
    date,
    transaction_datetime: null,
    unofficial_currency_code: null,
  };
}

function newestFirst(entries: InvestmentTransaction[]): InvestmentTransaction[] {
  return entries.toSorted((one, other) => (one.date < other.date ? 1 : -1));
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
