/** Every path of the API and its handler. */
import { accountsGet, authGet, identityGet } from "./accounts.ts";
import { assetReportCreate, assetReportGet, assetReportPdfGet } from "./asset-reports.ts";
import type { Endpoint } from "./call.ts";
import { institutionsGet, institutionsGetById, institutionsSearch } from "./institutions.ts";
import {
  investmentsHoldingsGet,
  investmentsRefresh,
  investmentsTransactionsGet,
  liabilitiesGet,
} from "./investments.ts";
import {
  itemAccessTokenInvalidate,
  itemGet,
  itemProductsTerminate,
  itemPublicTokenExchange,
  itemRemove,
  itemWebhookUpdate,
} from "./items.ts";
import { linkTokenCreate, linkTokenGet } from "./link-tokens.ts";
import {
  sandboxItemFireWebhook,
  sandboxItemResetLogin,
  sandboxItemSetVerificationStatus,
  sandboxPublicTokenCreate,
  webhookVerificationKeyGet,
} from "./sandbox-items.ts";
import { signalEvaluate } from "./signal.ts";
import { statementsDownload, statementsList } from "./statements.ts";
import {
  sandboxTransactionsCreate,
  transactionsGet,
  transactionsRecurringGet,
  transactionsRefresh,
  transactionsSync,
} from "./transactions.ts";
import {
  userGet,
  userItemsAssociate,
  userItemsGet,
  userItemsRemove,
  userProductsTerminate,
  userRemove,
  userUpdate,
} from "./user-apis.ts";
import { consentEventsGet, processorTokenCreate, userCreate } from "./users.ts";

export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ["/accounts/balance/get", accountsGet],
  ["/accounts/get", accountsGet],
  ["/asset_report/create", assetReportCreate],
  ["/asset_report/get", assetReportGet],
  ["/asset_report/pdf/get", assetReportPdfGet],
  ["/auth/get", authGet],
  ["/consent/events/get", consentEventsGet],
  ["/identity/get", identityGet],
  ["/institutions/get", institutionsGet],
  ["/institutions/get_by_id", institutionsGetById],
  ["/institutions/search", institutionsSearch],
  ["/investments/holdings/get", investmentsHoldingsGet],
  ["/investments/refresh", investmentsRefresh],
  ["/investments/transactions/get", investmentsTransactionsGet],
  ["/item/access_token/invalidate", itemAccessTokenInvalidate],
  ["/item/get", itemGet],
  ["/item/products/terminate", itemProductsTerminate],
  ["/item/public_token/exchange", itemPublicTokenExchange],
  ["/item/remove", itemRemove],
  ["/item/webhook/update", itemWebhookUpdate],
  ["/liabilities/get", liabilitiesGet],
  ["/link/token/create", linkTokenCreate],
  ["/link/token/get", linkTokenGet],
  ["/processor/token/create", processorTokenCreate],
  ["/sandbox/item/fire_webhook", sandboxItemFireWebhook],
  ["/sandbox/item/reset_login", sandboxItemResetLogin],
  ["/sandbox/item/set_verification_status", sandboxItemSetVerificationStatus],
  ["/sandbox/public_token/create", sandboxPublicTokenCreate],
  ["/sandbox/transactions/create", sandboxTransactionsCreate],
  ["/signal/evaluate", signalEvaluate],
  ["/statements/download", statementsDownload],
  ["/statements/list", statementsList],
  ["/transactions/get", transactionsGet],
  ["/transactions/recurring/get", transactionsRecurringGet],
  ["/transactions/refresh", transactionsRefresh],
  ["/transactions/sync", transactionsSync],
  ["/user/create", userCreate],
  ["/user/get", userGet],
  ["/user/items/associate", userItemsAssociate],
  ["/user/items/get", userItemsGet],
  ["/user/items/remove", userItemsRemove],
  ["/user/products/terminate", userProductsTerminate],
  ["/user/remove", userRemove],
  ["/user/update", userUpdate],
  ["/webhook_verification_key/get", webhookVerificationKeyGet],
]);
