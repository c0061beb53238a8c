/**
 * What happens on an account on a day: a pure function of seed, holder, account and day, so that
 * two Items of one holder show the same history and a later day continues it.
 */
import { Random } from "../random.ts";
import { dayNumber, isDayOfMonth } from "./days.ts";
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

/** The approximate sum of a month's purchases below: subscriptions, groceries, small ones. */
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

  addInflow(account, day, movements);
  // A custom user's account has only the listed transactions and its inflow.
  if (account.transactions !== null) return movements;

  const { spending, income, extra } = account.persona;
  const saved = constants.money(0, 90);
  const rent = constants.money(900, 2100) * spending;
  // Two weeks' income of a user who spends nearly all of it.
  const salary = (((rent + PURCHASES * spending + saved) * 12) / 26) * income;
  const payday = constants.integer(0, 13);

  if (isSpending(account)) {
    if (account.type === "depository") {
      if (number % 14 === payday && account.custom?.inflow_model === undefined) {
        add(SALARY, -salary);
      }
      if (dayOfMonth === 1) add(RENT, rent);
      if (dayOfMonth === 6) add(TRANSFER_OUT, 250);
    } else if (dayOfMonth === 24) {
      add(CARD_PAYMENT, -random.money(PURCHASES - 150, PURCHASES + 150) * spending);
    }
    for (const subscription of SUBSCRIPTIONS) {
      if (subscription.day === dayOfMonth) add(subscription.merchant, subscription.amount, "card");
    }
    if (number % 4 === payday % 4)
      add(random.pick(GROCERS), random.money(18, 140) * spending, "card");
    if (random.chance(0.4)) {
      add(random.pick(SMALL_PURCHASES), random.money(3, 58) * spending, "card");
    }
    // One refund a quarter, so that every history has one.
    if (number % 90 === payday) add(random.pick(SMALL_PURCHASES), -random.money(8, 45), "refund");
    for (const { every, merchant, low, high } of extra) {
      if (number % every !== payday % every) continue;
      const amount = random.money(Math.abs(low), Math.abs(high));
      add(merchant, low < 0 ? -amount : amount);
    }
  } else if (account.type === "depository") {
    if (dayOfMonth === 6) add(TRANSFER_IN, -250);
    if (dayOfMonth === 28) add(INTEREST, -random.money(0.4, 22));
  } else if (account.type === "loan" && dayOfMonth === 15) {
    add(LOAN_PAYMENT, -constants.money(120, 700));
  }
  return movements;
}

/** The income or payment of a custom user's `inflow_model`. */
function addInflow(account: BankAccount, day: string, movements: Movement[]): void {
  const model = account.custom?.inflow_model;
  if (!model || !isDayOfMonth(day, model.payment_day_of_month ?? "last")) return;
  const owed = Math.abs(account.current ?? 0);
  const apr =
    account.custom?.liability?.purchase_apr ?? account.custom?.liability?.nominal_apr ?? 0;
  const amount = {
    none: 0,
    "monthly-income": model.income_amount ?? 0,
    "monthly-balance-payment": owed,
    "monthly-interest-only-payment": (owed * apr) / 1200,
  }[model.type ?? "none"];
  if (amount === 0) return;
  movements.push({
    day,
    amount: -Math.round(amount * 100) / 100,
    merchant: null,
    description: model.transaction_name ?? "Payment",
    card: false,
    refund: false,
  });
}

/** Whether users pay from this account. */
export function isSpending(account: BankAccount): boolean {
  return (
    account.type === "credit" || (account.type === "depository" && account.subtype === "checking")
  );
}
