import type { AnyProcedure } from "@trpc/server";
import type { Context } from "./context.ts";
import { accountDelete } from "./procedures/account-delete.ts";
import { accountExportData } from "./procedures/account-export-data.ts";
import { accountsGet } from "./procedures/accounts-get.ts";
import { accountsList } from "./procedures/accounts-list.ts";
import { accountsUpdate } from "./procedures/accounts-update.ts";
import { activityList } from "./procedures/activity-list.ts";
import { apiKeysCreate } from "./procedures/api-keys-create.ts";
import { apiKeysList } from "./procedures/api-keys-list.ts";
import { apiKeysRevoke } from "./procedures/api-keys-revoke.ts";
import { connectAccount } from "./procedures/connect-account.ts";
import { connectionsGet } from "./procedures/connections-get.ts";
import { insightsCashFlow } from "./procedures/insights-cash-flow.ts";
import { insightsCategories } from "./procedures/insights-categories.ts";
import { insightsNetWorth } from "./procedures/insights-net-worth.ts";
import { itemsChooseAccounts } from "./procedures/items-choose-accounts.ts";
import { itemsDisconnect } from "./procedures/items-disconnect.ts";
import { itemsRefresh } from "./procedures/items-refresh.ts";
import { liveChanges } from "./procedures/live-changes.ts";
import { plaidCreateLinkToken } from "./procedures/plaid-create-link-token.ts";
import { plaidFinishUpdateMode } from "./procedures/plaid-finish-update-mode.ts";
import { plaidRecordLinkEvent } from "./procedures/plaid-record-link-event.ts";
import { planGet } from "./procedures/plan-get.ts";
import { planRequest } from "./procedures/plan-request.ts";
import { secondFactorsAddPasskey } from "./procedures/second-factors-add-passkey.ts";
import { secondFactorsConfirmAuthenticator } from "./procedures/second-factors-confirm-authenticator.ts";
import { secondFactorsList } from "./procedures/second-factors-list.ts";
import { secondFactorsPasskeyOptions } from "./procedures/second-factors-passkey-options.ts";
import { secondFactorsRemoveAuthenticator } from "./procedures/second-factors-remove-authenticator.ts";
import { secondFactorsRemovePasskey } from "./procedures/second-factors-remove-passkey.ts";
import { secondFactorsReplaceBackupCodes } from "./procedures/second-factors-replace-backup-codes.ts";
import { secondFactorsStartAuthenticator } from "./procedures/second-factors-start-authenticator.ts";
import { sessionPasskeyOptions } from "./procedures/session-passkey-options.ts";
import { sessionStepUp } from "./procedures/session-step-up.ts";
import { transactionsChanges } from "./procedures/transactions-changes.ts";
import { transactionsCorrect } from "./procedures/transactions-correct.ts";
import { transactionsList } from "./procedures/transactions-list.ts";
import { transactionsTotals } from "./procedures/transactions-totals.ts";
import { webhooksCreate } from "./procedures/webhooks-create.ts";
import { webhooksDelete } from "./procedures/webhooks-delete.ts";
import { webhooksDeliveries } from "./procedures/webhooks-deliveries.ts";
import { webhooksEnable } from "./procedures/webhooks-enable.ts";
import { webhooksList } from "./procedures/webhooks-list.ts";
import { webhooksRedeliver } from "./procedures/webhooks-redeliver.ts";
import { webhooksReplaceSecret } from "./procedures/webhooks-replace-secret.ts";
import { webhooksSendTest } from "./procedures/webhooks-send-test.ts";
import { createCallerFactory, router } from "./trpc.ts";

/**
 * Every procedure of the product, at `/trpc`. REST, OpenAPI, the contract and the client are derived from it.
 */
export const appRouter = router({
  plaid: {
    createLinkToken: plaidCreateLinkToken,
    finishUpdateMode: plaidFinishUpdateMode,
    recordLinkEvent: plaidRecordLinkEvent,
  },
  connectAccount,
  connections: { get: connectionsGet },
  items: {
    chooseAccounts: itemsChooseAccounts,
    disconnect: itemsDisconnect,
    refresh: itemsRefresh,
  },
  accounts: { get: accountsGet, list: accountsList, update: accountsUpdate },
  transactions: {
    list: transactionsList,
    changes: transactionsChanges,
    totals: transactionsTotals,
    correct: transactionsCorrect,
  },
  insights: {
    netWorth: insightsNetWorth,
    cashFlow: insightsCashFlow,
    categories: insightsCategories,
  },
  plan: { get: planGet, request: planRequest },
  activity: { list: activityList },
  session: { passkeyOptions: sessionPasskeyOptions, stepUp: sessionStepUp },
  secondFactors: {
    list: secondFactorsList,
    startAuthenticator: secondFactorsStartAuthenticator,
    confirmAuthenticator: secondFactorsConfirmAuthenticator,
    removeAuthenticator: secondFactorsRemoveAuthenticator,
    passkeyOptions: secondFactorsPasskeyOptions,
    addPasskey: secondFactorsAddPasskey,
    removePasskey: secondFactorsRemovePasskey,
    replaceBackupCodes: secondFactorsReplaceBackupCodes,
  },
  apiKeys: { create: apiKeysCreate, list: apiKeysList, revoke: apiKeysRevoke },
  webhooks: {
    create: webhooksCreate,
    list: webhooksList,
    delete: webhooksDelete,
    replaceSecret: webhooksReplaceSecret,
    deliveries: webhooksDeliveries,
    redeliver: webhooksRedeliver,
    sendTest: webhooksSendTest,
    enable: webhooksEnable,
  },
  live: { changes: liveChanges },
  account: { exportData: accountExportData, delete: accountDelete },
});

/** The type that the browser and the typed client use. */
export type AppRouter = typeof appRouter;

/** The procedures by their dotted names, which the type does not have. */
export const procedures = appRouter._def.procedures as unknown as Record<string, AnyProcedure>;

/**
 * Calls a query or mutation by its dotted name, with all checks of an outside call. `readInput` runs only
 * after the caller is authorized, so requests of strangers cost no parsing.
 */
export function callProcedure(
  path: string,
  ctx: Context,
  readInput: () => unknown,
  batchIndex = 0,
): Promise<unknown> {
  const procedure = procedures[path];
  if (!procedure) throw new Error(`there is no procedure ${path}`);
  const { type } = procedure._def;
  const getRawInput = async () => readInput();
  return procedure({ path, getRawInput, ctx, type, signal: undefined, batchIndex });
}

/** Calls procedures in-process, with the same checks: for Remix loaders. */
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
