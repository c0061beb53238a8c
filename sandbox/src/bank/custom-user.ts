/**
 * Plaid's custom Sandbox users: username `user_custom`, and the configuration as the password
 * (https://plaid.com/docs/sandbox/user-custom/).
 */
import type { ValidateFunction } from "ajv";
import { plaidAjv, readOpenApiDocument } from "../plaid/openapi-schemas.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { AccountTemplate } from "./account-profiles.ts";
import { CUSTOM_USER_SCHEMA } from "./custom-user-schema.ts";
import { addDays, dayNumber } from "./days.ts";

export interface CustomTransaction {
  date_transacted: string;
  date_posted: string;
  amount: number;
  description: string;
  currency?: string;
}

export interface CustomSecurity {
  isin?: string;
  cusip?: string;
  sedol?: string;
  name?: string;
  ticker_symbol?: string;
  currency?: string;
}

export interface CustomHolding {
  institution_price: number;
  institution_price_as_of?: string;
  cost_basis?: number;
  quantity: number;
  currency?: string;
  security?: CustomSecurity;
}

export interface CustomInvestmentTransaction {
  date: string;
  name: string;
  quantity: number;
  price: number;
  fees?: number;
  type: string;
  currency?: string;
  security?: CustomSecurity;
}

interface CustomAddress {
  data: Partial<Record<"city" | "region" | "street" | "postal_code" | "country", string>>;
  primary?: boolean;
}

export interface CustomIdentity {
  names?: string[];
  phone_numbers?: { data: string; primary?: boolean; type?: string }[];
  emails?: { data: string; primary?: boolean; type?: string }[];
  addresses?: CustomAddress[];
}

/** Fields of `LiabilityOverride` in Plaid's SDK. */
export interface CustomLiability {
  type?: "credit" | "student";
  purchase_apr?: number;
  cash_apr?: number;
  balance_transfer_apr?: number;
  special_apr?: number;
  last_payment_amount?: number;
  minimum_payment_amount?: number;
  is_overdue?: boolean;
  origination_date?: string;
  principal?: number;
  nominal_apr?: number;
  repayment_model?: { type?: string; non_repayment_months?: number; repayment_months?: number };
  expected_payoff_date?: string;
  guarantor?: string;
  loan_name?: string;
  loan_status?: { end_date?: string; type?: string };
  payment_reference_number?: string;
  pslf_status?: {
    estimated_eligibility_date?: string;
    payments_made?: number;
    payments_remaining?: number;
  };
  repayment_plan_description?: string;
  repayment_plan_type?: string;
  sequence_number?: string;
  servicer_address?: Partial<CustomAddress>;
}

export interface InflowModel {
  type?: "none" | "monthly-income" | "monthly-balance-payment" | "monthly-interest-only-payment";
  income_amount?: number;
  payment_day_of_month?: number | string;
  transaction_name?: string;
}

export interface CustomAccount {
  type?: AccountTemplate["type"];
  subtype?: string;
  starting_balance?: number;
  force_available_balance?: number;
  has_null_available_balance?: boolean;
  currency?: string;
  meta?: { name?: string; official_name?: string; mask?: string; limit?: number };
  numbers?: {
    account?: string;
    ach_routing?: string;
    ach_wire_routing?: string;
    eft_institution?: string;
    eft_branch?: string;
    international_bic?: string;
    international_iban?: string;
    bacs_sort_code?: string;
  };
  transactions?: CustomTransaction[];
  holdings?: CustomHolding[];
  investment_transactions?: CustomInvestmentTransaction[];
  identity?: CustomIdentity;
  liability?: CustomLiability;
  inflow_model?: InflowModel;
}

export interface CustomUser {
  seed?: string | number;
  roll_dates_forward?: boolean;
  override_accounts?: CustomAccount[];
  mfa?: {
    type?: "device" | "selections" | "questions";
    question_rounds?: number;
    questions_per_round?: number;
    selection_rounds?: number;
    selections_per_question?: number;
  };
  recaptcha?: "good" | "bad";
  force_error?: string;
}

let compiled: ValidateFunction<CustomUser> | undefined;

/** Parses a configuration; its fields that are null are absent. Throws INVALID_CREDENTIALS with the reason. */
export function parseCustomUser(password: string): CustomUser {
  let value: unknown;
  try {
    value = JSON.parse(password, (_key, field: unknown) => (field === null ? undefined : field));
  } catch {
    throw refuse("it is not JSON");
  }
  compiled ??= plaidAjv(readOpenApiDocument("openapi-subset"), false).compile<CustomUser>(
    CUSTOM_USER_SCHEMA,
  );
  if (compiled(value)) return value;
  const [problem] = compiled.errors ?? [];
  throw refuse(`${problem?.instancePath.slice(1).replaceAll("/", ".")} ${problem?.message}`.trim());
}

/** With `roll_dates_forward`: all dates moved by as many days as make the latest one `today`. */
export function rollDates(custom: CustomUser, today: string): CustomUser {
  if (!custom.roll_dates_forward) return custom;
  const latest = datesOf(custom).sort().at(-1);
  if (latest === undefined) return custom;
  const days = dayNumber(today) - dayNumber(latest);
  const move = (date: string) => addDays(date, days);
  return {
    ...custom,
    roll_dates_forward: false,
    override_accounts: (custom.override_accounts ?? []).map((account) => ({
      ...account,
      ...(account.transactions && {
        transactions: account.transactions.map((entry) => ({
          ...entry,
          date_transacted: move(entry.date_transacted),
          date_posted: move(entry.date_posted),
        })),
      }),
      ...(account.investment_transactions && {
        investment_transactions: account.investment_transactions.map((entry) => ({
          ...entry,
          date: move(entry.date),
        })),
      }),
    })),
  };
}

function datesOf({ override_accounts = [] }: CustomUser): string[] {
  return override_accounts.flatMap(({ transactions = [], investment_transactions = [] }) => [
    ...transactions.map(({ date_posted }) => date_posted),
    ...investment_transactions.map(({ date }) => date),
  ]);
}

/** The accounts of a custom user; null when the configuration names none. */
export function customAccounts(custom: CustomUser): AccountTemplate[] | null {
  if (custom.override_accounts === undefined) return null;
  return custom.override_accounts.map((account, index) => {
    const { type = "depository", subtype = "checking" } = account;
    const balance = account.starting_balance ?? 0;
    return {
      name: account.meta?.name ?? `Plaid ${subtype}`,
      official_name: account.meta?.official_name ?? null,
      type,
      subtype,
      current: [balance, balance],
      held: type === "depository" ? 0 : null,
      currency: account.currency ?? "USD",
      mask: account.meta?.mask || String(index).repeat(4).slice(0, 4),
      ...(account.meta?.limit === undefined ? {} : { limit: account.meta.limit }),
    };
  });
}

function refuse(reason: string): PlaidError {
  return new PlaidError("INVALID_CREDENTIALS", `custom user configuration is invalid: ${reason}`);
}
