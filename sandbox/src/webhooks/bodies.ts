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

/** `TRANSACTIONS_REMOVED`, sent when pending transactions give way to posted ones. */
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

/** Webhooks carry the HTTP status in the error, as answers do not. */
function withStatus(error: object): object {
  return { ...error, status: 400 };
}
