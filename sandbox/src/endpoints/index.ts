/** Every path of the API and what answers it. */
import { accountsGet, authGet, identityGet } from "./accounts.ts";
import type { Endpoint } from "./call.ts";
import { institutionsGet, institutionsGetById, institutionsSearch } from "./institutions.ts";
import {
  itemAccessTokenInvalidate,
  itemGet,
  itemPublicTokenExchange,
  itemRemove,
  itemWebhookUpdate,
} from "./items.ts";
import { linkTokenCreate, linkTokenGet } from "./link-tokens.ts";
import {
  sandboxItemFireWebhook,
  sandboxItemResetLogin,
  sandboxPublicTokenCreate,
  webhookVerificationKeyGet,
} from "./sandbox-items.ts";
import {
  sandboxTransactionsCreate,
  transactionsGet,
  transactionsRefresh,
  transactionsSync,
} from "./transactions.ts";

export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ["/accounts/balance/get", accountsGet],
  ["/accounts/get", accountsGet],
  ["/auth/get", authGet],
  ["/identity/get", identityGet],
  ["/institutions/get", institutionsGet],
  ["/institutions/get_by_id", institutionsGetById],
  ["/institutions/search", institutionsSearch],
  ["/item/access_token/invalidate", itemAccessTokenInvalidate],
  ["/item/get", itemGet],
  ["/item/public_token/exchange", itemPublicTokenExchange],
  ["/item/remove", itemRemove],
  ["/item/webhook/update", itemWebhookUpdate],
  ["/link/token/create", linkTokenCreate],
  ["/link/token/get", linkTokenGet],
  ["/sandbox/item/fire_webhook", sandboxItemFireWebhook],
  ["/sandbox/item/reset_login", sandboxItemResetLogin],
  ["/sandbox/public_token/create", sandboxPublicTokenCreate],
  ["/sandbox/transactions/create", sandboxTransactionsCreate],
  ["/transactions/get", transactionsGet],
  ["/transactions/refresh", transactionsRefresh],
  ["/transactions/sync", transactionsSync],
  ["/webhook_verification_key/get", webhookVerificationKeyGet],
]);
