/** Cards, student loans and mortgages in Plaid's shapes, generated from the holder. */
import { Random } from "../random.ts";
import { addDays } from "./days.ts";
import type { BankAccount } from "./holders.ts";

const NOWHERE = { city: null, country: null, postal_code: null, region: null, street: null };

/** Schema `CreditCardLiability`. */
export function creditLiability(account_id: string, bank: BankAccount, today: string): object {
  const random = new Random(bank.numbers.account, "credit");
  const custom = bank.custom?.liability ?? {};
  const balance = bank.current ?? 0;
  const apr = (apr_type: string, apr_percentage: number) => ({
    apr_percentage,
    apr_type,
    balance_subject_to_apr: apr_type === "purchase_apr" ? balance : 0,
    interest_charge_amount:
      apr_type === "purchase_apr" ? cents((balance * apr_percentage) / 1200) : 0,
  });
  return {
    account_id,
    aprs: [
      apr("purchase_apr", custom.purchase_apr ?? 12.5),
      apr("cash_apr", custom.cash_apr ?? 21.49),
      apr("balance_transfer_apr", custom.balance_transfer_apr ?? 15.24),
      ...(custom.special_apr === undefined ? [] : [apr("special", custom.special_apr)]),
    ],
    is_overdue: custom.is_overdue ?? false,
    last_payment_amount: custom.last_payment_amount ?? random.money(40, 400),
    last_payment_date: monthDay(today, 24, -1),
    last_statement_issue_date: monthDay(today, 2, 0),
    last_statement_balance: cents(balance * 0.9),
    minimum_payment_amount: custom.minimum_payment_amount ?? 20,
    next_payment_due_date: monthDay(today, 24, 1),
  };
}

/** Schema `StudentLoan`. */
export function studentLoan(account_id: string, bank: BankAccount, today: string): object {
  const random = new Random(bank.numbers.account, "student");
  const custom = bank.custom?.liability ?? {};
  const balance = bank.current ?? custom.principal ?? 0;
  const origination_date = custom.origination_date ?? addDays(today, -6 * 365);
  const months =
    (custom.repayment_model?.non_repayment_months ?? 6) +
    (custom.repayment_model?.repayment_months ?? 120);
  return {
    account_id,
    account_number: bank.numbers.account,
    disbursement_dates: [origination_date],
    expected_payoff_date: custom.expected_payoff_date ?? addDays(origination_date, months * 30),
    guarantor: custom.guarantor ?? "DEPT OF ED",
    interest_rate_percentage: custom.nominal_apr ?? random.money(3, 7),
    is_overdue: custom.is_overdue ?? false,
    last_payment_amount: custom.last_payment_amount ?? random.money(80, 420),
    last_payment_date: monthDay(today, 15, -1),
    last_statement_balance: balance,
    last_statement_issue_date: monthDay(today, 1, 0),
    loan_name: custom.loan_name ?? bank.name,
    loan_status: {
      end_date: custom.loan_status?.end_date ?? null,
      type: custom.loan_status?.type ?? "repayment",
    },
    minimum_payment_amount: custom.minimum_payment_amount ?? 25,
    next_payment_due_date: monthDay(today, 15, 1),
    origination_date,
    origination_principal_amount: custom.principal ?? cents(balance * 1.4),
    outstanding_interest_amount: cents(balance * 0.01),
    payment_reference_number: custom.payment_reference_number ?? bank.numbers.account.slice(0, 10),
    pslf_status: {
      estimated_eligibility_date: custom.pslf_status?.estimated_eligibility_date ?? null,
      payments_made: custom.pslf_status?.payments_made ?? null,
      payments_remaining: custom.pslf_status?.payments_remaining ?? null,
    },
    repayment_plan: {
      description: custom.repayment_plan_description ?? "Standard Repayment",
      type: custom.repayment_plan_type ?? "standard",
    },
    sequence_number: custom.sequence_number ?? "1",
    servicer_address: { ...NOWHERE, ...custom.servicer_address?.data },
    ytd_interest_paid: random.money(40, 400),
    ytd_principal_paid: random.money(200, 2000),
  };
}

/** Schema `MortgageLiability`. */
export function mortgage(account_id: string, bank: BankAccount, today: string): object {
  const random = new Random(bank.numbers.account, "mortgage");
  const origination_date = addDays(today, -random.integer(400, 4000));
  const payment = random.money(900, 3200);
  return {
    account_id,
    account_number: bank.numbers.account,
    current_late_fee: 0,
    escrow_balance: random.money(800, 4000),
    has_pmi: random.chance(0.3),
    has_prepayment_penalty: false,
    interest_rate: { percentage: random.money(2, 7), type: "fixed" },
    last_payment_amount: payment,
    last_payment_date: monthDay(today, 1, 0),
    loan_type_description: "conventional",
    loan_term: "30 year",
    maturity_date: addDays(origination_date, 30 * 365),
    next_monthly_payment: payment,
    next_payment_due_date: monthDay(today, 1, 1),
    origination_date,
    origination_principal_amount: cents((bank.current ?? 0) * 1.2),
    past_due_amount: 0,
    property_address: {
      city: "San Matias",
      country: "US",
      postal_code: "93405",
      region: "CA",
      street: `${random.integer(10, 4999)} Orchard Street`,
    },
    ytd_interest_paid: random.money(1000, 12000),
    ytd_principal_paid: random.money(1000, 12000),
  };
}

/** A day of the month, a number of months from today. */
function monthDay(today: string, day: number, months: number): string {
  const [year = 1970, month = 1] = today.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + months, day)).toISOString().slice(0, 10);
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
