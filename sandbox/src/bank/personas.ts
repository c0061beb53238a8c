/** Plaid's test users with lives of their own (https://plaid.com/docs/sandbox/test-credentials/). */
import type { AccountTemplate } from "./account-profiles.ts";
import { type Merchant, merchant } from "./merchants.ts";

export interface Persona {
  /** What the user spends, and earns, as a share of what others do. */
  spending: number;
  income: number;
  /** What else moves, every so many days: from `low` to `high`; negative amounts come in. */
  extra: readonly { every: number; merchant: Merchant; low: number; high: number }[];
  /** The user's accounts, whatever the bank; null: those of the bank. */
  accounts: AccountTemplate[] | null;
}

const ANYBODY: Persona = { spending: 1, income: 1, extra: [], accounts: null };

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
};

/** Whether this is a test user of Plaid's who logs in with any password. */
export function takesAnyPassword(username: string): boolean {
  return Object.hasOwn(PERSONAS, username);
}

/** How the user of this name lives. */
export function personaOf(username: string): Persona {
  return Object.hasOwn(PERSONAS, username) ? (PERSONAS[username] ?? ANYBODY) : ANYBODY;
}
