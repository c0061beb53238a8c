/** Plaid's test users who have their own income and spending (https://plaid.com/docs/sandbox/test-credentials/). */
import type { AccountTemplate } from "./account-profiles.ts";
import { type Merchant, merchant } from "./merchants.ts";

export interface Persona {
  /** The user's spending and income, as a share of the default. */
  spending: number;
  income: number;
  /** Other transactions, every so many days: from `low` to `high`; negative amounts are money in. */
  extra: readonly { every: number; merchant: Merchant; low: number; high: number }[];
  /** The user's accounts at every bank; null takes the bank's. */
  accounts: AccountTemplate[] | null;
  /** How many owners the accounts have. */
  owners: number;
}

const ANYBODY: Persona = { spending: 1, income: 1, extra: [], accounts: null, owners: 1 };

const ADVANCE = merchant(
  "Payday Now",
  "PAYDAY NOW ADVANCE",
  "other",
  "TRANSFER_IN",
  "CASH_ADVANCES_AND_LOANS",
);
const REPAID = merchant(
  "Payday Now",
  "PAYDAY NOW REPAYMENT",
  "other",
  "LOAN_PAYMENTS",
  "OTHER_PAYMENT",
);
const OVERDRAFT = merchant(
  "Overdraft",
  "OVERDRAFT ITEM FEE",
  "other",
  "BANK_FEES",
  "OVERDRAFT_FEES",
);
const RESTAURANT = merchant(
  "Maison Verte",
  "MAISON VERTE",
  "in store",
  "FOOD_AND_DRINK",
  "RESTAURANT",
);
const FLIGHTS = merchant("Skylark Air", "SKYLARK AIR 0142", "online", "TRAVEL", "FLIGHTS");
const CARD_SALES = merchant(
  "Card sales",
  "MERCHANT DEPOSIT CARD SALES",
  "other",
  "INCOME",
  "OTHER_INCOME",
);
const SUPPLIES = merchant(
  "Depot & Sons",
  "DEPOT AND SONS SUPPLY",
  "online",
  "GENERAL_SERVICES",
  "OTHER_GENERAL_SERVICES",
);
const WAGES = merchant(
  "Payroll",
  "PAYROLL RUN",
  "other",
  "GENERAL_SERVICES",
  "ACCOUNTING_AND_FINANCIAL_PLANNING",
);

const BONUS = merchant("Northwind Payroll", "NORTHWIND BONUS", "other", "INCOME", "WAGES");
const SECOND_SALARY = merchant(
  "Harbor Clinic",
  "HARBOR CLINIC PAYROLL",
  "other",
  "INCOME",
  "WAGES",
);
const GIG = merchant("Courier Loop", "COURIER LOOP PAYOUT", "other", "INCOME", "OTHER_INCOME");
const TASKS = merchant("Task River", "TASK RIVER PAYOUT", "other", "INCOME", "OTHER_INCOME");
const RENTAL = merchant("Rental income", "RENT FROM TENANT", "other", "INCOME", "OTHER_INCOME");
const BENEFIT = merchant("State benefits", "STATE UI BENEFIT", "other", "INCOME", "UNEMPLOYMENT");
const DIVIDEND = merchant("Dividends", "DIVIDEND PAYMENT", "other", "INCOME", "DIVIDENDS");

const everySoOften = (every: number, merchant: Merchant, amount: number) => ({
  every,
  merchant,
  low: -amount,
  high: -amount,
});

/** The test users of Credit and Income: one checking account each, with different income. */
function creditUser(
  spending: number,
  income: number,
  extra: Persona["extra"],
  current: [number, number],
): Persona {
  const accounts = [account("Plaid Credit Checking", "depository/checking", current)];
  return { ...ANYBODY, spending, income, extra, accounts };
}

function account(
  name: string,
  kind: "depository/checking" | "depository/savings" | "credit/credit card",
  current: [number, number],
  limit?: number,
): AccountTemplate {
  const [type, subtype = ""] = kind.split("/") as [AccountTemplate["type"], string];
  const held = type === "depository" ? 0 : null;
  const extra = limit === undefined ? {} : { limit };
  return { name, official_name: null, type, subtype, current, held, currency: "USD", ...extra };
}

const PERSONAS: Record<string, Persona> = {
  // Earned-wage access: little money, advances on the next paycheck, overdraft fees.
  user_ewa_user: {
    ...ANYBODY,
    spending: 0.5,
    income: 0.8,
    extra: [
      { every: 7, merchant: ADVANCE, low: -40, high: -100 },
      { every: 14, merchant: REPAID, low: 80, high: 210 },
      { every: 30, merchant: OVERDRAFT, low: 35, high: 35 },
    ],
    accounts: [account("Everyday Checking", "depository/checking", [-60, 240])],
  },
  user_yuppie: {
    ...ANYBODY,
    spending: 2.4,
    income: 1.3,
    extra: [
      { every: 3, merchant: RESTAURANT, low: 38, high: 210 },
      { every: 45, merchant: FLIGHTS, low: 180, high: 1400 },
    ],
    accounts: [
      account("Premier Checking", "depository/checking", [9_000, 26_000]),
      account("Premier Savings", "depository/savings", [30_000, 120_000]),
      account("Travel Rewards Card", "credit/credit card", [1_500, 9_000], 30_000),
    ],
  },
  user_small_business: {
    ...ANYBODY,
    spending: 1,
    income: 1,
    extra: [
      { every: 1, merchant: CARD_SALES, low: -180, high: -1900 },
      { every: 5, merchant: SUPPLIES, low: 90, high: 2200 },
      { every: 14, merchant: WAGES, low: 3_800, high: 5_200 },
    ],
    accounts: [
      account("Business Checking", "depository/checking", [18_000, 74_000]),
      account("Business Savings", "depository/savings", [10_000, 60_000]),
      account("Business Card", "credit/credit card", [900, 7_000], 20_000),
    ],
  },
  user_transactions_dynamic: ANYBODY,
  user_bank_income: creditUser(
    1,
    1,
    [
      { every: 7, merchant: GIG, low: -60, high: -240 },
      everySoOften(30, RENTAL, 1_450),
      everySoOften(14, BENEFIT, 310),
      everySoOften(90, DIVIDEND, 84.5),
    ],
    [2_000, 9_000],
  ),
  user_credit_bonus: creditUser(1, 1, [everySoOften(90, BONUS, 2_500)], [3_000, 8_000]),
  user_credit_joint_account: {
    ...creditUser(1.2, 1, [everySoOften(14, SECOND_SALARY, 2_140)], [5_000, 14_000]),
    owners: 2,
  },
  // Spends more than they earn, with a different income every two weeks.
  user_credit_profile_poor: creditUser(
    0.9,
    0.3,
    [{ every: 9, merchant: GIG, low: -20, high: -160 }],
    [-320, 180],
  ),
  user_credit_profile_good: creditUser(
    0.8,
    0.33,
    [
      { every: 3, merchant: GIG, low: -70, high: -210 },
      { every: 5, merchant: TASKS, low: -20, high: -60 },
    ],
    [900, 2_600],
  ),
  user_credit_profile_excellent: creditUser(
    1,
    2.2,
    [everySoOften(30, RENTAL, 2_300)],
    [18_000, 60_000],
  ),
};

/** Whether this is a test user of Plaid's who logs in with any password. */
export function takesAnyPassword(username: string): boolean {
  return Object.hasOwn(PERSONAS, username);
}

/** The persona of this username. */
export function personaOf(username: string): Persona {
  return Object.hasOwn(PERSONAS, username) ? (PERSONAS[username] ?? ANYBODY) : ANYBODY;
}
