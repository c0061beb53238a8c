import { z } from "zod";
import {
  amount,
  currencyOf,
  day,
  plaidId,
  plaidIdOrNull,
  plaidToken,
  requestId,
  rowsOf,
  textOrNull,
  type Unreadable,
} from "./readable.ts";

/** An account as the bank returns it, with money as decimal strings. */
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
  /** The first balance that could not be parsed and is null because of that; null when all could. */
  unreadable: string | null;
}

/** A transaction as Plaid returns it: a positive amount is money that left the account. */
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
  /** The pending transaction that this one replaced. */
  pendingId: string | null;
}

export interface PlaidTransactionsPage {
  /** Added and modified transactions. */
  upserted: PlaidTransaction[];
  removed: string[];
  accounts: PlaidAccount[];
  /** Transactions that could not be parsed. */
  unreadable: Unreadable[];
  /** How many accounts could not be parsed, or not all of their balances. */
  accountsUnreadable: number;
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

export const linkTokenResponse = z.object({
  link_token: plaidToken,
  expiration: z.iso.datetime({ offset: true }),
  hosted_link_url: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .catch(null),
  request_id: requestId,
});
/** The Item's id can be requested again. An access_token that is lost cannot. */
export const exchangeResponse = z.object({
  access_token: plaidToken,
  item_id: plaidIdOrNull,
  request_id: requestId,
});

/** https://plaid.com/docs/api/accounts/#account-type-schema */
const accountType = z
  .enum(["depository", "credit", "loan", "investment", "brokerage", "payroll", "other"])
  .catch("other");
const account = z
  .object({
    account_id: plaidId,
    persistent_account_id: plaidIdOrNull,
    name: textOrNull(300),
    official_name: textOrNull(300),
    mask: textOrNull(16),
    type: accountType,
    subtype: textOrNull(60),
    balances: z.unknown(),
  })
  .transform(
    ({ balances, ...given }): PlaidAccount => ({
      accountId: given.account_id,
      persistentAccountId: given.persistent_account_id,
      name: given.name ?? given.official_name ?? "Account",
      officialName: given.official_name,
      mask: given.mask,
      type: given.type,
      subtype: given.subtype,
      ...readBalances(balances),
    }),
  );

/** An invalid balance becomes null, and the account is kept. */
function readBalances(sent: unknown): Pick<PlaidAccount, "balances" | "unreadable"> {
  const given = (typeof sent === "object" ? sent : null) as Record<string, unknown> | null;
  let unreadable: string | null = given === null ? "balances" : null;
  const money = (field: "current" | "available" | "limit") => {
    const { success, data } = amount.nullish().safeParse(given?.[field]);
    if (!success) unreadable ??= `balances.${field}`;
    return data ?? null;
  };
  const balances = {
    current: money("current"),
    available: money("available"),
    limit: money("limit"),
    currency: currencyOf(given?.iso_currency_code, given?.unofficial_currency_code),
  };
  return { balances, unreadable };
}

const transaction = z
  .object({
    transaction_id: plaidId,
    account_id: plaidId,
    date: day,
    amount,
    iso_currency_code: z.unknown(),
    unofficial_currency_code: z.unknown(),
    name: textOrNull(500),
    merchant_name: textOrNull(300),
    personal_finance_category: z.unknown(),
    pending: z.boolean(),
    pending_transaction_id: plaidIdOrNull,
  })
  .transform(
    (given): PlaidTransaction => ({
      id: given.transaction_id,
      accountId: given.account_id,
      date: given.date,
      amount: given.amount,
      currency: currencyOf(given.iso_currency_code, given.unofficial_currency_code),
      name: given.name ?? given.merchant_name ?? "",
      merchant: given.merchant_name,
      category: categoryOf(given.personal_finance_category),
      pending: given.pending,
      pendingId: given.pending_transaction_id,
    }),
  );

/** A primary category that our contract's filter can name. Plaid adds new ones. */
function categoryOf(sent: unknown): string | null {
  const { primary } = (sent ?? {}) as { primary?: unknown };
  return typeof primary === "string" && /^[A-Z_]{1,60}$/.test(primary) ? primary : null;
}

export const transactionsResponse = z.object({
  added: rowsOf(transaction, "transaction_id"),
  modified: rowsOf(transaction, "transaction_id"),
  removed: rowsOf(z.object({ transaction_id: plaidId }), "transaction_id"),
  accounts: rowsOf(account, "account_id"),
  next_cursor: z.union([plaidToken, z.literal("")]),
  has_more: z.unknown(),
  transactions_update_status: z.unknown(),
});
/** The Item's products; null when Plaid does not list them. */
const products = z.array(z.unknown()).nullish().catch(null);
export const accountsResponse = z.object({
  /** At least one valid account. */
  accounts: rowsOf(account, "account_id").refine(({ read }) => read.length > 0),
  item: z
    .object({
      institution_id: plaidIdOrNull,
      institution_name: textOrNull(200),
      products,
      billed_products: products,
    })
    .catch({ institution_id: null, institution_name: null, products: null, billed_products: null }),
  request_id: requestId,
});
export const itemResponse = z.object({
  item: z.object({
    item_id: plaidIdOrNull,
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
export const institutionResponse = z.object({ institution: z.object({ name: textOrNull(200) }) });
/** Nothing depends on these fields, so an invalid one becomes null. `logo` is a PNG in base64. */
export const institutionBrandingResponse = z.object({
  institution: z.object({
    url: textOrNull(500),
    primary_color: textOrNull(20),
    logo: z.string().max(200_000).nullish().catch(null),
  }),
});
/** The response of calls that only confirm that they succeeded. */
export const endedResponse = z.object({ request_id: requestId });
export const userCreatedResponse = z.object({
  user_id: plaidId,
  user_token: z.string().optional(),
});
/** Only an Item's ids and bank are parsed, so that no other invalid field can hide an Item. */
const userItem = z
  .object({
    item_id: plaidId,
    institution_id: plaidIdOrNull,
    institution_name: textOrNull(200),
  })
  .transform((given) => ({
    plaidItemId: given.item_id,
    institutionId: given.institution_id,
    institutionName: given.institution_name,
  }));
export const userItemsResponse = z.object({ items: rowsOf(userItem, "item_id") });
