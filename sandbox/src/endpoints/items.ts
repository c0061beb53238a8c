/** `/item/*`. */
import { exchangePublicToken, issueAccessToken, itemView, removeItem } from "../items.ts";
import { itemWebhook } from "../webhooks/bodies.ts";
import type { Call } from "./call.ts";

interface ByAccessToken {
  access_token: string;
}

/** `/item/public_token/exchange`. */
export function itemPublicTokenExchange(call: Call, body: { public_token: string }): object {
  const { item, access_token } = exchangePublicToken(
    call.sandbox,
    body.public_token,
    call.client_id,
  );
  return { access_token, item_id: item.item_id };
}

/** `/item/get`. Works for an Item in error, too. */
export function itemGet(call: Call, body: ByAccessToken): object {
  const item = call.item(body.access_token);
  const transactions = item.products.includes("transactions");
  return {
    item: {
      ...itemView(item),
      created_at: item.created_at,
      consented_use_cases: [],
      consented_data_scopes: [],
    },
    status: {
      investments: null,
      transactions: transactions
        ? { last_successful_update: item.created_at, last_failed_update: null }
        : null,
      last_webhook: item.last_webhook,
    },
  };
}

/** `/item/remove`. A second call returns ITEM_NOT_FOUND. */
export function itemRemove(call: Call, body: ByAccessToken): object {
  removeItem(call.sandbox, call.item(body.access_token));
  return {};
}

/** `/item/products/terminate`: removes the Item as `/item/remove` does, and sends its webhook. */
export function itemProductsTerminate(call: Call, body: ByAccessToken): object {
  const item = call.item(body.access_token);
  call.sandbox.webhooks.sendForItem(
    item,
    itemWebhook(item, "USER_PERMISSION_REVOKED", call.sandbox.clock),
  );
  removeItem(call.sandbox, item);
  return {};
}

/** `/item/access_token/invalidate`. */
export function itemAccessTokenInvalidate(call: Call, body: ByAccessToken): object {
  return { new_access_token: issueAccessToken(call.sandbox, call.item(body.access_token)) };
}

/** `/item/webhook/update`. Sends a webhook to the new URL. */
export function itemWebhookUpdate(
  call: Call,
  body: ByAccessToken & { webhook?: string | null },
): object {
  const item = call.item(body.access_token);
  item.webhook = body.webhook ?? null;
  call.sandbox.changed();
  call.sandbox.webhooks.sendForItem(
    item,
    itemWebhook(item, "WEBHOOK_UPDATE_ACKNOWLEDGED", call.sandbox.clock),
  );
  return { item: itemView(item) };
}
