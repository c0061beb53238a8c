/**
 * What happens on an account on a day: a pure function of seed, holder, account and day, so that
 * two Items of one holder show the same history and a later day continues it.
 */
import { Random } from "../random.ts";
import type { BankAccount } from "./holders.ts";
import {
  CARD_PAYMENT,
  GROCERS,
  INTEREST,
  LOAN_PAYMENT,
  type Merchant,
  RENT,
  SALARY,
  SMALL_PURCHASES,
  SUBSCRIPTIONS,
  TRANSFER_IN,
  TRANSFER_OUT,
} from "./merchants.ts";

const DAY_MS = 86_400_000;

/** What the purchases of a month, below, come to by and large: subscriptions, groceries, small ones. */
const PURCHASES = 1_090;

/** A movement before it belongs to an Item. Positive amounts leave the account, as at Plaid. */
export interface Movement {
  /** `YYYY-MM-DD`. */
  day: string;
  amount: number;
  merchant: Merchant | null;
  description: string;
  /** Bought with a card: pending at first. */
  card: boolean;
  refund: boolean;
}

/** Days since 1970-01-01. */
export function dayNumber(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

/** `YYYY-MM-DD`, `count` days after `day`. */
export function addDays(day: string, count: number): string {
  return new Date((dayNumber(day) + count) * DAY_MS).toISOString().slice(0, 10);
}

/** The movements of one account on one day. */
export function movementsOn(
  key: readonly (string | number)[],
  account: BankAccount,
  day: string,
): Movement[] {
  const random = new Random(...key, day);
  const constants = new Random(...key, "constants");
  const number = dayNumber(day);
  const dayOfMonth = Number(day.slice(8));
  const movements: Movement[] = [];
  const add = (merchant: Merchant, amount: number, kind: "card" | "refund" | "plain" = "plain") =>
    movements.push({
      day,
      amount: Math.round(amount * 100) / 100,
      merchant,
      description: merchant.statement,
      card: kind === "card",
      refund: kind === "refund",
    });

  const saved = constants.money(0, 90);
  const rent = constants.money(900, 2100);
  // What somebody earns in two weeks who spends nearly all of it.
  const salary = ((rent + PURCHASES + saved) * 12) / 26;
  const payday = constants.integer(0, 13);

  if (isSpending(account)) {
    if (account.type === "depository") {
      if (number % 14 === payday) add(SALARY, -salary);
      if (dayOfMonth === 1) add(RENT, rent);
      if (dayOfMonth === 6) add(TRANSFER_OUT, 250);
    } else if (dayOfMonth === 24) {
      add(CARD_PAYMENT, -random.money(PURCHASES - 150, PURCHASES + 150));
    }
    for (const subscription of SUBSCRIPTIONS) {
      if (subscription.day === dayOfMonth) add(subscription.merchant, subscription.amount, "card");
    }
    if (number % 4 === payday % 4) add(random.pick(GROCERS), random.money(18, 140), "card");
    if (random.chance(0.4)) add(random.pick(SMALL_PURCHASES), random.money(3, 58), "card");
    // A quarter's refund, so that every history holds one.
    if (number % 90 === payday) add(random.pick(SMALL_PURCHASES), -random.money(8, 45), "refund");
  } else if (account.type === "depository") {
    if (dayOfMonth === 6) add(TRANSFER_IN, -250);
    if (dayOfMonth === 28) add(INTEREST, -random.money(0.4, 22));
  } else if (account.type === "loan" && dayOfMonth === 15) {
    add(LOAN_PAYMENT, -constants.money(120, 700));
  }
  return movements;
}

/** Whether people pay from this account. */
export function isSpending(account: BankAccount): boolean {
  return (
    account.type === "credit" || (account.type === "depository" && account.subtype === "checking")
  );
}
