/** Sends one webhook of an Item on request. */
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";
import { itemWebhook, transactionsWebhook } from "./bodies.ts";

/**
 * Sends a webhook to the Item's URL and puts the Item into the state that the code speaks of.
 * `webhook_type` is for codes that have more than one; `signed_seconds_ago` makes it look old.
 */
export function fireWebhook(
  sandbox: Sandbox,
  item: Item,
  code: string,
  options: { webhook_type?: string | undefined; signed_seconds_ago?: number } = {},
): void {
  if (code === "USER_PERMISSION_REVOKED") item.error = "USER_PERMISSION_REVOKED";
  if (code === "ERROR") item.error ??= "ITEM_LOGIN_REQUIRED";
  if (code === "LOGIN_REPAIRED") item.error = null;
  sandbox.changed();
  const webhook =
    code === "DEFAULT_UPDATE" || code === "SYNC_UPDATES_AVAILABLE"
      ? transactionsWebhook(item, code, sandbox.feeds.of(item).current.size)
      : {
          ...itemWebhook(item, code, sandbox.clock),
          webhook_type: options.webhook_type ?? defaultType(code),
        };
  sandbox.webhooks.sendForItem(item, webhook, options.signed_seconds_ago);
}

/** The type Plaid takes for a code when the caller names none. */
function defaultType(code: string): string {
  if (code === "RECURRING_TRANSACTIONS_UPDATE") return "TRANSACTIONS";
  return code === "SMS_MICRODEPOSITS_VERIFICATION" ? "AUTH" : "ITEM";
}
