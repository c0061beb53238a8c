/** Webhook bodies, shaped as in `../../openapi/webhook-schemas.json`. */
import type { Clock } from "../clock.ts";
import { plaidErrorBody } from "../plaid/plaid-error.ts";
import type { Item } from "../state.ts";

export interface WebhookBody {
  webhook_type: string;
  webhook_code: string;
  [field: string]: unknown;
}

const ENVIRONMENT = "sandbox";
const WEEK_MS = 7 * 86_400_000;

/** A TRANSACTIONS webhook. `count` is the number of new transactions. */
export function transactionsWebhook(
  item: Item,
  webhook_code:
    | "INITIAL_UPDATE"
    | "HISTORICAL_UPDATE"
    | "DEFAULT_UPDATE"
    | "SYNC_UPDATES_AVAILABLE",
  count: number,
): WebhookBody {
  const base = { webhook_type: "TRANSACTIONS", webhook_code, item_id: item.item_id };
  if (webhook_code === "SYNC_UPDATES_AVAILABLE") {
    return {
      ...base,
      initial_update_complete: true,
      historical_update_complete: item.history_at === null,
      environment: ENVIRONMENT,
    };
  }
  return { ...base, error: null, new_transactions: count, environment: ENVIRONMENT };
}

/** `TRANSACTIONS_REMOVED`, sent when posted transactions replace pending ones. */
export function transactionsRemovedWebhook(item: Item, removed: string[]): WebhookBody {
  return {
    webhook_type: "TRANSACTIONS",
    webhook_code: "TRANSACTIONS_REMOVED",
    item_id: item.item_id,
    error: null,
    removed_transactions: removed,
    environment: ENVIRONMENT,
  };
}

/** The webhook types that announce new data, each with its product. */
const PRODUCT_UPDATES: Record<string, { product: string; news(accountIds: string[]): object }> = {
  AUTH: {
    product: "auth",
    news: ([first = ""]) => ({
      account_ids_with_new_auth: [],
      account_ids_with_updated_auth: { [first]: ["ACCOUNT_NUMBER"] },
    }),
  },
  HOLDINGS: { product: "investments", news: () => ({ new_holdings: 0, updated_holdings: 1 }) },
  INVESTMENTS_TRANSACTIONS: {
    product: "investments",
    news: () => ({ new_investments_transactions: 0, cancelled_investments_transactions: 0 }),
  },
  LIABILITIES: {
    product: "liabilities",
    news: ([first = ""]) => ({
      account_ids_with_new_liabilities: [],
      account_ids_with_updated_liabilities: { [first]: ["past_amount_due"] },
    }),
  },
};

/** The product that a type of webhook is about; null for types such as ITEM. */
export function productOfType(webhook_type: string): string | null {
  if (webhook_type === "TRANSACTIONS" || webhook_type === "ASSETS") {
    return webhook_type.toLowerCase();
  }
  return PRODUCT_UPDATES[webhook_type]?.product ?? null;
}

/** A DEFAULT_UPDATE of any product except Transactions; null when the type has none. */
export function productWebhook(item: Item, webhook_type: string): WebhookBody | null {
  const update = PRODUCT_UPDATES[webhook_type];
  if (!update) return null;
  return {
    webhook_type,
    webhook_code: "DEFAULT_UPDATE",
    item_id: item.item_id,
    error: null,
    ...update.news(item.accounts.map(({ account_id }) => account_id)),
    environment: ENVIRONMENT,
  };
}

/** An ASSETS webhook: a report is ready, or could not be made. */
export function assetsWebhook(
  webhook_code: "PRODUCT_READY" | "ERROR",
  asset_report_id: string,
): WebhookBody {
  const base = { webhook_type: "ASSETS", webhook_code, asset_report_id, environment: ENVIRONMENT };
  return webhook_code === "PRODUCT_READY"
    ? { ...base, report_type: "FULL" }
    : { ...base, error: withStatus(plaidErrorBody("PRODUCT_NOT_ENABLED")) };
}

/** RECURRING_TRANSACTIONS_UPDATE, of all accounts. */
export function recurringWebhook(item: Item): WebhookBody {
  return {
    webhook_type: "TRANSACTIONS",
    webhook_code: "RECURRING_TRANSACTIONS_UPDATE",
    item_id: item.item_id,
    account_ids: item.accounts.map(({ account_id }) => account_id),
    environment: ENVIRONMENT,
  };
}

/** SMS_MICRODEPOSITS_VERIFICATION: the user confirmed the deposits by text message. */
export function smsVerificationWebhook(item: Item): WebhookBody {
  return {
    webhook_type: "AUTH",
    webhook_code: "SMS_MICRODEPOSITS_VERIFICATION",
    status: "MANUALLY_VERIFIED",
    item_id: item.item_id,
    account_id: item.accounts[0]?.account_id ?? "",
    environment: ENVIRONMENT,
  };
}

/** An ITEM webhook; fields beyond the common ones depend on the code. */
export function itemWebhook(item: Item, webhook_code: string, clock: Clock): WebhookBody {
  const base = {
    webhook_type: "ITEM",
    webhook_code,
    item_id: item.item_id,
    environment: ENVIRONMENT,
  };
  switch (webhook_code) {
    case "ERROR":
      return { ...base, error: withStatus(plaidErrorBody(item.error ?? "ITEM_LOGIN_REQUIRED")) };
    case "USER_PERMISSION_REVOKED":
      return { ...base, error: withStatus(plaidErrorBody("USER_PERMISSION_REVOKED")) };
    case "PENDING_EXPIRATION":
      return { ...base, consent_expiration_time: clock.iso(WEEK_MS) };
    case "PENDING_DISCONNECT":
      return {
        ...base,
        reason: "INSTITUTION_TOKEN_EXPIRATION",
        disconnect_time: clock.iso(WEEK_MS),
      };
    case "USER_ACCOUNT_REVOKED":
      return { ...base, account_id: item.accounts[0]?.account_id ?? "" };
    case "WEBHOOK_UPDATE_ACKNOWLEDGED":
      return { ...base, new_webhook_url: item.webhook ?? "", error: null };
    case "NEW_ACCOUNTS_AVAILABLE":
      return { ...base, error: null };
    default:
      return base;
  }
}

/** A LINK webhook about one session. */
export function linkWebhook(
  webhook_code: "SESSION_FINISHED" | "ITEM_ADD_RESULT" | "EVENTS",
  fields: { link_session_id: string; link_token: string; [field: string]: unknown },
): WebhookBody {
  const environment = webhook_code === "EVENTS" ? {} : { environment: ENVIRONMENT };
  return { webhook_type: "LINK", webhook_code, ...fields, ...environment };
}

/** The error of a webhook has the HTTP status, unlike that of a response. */
function withStatus(error: object): object {
  return { ...error, status: 400 };
}
