import { z } from "zod";

/** An account as the bank gives it; money already a decimal string. */
export interface PlaidAccount {
  accountId: string;
  persistentAccountId: string | null;
  name: string;
  officialName: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  balances: {
    current: string | null;
    available: string | null;
    limit: string | null;
    currency: string | null;
  };
}

/** A transaction as Plaid gives it: a positive amount is money that left the account. */
export interface PlaidTransaction {
  id: string;
  accountId: string;
  /** A calendar day: YYYY-MM-DD. */
  date: string;
  amount: string;
  currency: string | null;
  name: string;
  merchant: string | null;
  category: string | null;
  pending: boolean;
  /** The pending transaction that this one has taken the place of. */
  pendingId: string | null;
}

export interface PlaidTransactionsPage {
  /** New and changed ones alike. */
  upserted: PlaidTransaction[];
  removed: string[];
  accounts: PlaidAccount[];
  nextCursor: string;
  hasMore: boolean;
  notReady: boolean;
  complete: boolean;
}

/** A public key, as JWK: https://www.rfc-editor.org/rfc/rfc7517 */
export interface PlaidWebhookKey {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

const requestId = z.string();
/** Plaid sends JSON numbers. JavaScript prints the shortest decimal that reads back the same, which for a balance is the bank's own. */
const amount = z
  .number()
  .refine((value) => Number.isFinite(value) && Math.abs(value) < 1e15)
  .transform(toDecimal);
const money = amount.nullish().transform((value) => value ?? null);
const orNull = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** Exponents (1e-7) are written out: PostgreSQL and our contract take plain decimals. */
export function toDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value.toFixed(20).replace(/\.?0+$/, "");
}

export const linkTokenResponse = z.object({
  link_token: z.string().min(1),
  expiration: z.iso.datetime({ offset: true }),
  request_id: requestId,
});
export const exchangeResponse = z.object({
  access_token: z.string().min(1),
  item_id: z.string().min(1),
  request_id: requestId,
});
const account = z
  .object({
    account_id: z.string().min(1),
    persistent_account_id: orNull,
    name: z.string(),
    official_name: orNull,
    mask: orNull,
    type: z.string(),
    subtype: orNull,
    balances: z.object({
      current: money,
      available: money,
      limit: money,
      iso_currency_code: orNull,
      unofficial_currency_code: orNull,
    }),
  })
  .transform(
    ({ balances, ...given }): PlaidAccount => ({
      accountId: given.account_id,
      persistentAccountId: given.persistent_account_id,
      name: given.name,
      officialName: given.official_name,
      mask: given.mask,
      type: given.type,
      subtype: given.subtype,
      balances: {
        current: balances.current,
        available: balances.available,
        limit: balances.limit,
        currency: balances.iso_currency_code ?? balances.unofficial_currency_code,
      },
    }),
  );
const transaction = z
  .object({
    transaction_id: z.string().min(1),
    account_id: z.string().min(1),
    date: z.iso.date(),
    amount,
    iso_currency_code: orNull,
    unofficial_currency_code: orNull,
    name: z.string().nullish(),
    merchant_name: orNull,
    personal_finance_category: z.object({ primary: z.string() }).nullish(),
    pending: z.boolean(),
    pending_transaction_id: orNull,
  })
  .transform(
    (given): PlaidTransaction => ({
      id: given.transaction_id,
      accountId: given.account_id,
      date: given.date,
      amount: given.amount,
      currency: given.iso_currency_code ?? given.unofficial_currency_code,
      name: given.name ?? given.merchant_name ?? "",
      merchant: given.merchant_name,
      category: given.personal_finance_category?.primary ?? null,
      pending: given.pending,
      pendingId: given.pending_transaction_id,
    }),
  );
export const transactionsResponse = z.object({
  added: z.array(transaction),
  modified: z.array(transaction),
  removed: z.array(z.object({ transaction_id: z.string() })),
  accounts: z.array(account),
  next_cursor: z.string(),
  has_more: z.boolean(),
  transactions_update_status: z.string().nullish(),
});
export const accountsResponse = z.object({
  accounts: z.array(account).min(1),
  item: z.object({ institution_id: z.string().nullish(), institution_name: z.string().nullish() }),
  request_id: requestId,
});
export const itemResponse = z.object({
  item: z.object({
    error: z
      .object({ error_type: z.unknown(), error_code: z.unknown(), display_message: z.unknown() })
      .partial()
      .nullish(),
  }),
  request_id: requestId,
});
export const webhookKeyResponse = z.object({
  key: z.object({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string(),
    y: z.string(),
    expired_at: z.number().nullish(),
  }),
});
export const institutionResponse = z.object({ institution: z.object({ name: z.string().min(1) }) });
export const itemRemovedResponse = z.object({ request_id: requestId });
