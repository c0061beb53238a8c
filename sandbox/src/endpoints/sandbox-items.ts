/** `/sandbox/public_token/create`, `/sandbox/item/*` and `/webhook_verification_key/get`. */
import { findInstitution } from "../bank/institutions.ts";
import { createItem, issuePublicToken, putInError } from "../items.ts";
import { logIn } from "../link/log-in.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { onlyProducts, requireProducts } from "../plaid/products.ts";
import { productOfType } from "../webhooks/bodies.ts";
import { defaultWebhookType, fireWebhook } from "../webhooks/fire.ts";
import type { Call } from "./call.ts";
import { namedUser } from "./users.ts";

interface CreateBody {
  user_id?: string;
  user_token?: string;
  institution_id: string;
  initial_products: string[];
  options?: {
    webhook?: string;
    override_username?: string | null;
    override_password?: string | null;
    transactions?: { days_requested?: number } | null;
  };
}

/** `/sandbox/public_token/create`: an Item with all the holder's accounts, without Link. */
export function sandboxPublicTokenCreate(call: Call, body: CreateBody): object {
  const institution = findInstitution(body.institution_id);
  if (!institution) throw new PlaidError("INVALID_INSTITUTION");
  const user = namedUser(call.sandbox, call.client_id, body);
  const username = body.options?.override_username ?? "user_good";
  const password = body.options?.override_password ?? "pass_good";
  const holder = logIn(username, password, call.sandbox.clock.today());
  requireProducts(
    body.initial_products,
    institution,
    call.sandbox.bankAccounts(body.institution_id, holder.username, holder.custom_user),
  );
  const item = createItem(call.sandbox, {
    client_id: call.client_id,
    client_user_id: user?.client_user_id ?? null,
    user_id: user?.user_id ?? null,
    institution,
    username: holder.username,
    custom_user: holder.custom_user,
    bank_accounts: null,
    requested: onlyProducts(body.initial_products),
    webhook: body.options?.webhook ?? null,
    link_session_id: null,
    days_requested: body.options?.transactions?.days_requested ?? null,
    awaits_deposits: holder.awaits_deposits,
  });
  return { public_token: issuePublicToken(call.sandbox, item) };
}

/** `/sandbox/item/reset_login`: the Item needs its user. */
export function sandboxItemResetLogin(call: Call, body: { access_token: string }): object {
  putInError(call.sandbox, call.item(body.access_token), "ITEM_LOGIN_REQUIRED");
  return { reset_login: true };
}

/**
 * `/sandbox/item/fire_webhook`.
 * @throws SANDBOX_WEBHOOK_INVALID for an Item without a URL and for a code that the type does not
 * have, SANDBOX_PRODUCT_NOT_ENABLED for a product that the Item does not have
 */
export function sandboxItemFireWebhook(
  call: Call,
  body: { access_token: string; webhook_code: string; webhook_type?: string },
): object {
  const { sandbox } = call;
  const item = call.item(body.access_token);
  if (item.webhook === null) throw new PlaidError("SANDBOX_WEBHOOK_INVALID");
  const { webhook_code, webhook_type = defaultWebhookType(webhook_code) } = body;
  const product = productOfType(webhook_type);
  if (product !== null && !item.products.includes(product)) {
    throw new PlaidError("SANDBOX_PRODUCT_NOT_ENABLED");
  }
  if (!fireWebhook(sandbox, item, webhook_code, { webhook_type })) {
    throw new PlaidError(
      "SANDBOX_WEBHOOK_INVALID",
      `webhook could not be fired: ${webhook_type} has no ${webhook_code}`,
    );
  }
  return { webhook_fired: true };
}

/** `/sandbox/item/set_verification_status`: the end of automated micro-deposits. */
export function sandboxItemSetVerificationStatus(
  call: Call,
  body: {
    access_token: string;
    account_id: string;
    verification_status: "automatically_verified" | "verification_expired";
  },
): object {
  const item = call.item(body.access_token);
  const account = item.accounts.find(({ account_id }) => account_id === body.account_id);
  if (!account) throw new PlaidError("INVALID_ACCOUNT_ID");
  account.verification_status = body.verification_status;
  call.sandbox.changed();
  call.sandbox.webhooks.sendForItem(item, {
    webhook_type: "AUTH",
    webhook_code: body.verification_status.toUpperCase(),
    item_id: item.item_id,
    account_id: body.account_id,
    environment: "sandbox",
  });
  return {};
}

/** `/webhook_verification_key/get`. */
export async function webhookVerificationKeyGet(
  call: Call,
  body: { key_id: string },
): Promise<object> {
  const key = await call.sandbox.webhooks.keyById(body.key_id);
  if (!key) throw new PlaidError("INVALID_WEBHOOK_VERIFICATION_KEY_ID");
  return { key };
}
