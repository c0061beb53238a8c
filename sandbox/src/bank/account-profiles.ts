/** Which accounts a holder has at which kind of bank. */
import type { AccountProfile } from "./institutions.ts";

/** A template of an account. Amounts are in the account's currency. */
export interface AccountTemplate {
  name: string;
  official_name: string | null;
  type: "depository" | "credit" | "loan" | "investment" | "other";
  subtype: string;
  /** Lowest and highest `current` balance; null when the bank does not say. */
  current: [number, number] | null;
  /** How far `available` is below `current`; null when the bank does not give it. */
  held: number | null;
  limit?: number;
  currency: string;
  /** Fixed last digits; null when the bank gives none; absent: drawn from the holder. */
  mask?: string | null;
}

function account(
  name: string,
  official_name: string | null,
  kind: `${AccountTemplate["type"]}/${string}`,
  current: [number, number] | null,
  extra: Partial<AccountTemplate> = {},
): AccountTemplate {
  const [type, subtype = ""] = kind.split("/") as [AccountTemplate["type"], string];
  return { name, official_name, type, subtype, current, held: null, currency: "USD", ...extra };
}

/** Plaid's `user_good`, as https://plaid.com/docs/sandbox/test-credentials/ shows it. */
const PLAID_ALL: AccountTemplate[] = [
  account(
    "Plaid Checking",
    "Plaid Gold Standard 0% Interest Checking",
    "depository/checking",
    [110, 110],
    { held: 10, mask: "0000" },
  ),
  account(
    "Plaid Saving",
    "Plaid Silver Standard 0.1% Interest Saving",
    "depository/savings",
    [210, 210],
    { held: 10, mask: "1111" },
  ),
  account("Plaid CD", "Plaid Bronze Standard 0.2% Interest CD", "depository/cd", [1000, 1000], {
    mask: "2222",
  }),
  account(
    "Plaid Credit Card",
    "Plaid Diamond 12.5% APR Interest Credit Card",
    "credit/credit card",
    [410, 410],
    { limit: 2000, mask: "3333" },
  ),
  account(
    "Plaid Money Market",
    "Plaid Platinum Standard 1.85% Interest Money Market",
    "depository/money market",
    [43200, 43200],
    { held: 0, mask: "4444" },
  ),
  account("Plaid IRA", null, "investment/ira", [320.76, 320.76], { mask: "5555" }),
  account("Plaid 401k", null, "investment/401k", [23631.98, 23631.98], { mask: "6666" }),
  account("Plaid Student Loan", null, "loan/student", [65262, 65262], { mask: "7777" }),
  account("Plaid Mortgage", null, "loan/mortgage", [56302.06, 56302.06], { mask: "8888" }),
  account("Plaid HSA", "Plaid Cares Health Savings Account", "depository/hsa", [6009, 6009], {
    held: 0,
    mask: "9001",
  }),
  account(
    "Plaid Cash Management",
    "Plaid Growth Cash Management",
    "depository/cash management",
    [12060, 12060],
    { held: 0, mask: "9002" },
  ),
  account(
    "Plaid Business Credit Card",
    "Plaid Platinum Small Business Credit Card",
    "credit/credit card",
    [5020, 5020],
    { limit: 10000, mask: "9999" },
  ),
];

export const ACCOUNT_PROFILES: Record<AccountProfile, AccountTemplate[]> = {
  plaid: PLAID_ALL.slice(0, 4),
  "plaid-all": PLAID_ALL,
  everyday: [
    account("Everyday Checking", "Everyday Checking Account", "depository/checking", [640, 8200], {
      held: 45,
    }),
    account("Rainy Day Savings", "High-Yield Savings", "depository/savings", [1500, 32000], {
      held: 0,
    }),
    account("Cash Back Card", "Cash Back Rewards Visa", "credit/credit card", [80, 2400], {
      limit: 8000,
    }),
  ],
  "credit-union": [
    account("Share Draft", "Member Share Draft Account", "depository/checking", [300, 5200], {
      held: 0,
    }),
    account("Primary Share", "Primary Share Savings", "depository/savings", [25, 14000], {
      held: 5,
    }),
    account("Auto Loan", "New Vehicle Loan 60", "loan/auto", [4200, 26000]),
  ],
  brokerage: [
    account(
      "Investor Checking",
      "High Yield Investor Checking",
      "depository/checking",
      [900, 12000],
      { held: 0 },
    ),
    account(
      "Individual Brokerage",
      "Individual Brokerage Account",
      "investment/brokerage",
      [8000, 240000],
    ),
    account("Roth IRA", "Roth Contributory IRA", "investment/roth", [5000, 90000]),
  ],
  transatlantic: [
    account("US Checking", "Transatlantic Dollar Checking", "depository/checking", [1200, 9000], {
      held: 0,
    }),
    account(
      "Euro Account",
      "Transatlantic Euro Current Account",
      "depository/checking",
      [400, 6000],
      { held: 0, currency: "EUR" },
    ),
    account(
      "Sterling Savings",
      "Transatlantic Sterling Savings",
      "depository/savings",
      [800, 15000],
      { held: 0, currency: "GBP" },
    ),
  ],
  canadian: [
    account("Chequing", "Everyday Chequing", "depository/checking", [500, 7000], {
      held: 20,
      currency: "CAD",
    }),
    account("TFSA", "Tax-Free Savings Account", "investment/tfsa", [2000, 40000], {
      currency: "CAD",
    }),
  ],
  british: [
    account("Current Account", "Kestrel Current Account", "depository/checking", [200, 4000], {
      held: 0,
      currency: "GBP",
    }),
    account("Cash ISA", "Kestrel Easy Access Cash ISA", "investment/cash isa", [1000, 20000], {
      currency: "GBP",
    }),
  ],
  single: [
    account("Lighthouse Saver", "Lighthouse Online Savings", "depository/savings", [50, 18000], {
      held: 0,
    }),
  ],
  "edge-cases": [
    account("Checking, no mask", null, "depository/checking", [100, 900], { held: 0, mask: null }),
    account(
      "Balances not shown",
      "An account whose balances the bank keeps to itself",
      "depository/savings",
      null,
    ),
    account(
      "The Joint and Several Household, Garden and Holiday Expenses Account of the Extended Family (Second Series)",
      "The Joint and Several Household, Garden and Holiday Expenses Account of the Extended Family, Second Series, with Optional Overdraft",
      "depository/checking",
      [10, 90],
      { held: 0 },
    ),
    account(
      "Épargne 貯金 💶",
      "Compte d’épargne ‘spécial’ <b>&amp;</b>",
      "depository/savings",
      [-20, -5],
      { held: 0 },
    ),
    account("Empty Account", null, "depository/checking", [0, 0], { held: 0 }),
  ],
  business: [
    account("Operating", "Business Operating Account", "depository/checking", [20000, 180000], {
      held: 1200,
    }),
    account("Payroll", "Business Payroll Account", "depository/checking", [8000, 60000], {
      held: 0,
    }),
    account("Tax Reserve", "Business Savings: Tax Reserve", "depository/savings", [5000, 90000], {
      held: 0,
    }),
    account("Petty Cash", "Business Cash Management", "depository/cash management", [100, 900], {
      held: 0,
    }),
    account("Euro Receivables", "Foreign Currency Account", "depository/checking", [500, 22000], {
      held: 0,
      currency: "EUR",
    }),
    account("Corporate Card", "Corporate Card", "credit/credit card", [1200, 9000], {
      limit: 25000,
    }),
    account("Travel Card", "Corporate Travel Card", "credit/credit card", [200, 4000], {
      limit: 15000,
    }),
    account("Fuel Card", "Fleet Fuel Card", "credit/credit card", [50, 900], { limit: 5000 }),
    account("Equipment Loan", "Equipment Term Loan", "loan/business", [12000, 80000]),
    account("Line of Credit", "Revolving Line of Credit", "loan/line of credit", [0, 30000]),
    account(
      "Merchant Reserve",
      "Merchant Services Reserve",
      "depository/money market",
      [2000, 9000],
      { held: 0 },
    ),
    account("Owner's Draw", "Business Checking II", "depository/checking", [900, 14000], {
      held: 0,
    }),
  ],
  investments: [
    account("Brokerage", "Meridian Individual Brokerage", "investment/brokerage", [9000, 180000]),
    account("Roth IRA", "Meridian Roth IRA", "investment/roth", [4000, 70000]),
    account("401(k)", "Meridian Retirement Savings Plan", "investment/401k", [12000, 260000]),
  ],
  "student-loans": [
    account("Direct Subsidized Loan", "Federal Direct Subsidized", "loan/student", [4000, 23000]),
    account("Direct PLUS Loan", "Federal Direct PLUS", "loan/student", [9000, 61000]),
  ],
  mortgages: [
    account("Home Mortgage", "30-Year Fixed Mortgage", "loan/mortgage", [120000, 480000]),
    account("Home Equity Line", "Home Equity Line of Credit", "loan/home equity", [0, 40000]),
  ],
  sixty: Array.from({ length: 60 }, (_unused, index) =>
    account(
      `Door ${String(index + 1).padStart(2, "0")}`,
      null,
      index % 3 === 2 ? "depository/savings" : "depository/checking",
      [10, 9000],
      { held: 0 },
    ),
  ),
};
