// Written by `npm run contract -- --write` from the contracts and the procedures: change those.
import type { Mutation, Query, Subscription } from "./call.ts";
import type {
  CreateLinkTokenInput,
  CreateLinkTokenOutput,
  FinishUpdateModeInput,
  FinishUpdateModeOutput,
  LinkEventInput,
  LinkEventOutput,
  ConnectAccountInput,
  ConnectAccountOutput,
  ConnectionsGetInput,
  ConnectionsGetOutput,
  ChooseAccountsInput,
  ChooseAccountsOutput,
  DisconnectInput,
  DisconnectOutput,
  RefreshInput,
  RefreshOutput,
  AccountsGetInput,
  AccountsGetOutput,
  AccountsListOutput,
  AccountsUpdateInput,
  AccountsUpdateOutput,
  TransactionsListInput,
  TransactionsListOutput,
  TransactionChangesInput,
  TransactionChanges,
  TransactionFilter,
  TransactionTotals,
  CorrectTransactionInput,
  CorrectTransactionOutput,
  NetWorthInput,
  NetWorthOutput,
  CashFlowOutput,
  CategoriesInput,
  CategoriesOutput,
  PlanOutput,
  ActivityListOutput,
  CreateWebhookInput,
  WebhookSecretOutput,
  WebhooksListOutput,
  WebhookInput,
  WebhookOutput,
  WebhookDeliveriesOutput,
  RedeliverWebhookInput,
  RedeliverWebhookOutput,
  WebhookTestOutput,
  WebhookEnableOutput,
  ExportOutput,
  LiveChangesInput,
  LiveChange,
} from "./objects.ts";

/** Every procedure that an API key can call. */
export interface Procedures {
  plaid: {
    /**
     * Creates the link_token that opens Plaid Link.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/link-tokens`.
     * @throws FiscilityError: `email_unverified`, `second_factor_required`, `limit_reached`, `link_unavailable`, `not_found`, `item_gone`, `bank_unsupported`, and what any call can fail with.
     */
    createLinkToken: Mutation<CreateLinkTokenInput | undefined, CreateLinkTokenOutput>;
    /**
     * Stores that the user logged in again at a bank, or chose other accounts, in Link's update mode.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/finished-updates`.
     * @throws FiscilityError: `not_found`, `bank_login_required`, `bank_accounts_required`, `bank_access_required`, `bank_action_required`, `bank_unsupported`, `bank_error`, `item_gone`, `limit_reached`, `bank_unavailable`, `plaid_unavailable`, `plaid_refused`, `busy`, and what any call can fail with.
     */
    finishUpdateMode: Mutation<FinishUpdateModeInput, FinishUpdateModeOutput>;
    /**
     * Logs an event that Link reported to the page, for analytics.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/link-events`.
     */
    recordLinkEvent: Mutation<LinkEventInput, LinkEventOutput>;
  };
  /**
   * Exchanges Link's public_token and stores the bank with its accounts. A second call with the same public_token returns the first response.
   *
   * Scope: `connections:write`. REST: `POST /api/v1/connections`.
   * @throws FiscilityError: `email_unverified`, `second_factor_required`, `limit_reached`, `duplicate_accounts`, `public_token_invalid`, `bank_login_required`, `bank_accounts_required`, `bank_access_required`, `bank_action_required`, `bank_unsupported`, `bank_error`, `item_gone`, `bank_unavailable`, `plaid_unavailable`, `plaid_refused`, `busy`, `connect_failed`, `exchange_lost`, `outcome_pending`, and what any call can fail with.
   */
  connectAccount: Mutation<ConnectAccountInput, ConnectAccountOutput>;
  connections: {
    /**
     * The result of a Link: whether its bank is connected, and as which Item.
     *
     * Scope: `connections:write`. REST: `GET /api/v1/connections/{id}`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    get: Query<ConnectionsGetInput, ConnectionsGetOutput>;
  };
  items: {
    /**
     * Changes which of the accounts that a bank shares are connected. An account that is taken out is deleted with its transactions, and can be added again.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/account-choices`.
     * @throws FiscilityError: `not_found`, `limit_reached`, `bank_login_required`, `bank_accounts_required`, `bank_access_required`, `bank_action_required`, `bank_unsupported`, `bank_error`, `item_gone`, `bank_unavailable`, `plaid_unavailable`, `plaid_refused`, `busy`, and what any call can fail with.
     */
    chooseAccounts: Mutation<ChooseAccountsInput, ChooseAccountsOutput>;
    /**
     * Disconnects a bank: its accounts and their data are deleted here, and our access is removed at Plaid. `confirmation` is “disconnect” and the bank's name.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/disconnections`.
     * @throws FiscilityError: `not_found`, `confirmation_mismatch`, `busy`, and what any call can fail with.
     */
    disconnect: Mutation<DisconnectInput, DisconnectOutput>;
    /**
     * Fetches a bank's newest transactions, at most once every 15 minutes. They arrive with the Item's next sync.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/refreshes`.
     * @throws FiscilityError: `not_found`, `refreshed_recently`, `bank_login_required`, `bank_accounts_required`, `bank_access_required`, `bank_action_required`, `bank_unsupported`, `bank_error`, `item_gone`, and what any call can fail with.
     */
    refresh: Mutation<RefreshInput, RefreshOutput>;
  };
  accounts: {
    /**
     * One account with its balances and its bank.
     *
     * Scope: `accounts:read`. REST: `GET /api/v1/accounts/{id}`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    get: Query<AccountsGetInput, AccountsGetOutput>;
    /**
     * Every connected bank with its accounts and balances, newest bank first.
     *
     * Scope: `accounts:read`. REST: `GET /api/v1/accounts`.
     */
    list: Query<undefined, AccountsListOutput>;
    /**
     * Renames an account, or excludes it from totals.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/account-settings`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    update: Mutation<AccountsUpdateInput, AccountsUpdateOutput>;
  };
  transactions: {
    /**
     * Transactions of every account or of one, newest first, in pages.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/transactions`.
     */
    list: Query<TransactionsListInput, TransactionsListOutput>;
    /**
     * What changed in the transactions since a cursor, removals included: keep a copy up to date with it.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/transaction-changes`.
     * @throws FiscilityError: `cursor_expired`, and what any call can fail with.
     */
    changes: Query<TransactionChangesInput, TransactionChanges>;
    /**
     * Totals of the transactions that match a filter, by month and by category.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/transaction-totals`.
     */
    totals: Query<TransactionFilter, TransactionTotals>;
    /**
     * Corrects the category or the merchant of a transaction permanently.
     *
     * Scope: `connections:write`. REST: `POST /api/v1/transaction-corrections`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    correct: Mutation<CorrectTransactionInput, CorrectTransactionOutput>;
  };
  insights: {
    /**
     * Net worth by day for each currency, by default over the last year.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/insights/net-worth`.
     */
    netWorth: Query<NetWorthInput | undefined, NetWorthOutput>;
    /**
     * Money in and out by month over the last year, for each currency.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/insights/cash-flow`.
     */
    cashFlow: Query<undefined, CashFlowOutput>;
    /**
     * Money in and out in a month by category, for each currency.
     *
     * Scope: `transactions:read`. REST: `GET /api/v1/insights/categories`.
     */
    categories: Query<CategoriesInput, CategoriesOutput>;
  };
  plan: {
    /**
     * The plan, how many of its accounts are used, and every plan.
     *
     * Scope: `accounts:read`. REST: `GET /api/v1/plan`.
     */
    get: Query<undefined, PlanOutput>;
  };
  activity: {
    /**
     * The newest 100 entries of the history of connections, newest first.
     *
     * Scope: `activity:read`. REST: `GET /api/v1/activity`.
     */
    list: Query<undefined, ActivityListOutput>;
  };
  webhooks: {
    /**
     * Adds an address that receives signed webhooks. Only this response contains its secret.
     *
     * Scope: `webhooks:write`. REST: `POST /api/v1/webhooks`.
     * @throws FiscilityError: `webhook_url_refused`, `too_many_webhooks`, `email_unverified`, and what any call can fail with.
     */
    create: Mutation<CreateWebhookInput, WebhookSecretOutput>;
    /**
     * Every address that receives webhooks, newest first.
     *
     * Scope: `webhooks:write`. REST: `GET /api/v1/webhooks`.
     */
    list: Query<undefined, WebhooksListOutput>;
    /**
     * Removes an address with its deliveries: nothing more is sent to it.
     *
     * Scope: `webhooks:write`. REST: `DELETE /api/v1/webhooks/{id}`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    delete: Mutation<WebhookInput, WebhookOutput>;
    /**
     * Gives an address a new secret. For a day the previous one also signs.
     *
     * Scope: `webhooks:write`. REST: `POST /api/v1/webhook-secrets`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    replaceSecret: Mutation<WebhookInput, WebhookSecretOutput>;
    /**
     * The newest 100 deliveries to an address, newest first. They are kept for 30 days.
     *
     * Scope: `webhooks:write`. REST: `GET /api/v1/webhooks/{id}/deliveries`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    deliveries: Query<WebhookInput, WebhookDeliveriesOutput>;
    /**
     * Sends a delivery again, with the same id, and retries it for a day.
     *
     * Scope: `webhooks:write`. REST: `POST /api/v1/webhook-redeliveries`.
     * @throws FiscilityError: `not_found`, `webhook_disabled`, and what any call can fail with.
     */
    redeliver: Mutation<RedeliverWebhookInput, RedeliverWebhookOutput>;
    /**
     * Sends the event `webhook.test` to an address, signed and retried like any other.
     *
     * Scope: `webhooks:write`. REST: `POST /api/v1/webhook-tests`.
     * @throws FiscilityError: `not_found`, `webhook_disabled`, and what any call can fail with.
     */
    sendTest: Mutation<WebhookInput, WebhookTestOutput>;
    /**
     * Sends webhooks again to an address that was disabled because it responded 410 Gone. What happened meanwhile is not sent.
     *
     * Scope: `webhooks:write`. REST: `POST /api/v1/webhook-activations`.
     * @throws FiscilityError: `not_found`, and what any call can fail with.
     */
    enable: Mutation<WebhookInput, WebhookEnableOutput>;
  };
  account: {
    /**
     * All stored data of the user: their profile, banks, activity and transactions.
     *
     * Scope: `account:export`. REST: `GET /api/v1/account/export`.
     * @throws FiscilityError: `export_running`, and what any call can fail with.
     */
    exportData: Query<undefined, ExportOutput>;
  };
  live: {
    /**
     * Every change of the connected banks and accounts, as it happens.
     *
     * Scope: `accounts:read`.
     */
    changes: Subscription<LiveChangesInput | undefined, LiveChange>;
  };
}

export const procedureTypes = {
  "plaid.createLinkToken": "mutation",
  "plaid.finishUpdateMode": "mutation",
  "plaid.recordLinkEvent": "mutation",
  "connectAccount": "mutation",
  "connections.get": "query",
  "items.chooseAccounts": "mutation",
  "items.disconnect": "mutation",
  "items.refresh": "mutation",
  "accounts.get": "query",
  "accounts.list": "query",
  "accounts.update": "mutation",
  "transactions.list": "query",
  "transactions.changes": "query",
  "transactions.totals": "query",
  "transactions.correct": "mutation",
  "insights.netWorth": "query",
  "insights.cashFlow": "query",
  "insights.categories": "query",
  "plan.get": "query",
  "activity.list": "query",
  "webhooks.create": "mutation",
  "webhooks.list": "query",
  "webhooks.delete": "mutation",
  "webhooks.replaceSecret": "mutation",
  "webhooks.deliveries": "query",
  "webhooks.redeliver": "mutation",
  "webhooks.sendTest": "mutation",
  "webhooks.enable": "mutation",
  "account.exportData": "query",
  "live.changes": "subscription",
} as const;
