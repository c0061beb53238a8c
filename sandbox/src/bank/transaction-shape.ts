/** Transactions in Plaid's shape. */
import { addDays } from "./days.ts";
import type { Merchant } from "./merchants.ts";
import type { Movement } from "./transactions.ts";

/** A transaction in Plaid's shape (schema `Transaction`). Amounts: positive leaves the account. */
export interface Transaction {
  transaction_id: string;
  account_id: string;
  amount: number;
  date: string;
  pending: boolean;
  pending_transaction_id: string | null;
  name: string;
  [field: string]: unknown;
}

/** A transaction on an account as Plaid shows it. */
export function transactionOf(
  transaction_id: string,
  account_id: string,
  currency: string,
  movement: Movement,
  pending: boolean,
): Transaction {
  const { merchant, day } = movement;
  return {
    account_id,
    account_owner: null,
    amount: movement.amount,
    authorized_date: movement.card && !pending ? addDays(day, -1) : day,
    authorized_datetime: null,
    category: null,
    category_id: null,
    check_number: null,
    counterparties: merchant ? [counterparty(merchant)] : [],
    date: day,
    datetime: null,
    iso_currency_code: currency,
    location: NOWHERE,
    logo_url: null,
    merchant_entity_id: merchant?.entity_id ?? null,
    merchant_name: merchant && merchant.channel !== "other" ? merchant.name : null,
    name: movement.refund ? `REFUND ${movement.description}` : movement.description,
    original_description: movement.description,
    payment_channel: merchant?.channel ?? "other",
    payment_meta: NO_PAYMENT_META,
    pending,
    pending_transaction_id: null,
    personal_finance_category: {
      primary: merchant?.primary ?? "OTHER",
      detailed: merchant?.detailed ?? "OTHER_OTHER",
      confidence_level: merchant ? "VERY_HIGH" : "LOW",
    },
    transaction_code: null,
    transaction_id,
    transaction_type: merchant?.channel === "in store" ? "place" : "special",
    unofficial_currency_code: null,
    website: merchant?.website ?? null,
  };
}

/** An unknown location. */
export const NOWHERE = {
  address: null,
  city: null,
  country: null,
  lat: null,
  lon: null,
  postal_code: null,
  region: null,
  store_number: null,
};

const NO_PAYMENT_META = {
  by_order_of: null,
  payee: null,
  payer: null,
  payment_method: null,
  payment_processor: null,
  ppd_id: null,
  reason: null,
  reference_number: null,
};

function counterparty(merchant: Merchant) {
  return {
    name: merchant.name,
    type: "merchant",
    website: merchant.website,
    logo_url: null,
    confidence_level: "VERY_HIGH",
    entity_id: merchant.entity_id,
  };
}
