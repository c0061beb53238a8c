/**
 * JSON Schema of a custom Sandbox user. All fields are optional, and more are accepted than are
 * named here (https://plaid.com/docs/sandbox/user-custom/#configuration-object-schema).
 */
const TEXT = { type: "string", minLength: 1, maxLength: 1000 };
const CURRENCY = { type: "string", pattern: "^[A-Z]{3}$" };
const AMOUNT = { type: "number", minimum: -1e12, maximum: 1e12 };
const DATE = { type: "string", format: "date" };
const MONTHS = { type: "integer", minimum: 0, maximum: 1200 };
const PERCENT = { type: "number", minimum: -1000, maximum: 1000 };
const YES_OR_NO = { type: "boolean" };
const DAY_OF_MONTH = {
  anyOf: [
    { type: "integer", minimum: 1, maximum: 28 },
    { type: "string", pattern: "^([1-9]|1\\d|2[0-8]|last)$" },
  ],
};

function object(properties: object, required: string[] = []) {
  return { type: "object", properties, required };
}

function list(items: object, maxItems = 100_000) {
  return { type: "array", maxItems, items };
}

const SECURITY = object({
  isin: TEXT,
  cusip: TEXT,
  sedol: TEXT,
  name: TEXT,
  ticker_symbol: TEXT,
  currency: CURRENCY,
});

const ADDRESS = object({
  city: TEXT,
  region: TEXT,
  street: TEXT,
  postal_code: TEXT,
  country: TEXT,
});

const IDENTITY = object({
  names: list(TEXT, 100),
  phone_numbers: list(object({ data: TEXT, primary: YES_OR_NO, type: TEXT }, ["data"]), 100),
  emails: list(object({ data: TEXT, primary: YES_OR_NO, type: TEXT }, ["data"]), 100),
  addresses: list(object({ data: ADDRESS, primary: YES_OR_NO }, ["data"]), 100),
});

const LIABILITY = object({
  type: { enum: ["credit", "student"] },
  purchase_apr: PERCENT,
  cash_apr: PERCENT,
  balance_transfer_apr: PERCENT,
  special_apr: PERCENT,
  last_payment_amount: AMOUNT,
  minimum_payment_amount: AMOUNT,
  is_overdue: YES_OR_NO,
  origination_date: DATE,
  principal: AMOUNT,
  nominal_apr: PERCENT,
  interest_capitalization_grace_period_months: MONTHS,
  repayment_model: object({
    type: TEXT,
    non_repayment_months: MONTHS,
    repayment_months: MONTHS,
  }),
  expected_payoff_date: DATE,
  guarantor: TEXT,
  is_federal: YES_OR_NO,
  loan_name: TEXT,
  loan_status: object({
    end_date: DATE,
    type: { $ref: "plaid#/components/schemas/StudentLoanStatus/properties/type" },
  }),
  payment_reference_number: TEXT,
  pslf_status: object({
    estimated_eligibility_date: DATE,
    payments_made: MONTHS,
    payments_remaining: MONTHS,
  }),
  repayment_plan_description: TEXT,
  repayment_plan_type: {
    $ref: "plaid#/components/schemas/StudentRepaymentPlan/properties/type",
  },
  sequence_number: TEXT,
  servicer_address: object({ data: ADDRESS, primary: YES_OR_NO }),
});

const ACCOUNT = object({
  type: { enum: ["depository", "credit", "loan", "investment", "other"] },
  subtype: { $ref: "plaid#/components/schemas/AccountSubtype" },
  starting_balance: AMOUNT,
  force_available_balance: AMOUNT,
  has_null_available_balance: YES_OR_NO,
  currency: CURRENCY,
  meta: object({ name: TEXT, official_name: TEXT, mask: { type: "string" }, limit: AMOUNT }),
  numbers: object({
    account: TEXT,
    ach_routing: TEXT,
    ach_wire_routing: TEXT,
    eft_institution: TEXT,
    eft_branch: TEXT,
    international_bic: TEXT,
    international_iban: TEXT,
    bacs_sort_code: TEXT,
  }),
  transactions: list(
    object(
      {
        date_transacted: DATE,
        date_posted: DATE,
        amount: AMOUNT,
        description: TEXT,
        currency: CURRENCY,
      },
      ["date_transacted", "date_posted", "amount", "description"],
    ),
  ),
  holdings: list(
    object(
      {
        institution_price: AMOUNT,
        institution_price_as_of: DATE,
        cost_basis: AMOUNT,
        quantity: AMOUNT,
        currency: CURRENCY,
        security: SECURITY,
      },
      ["institution_price", "quantity"],
    ),
  ),
  investment_transactions: list(
    object(
      {
        date: DATE,
        name: TEXT,
        quantity: AMOUNT,
        price: AMOUNT,
        fees: AMOUNT,
        type: { enum: ["buy", "sell", "cancel", "cash", "fee", "transfer"] },
        currency: CURRENCY,
        security: SECURITY,
      },
      ["date", "name", "quantity", "price", "type"],
    ),
  ),
  identity: IDENTITY,
  liability: LIABILITY,
  inflow_model: object({
    type: {
      enum: ["none", "monthly-income", "monthly-balance-payment", "monthly-interest-only-payment"],
    },
    income_amount: AMOUNT,
    payment_day_of_month: DAY_OF_MONTH,
    transaction_name: TEXT,
    statement_day_of_month: DAY_OF_MONTH,
  }),
});

export const CUSTOM_USER_SCHEMA = object({
  version: { anyOf: [{ type: "string" }, { type: "number" }] },
  seed: { anyOf: [{ type: "string" }, { type: "number" }] },
  roll_dates_forward: YES_OR_NO,
  override_accounts: { type: "array", minItems: 1, maxItems: 100, items: ACCOUNT },
  mfa: object({
    type: { enum: ["device", "selections", "questions"] },
    question_rounds: { type: "integer", minimum: 1, maximum: 9 },
    questions_per_round: { type: "integer", minimum: 1, maximum: 9 },
    selection_rounds: { type: "integer", minimum: 1, maximum: 9 },
    selections_per_question: { type: "integer", minimum: 2, maximum: 9 },
  }),
  recaptcha: { enum: ["good", "bad"] },
  force_error: { type: "string" },
});
