/** Sends one webhook of an Item on request. */
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";
import {
  assetsWebhook,
  itemWebhook,
  productWebhook,
  recurringWebhook,
  smsVerificationWebhook,
  transactionsWebhook,
  type WebhookBody,
} from "./bodies.ts";

/** The type that a code has when the caller names none; ITEM for all others. */
const DEFAULT_TYPES: Record<string, string> = {
  DEFAULT_UPDATE: "TRANSACTIONS",
  SYNC_UPDATES_AVAILABLE: "TRANSACTIONS",
  RECURRING_TRANSACTIONS_UPDATE: "TRANSACTIONS",
  PRODUCT_READY: "ASSETS",
  SMS_MICRODEPOSITS_VERIFICATION: "AUTH",
};

/** The type of a webhook code when its caller names none. */
export function defaultWebhookType(code: string): string {
  return DEFAULT_TYPES[code] ?? "ITEM";
}

/**
 * Sends a webhook to the Item's URL and puts the Item into the state that the code reports.
 * `webhook_type` is for codes that have more than one; `signed_seconds_ago` dates it back.
 * Returns false, and sends nothing, when the type does not have the code.
 */
export function fireWebhook(
  sandbox: Sandbox,
  item: Item,
  code: string,
  options: { webhook_type?: string | undefined; signed_seconds_ago?: number } = {},
): boolean {
  const type = options.webhook_type ?? defaultWebhookType(code);
  const webhook = webhookOf(sandbox, item, code, type);
  if (webhook === null) return false;
  if (code === "USER_PERMISSION_REVOKED") item.error = "USER_PERMISSION_REVOKED";
  if (code === "ERROR" && type === "ITEM") item.error ??= "ITEM_LOGIN_REQUIRED";
  if (code === "LOGIN_REPAIRED") item.error = null;
  sandbox.changed();
  sandbox.webhooks.sendForItem(item, webhook, options.signed_seconds_ago);
  return true;
}

/** The webhook of a code and a type; null when the type does not have the code. */
function webhookOf(sandbox: Sandbox, item: Item, code: string, type: string): WebhookBody | null {
  const isOf = (wanted: string) => type === wanted;
  switch (code) {
    case "DEFAULT_UPDATE":
      if (!isOf("TRANSACTIONS")) return productWebhook(item, type);
      return transactionsWebhook(item, code, sandbox.feeds.of(item).current.size);
    case "SYNC_UPDATES_AVAILABLE":
      return isOf("TRANSACTIONS") ? transactionsWebhook(item, code, 0) : null;
    case "RECURRING_TRANSACTIONS_UPDATE":
      return isOf("TRANSACTIONS") ? recurringWebhook(item) : null;
    case "SMS_MICRODEPOSITS_VERIFICATION":
      return isOf("AUTH") ? smsVerificationWebhook(item) : null;
    case "PRODUCT_READY":
      return isOf("ASSETS") ? assetsWebhook(code, reportOf(sandbox, item)) : null;
    case "ERROR":
      if (isOf("ASSETS")) return assetsWebhook(code, reportOf(sandbox, item));
      return isOf("ITEM") ? itemWebhook(item, code, sandbox.clock) : null;
    default:
      return isOf("ITEM") ? itemWebhook(item, code, sandbox.clock) : null;
  }
}

/** The id of the Item's newest asset report, or one that no report has. */
function reportOf(sandbox: Sandbox, { item_id }: Item): string {
  const reports = [...sandbox.state.asset_reports.values()];
  const own = reports.findLast(({ item_ids }) => item_ids.includes(item_id));
  return own?.asset_report_id ?? sandbox.ids.uuid();
}
