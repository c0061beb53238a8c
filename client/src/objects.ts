// Written by `npm run contract -- --write` from the contracts and the procedures: change those.

export interface ExportOutput {
  /** When the export was made, ISO 8601 UTC. */
  exportedAt: string;
  /** The user. */
  user: Viewer;
  /** The plan's id, as in `plan.get`. */
  plan: string;
  /** Every live Item, newest first. */
  items: ItemWithAccounts[];
  /** Requests for larger plans, newest first. */
  planRequests: PlanRequest[];
  /** The whole activity of the connections, newest first. */
  activity: ActivityEntry[];
  /** Log-ins of the last 400 days, newest first. */
  logIns: LogIn[];
  /** The whole security history, newest first, including log-ins. */
  securityEvents: SecurityEvent[];
  /** The consent for each connected bank, newest first. */
  consents: Consent[];
  /** The notices that the user has declined. */
  declinedNotices: NoticeKind[];
  /** The second factors of log-ins. */
  secondFactors: SecondFactors;
  /** Live sessions, most recently used first. */
  sessions: Session[];
  /** API keys, revoked and expired ones too, newest first; never the keys themselves. */
  apiKeys: ApiKey[];
  /** The addresses that webhooks are sent to, without their secrets, newest first. */
  webhooks: WebhookEndpoint[];
  /** All transactions, newest first. */
  transactions: Transaction[];
}

export interface Account {
  /** Our id of the account. It stays when the bank is reconnected. */
  id: string;
  /** The id of the Item that the account belongs to. */
  itemId: string;
  /** The user's name for the account, or else the bank's. */
  name: string;
  /** The bank's name for the account. */
  bankName: string;
  /** The bank's name of the product; null when it has none. */
  officialName: string | null;
  /** The last two to four characters of the account number; null when the bank does not return them. */
  mask: string | null;
  /** Plaid's type: depository, credit, loan, investment or other. */
  type: string;
  /** Plaid's subtype: checking, savings, credit card, … */
  subtype: string | null;
  /** The bank no longer shares it, because the user withdrew the permission. Its data is from before. */
  revoked: boolean;
  /** The user excludes it from totals: net worth, money in and out. It stays connected. */
  hidden: boolean;
  /** The bank's latest balances. */
  balances: Balances;
}

export interface AccountsGetInput {
  /** The account's id, as in `accounts.list`. */
  id: string;
}

export interface AccountsGetOutput {
  /** The account. */
  account: Account;
  /** The Item that it belongs to. */
  item: Item;
}

export interface AccountsListOutput {
  /** Every live Item of the user, newest first. */
  items: ItemWithAccounts[];
}

export interface AccountsUpdateInput {
  /** The account's id, as in `accounts.list`. */
  accountId: string;
  /** The user's name for the account; null for the bank's. */
  name?: string | null | undefined;
  /** Whether it is excluded from totals. */
  hidden?: boolean | undefined;
}

export interface AccountsUpdateOutput {
  /** The changed account. */
  account: Account;
}

export interface Balances {
  /** What is in the account, or what is owed on a `credit` or `loan` account, without pending transactions. A decimal string; null when the bank does not return it. */
  current: Decimal | null;
  /** What can be spent or withdrawn now. A decimal string; null when the bank does not return it. */
  available: Decimal | null;
  /** The credit limit, or the overdraft of a `depository` account. A decimal string; null when there is none or the bank does not return it. */
  limit: Decimal | null;
  /** ISO 4217, or Plaid's unofficial code (BTC, …) where ISO has none; null when unknown. */
  currency: string | null;
}

/** An amount of money as a decimal string, in units of the currency: -1234.56. */
export type Decimal = string;

export interface Item {
  /** Our id of the Item. */
  id: string;
  /** The bank. */
  institution: {
    /** Plaid's id of the bank; null when Plaid returns none. */
    id: string | null;
    /** The bank's name. */
    name: string;
    /** The path of its logo here, a square PNG: /logos/….png; null when there is none. */
    logo: string | null;
    /** Its color, like #1f6f78; null when unknown. */
    color: string | null;
    /** Its website; null when unknown. */
    url: string | null;
  };
  /** Whether the bank's data arrives, and what the bank needs if not. */
  status: ItemStatus;
  /** Why the bank's data does not arrive, and what restores it; null while it arrives. `wait` does not change the status. */
  problem: ItemProblem | null;
  /** When the user's permission ends, ISO 8601 UTC; null when it has no known end. */
  expiresAt: string | null;
  /** The bank has accounts that were not chosen; update mode offers them. */
  newAccounts: boolean;
  /** False for a brokerage or lender without transactions: it has only accounts and balances, and `sync` is about these. */
  hasTransactions: boolean;
  /** Accounts that the bank shares and that are not connected, in the bank's order. */
  notConnected: UnconnectedAccount[];
  /** The state of the Item's transactions. */
  sync: ItemSync;
  /** The state of the last `items.refresh`. */
  refresh: ItemRefresh;
  /** Data of the last sync that could not be read. */
  unreadable: Unreadable;
  /** The steps of the connection, with the state of each. */
  timeline: Timeline;
  /** When the bank was connected, ISO 8601 UTC. */
  createdAt: string;
}

export interface ItemRefresh {
  /** Whether a refresh runs now. */
  status: "idle" | "running";
  /** When the bank may be refreshed again, ISO 8601 UTC; null when it never was. */
  availableAt: string | null;
}

export type ItemStatus = "good" | "expiring" | "login_required" | "revoked";

export interface ItemSync {
  /** `waiting`: the first sync is not complete. `failed`: retried within hours. */
  status: "waiting" | "done" | "failed";
  /** When a sync last succeeded, ISO 8601 UTC; null before the first. */
  at: string | null;
  /** Why it failed, if known. `cursor_refused`: the sync starts again from the beginning. */
  problem: "cursor_refused" | null;
}

export interface ItemWithAccounts {
  /** Our id of the Item. */
  id: string;
  /** The bank. */
  institution: {
    /** Plaid's id of the bank; null when Plaid returns none. */
    id: string | null;
    /** The bank's name. */
    name: string;
    /** The path of its logo here, a square PNG: /logos/….png; null when there is none. */
    logo: string | null;
    /** Its color, like #1f6f78; null when unknown. */
    color: string | null;
    /** Its website; null when unknown. */
    url: string | null;
  };
  /** Whether the bank's data arrives, and what the bank needs if not. */
  status: ItemStatus;
  /** Why the bank's data does not arrive, and what restores it; null while it arrives. `wait` does not change the status. */
  problem: ItemProblem | null;
  /** When the user's permission ends, ISO 8601 UTC; null when it has no known end. */
  expiresAt: string | null;
  /** The bank has accounts that were not chosen; update mode offers them. */
  newAccounts: boolean;
  /** False for a brokerage or lender without transactions: it has only accounts and balances, and `sync` is about these. */
  hasTransactions: boolean;
  /** Accounts that the bank shares and that are not connected, in the bank's order. */
  notConnected: UnconnectedAccount[];
  /** The state of the Item's transactions. */
  sync: ItemSync;
  /** The state of the last `items.refresh`. */
  refresh: ItemRefresh;
  /** Data of the last sync that could not be read. */
  unreadable: Unreadable;
  /** The steps of the connection, with the state of each. */
  timeline: Timeline;
  /** When the bank was connected, ISO 8601 UTC. */
  createdAt: string;
  /** Its accounts, oldest first. */
  accounts: Account[];
}

export interface UnconnectedAccount {
  /** Our id of the account. It stays when the bank is reconnected. */
  id: string;
  /** The user's name for the account, or else the bank's. */
  name: string;
  /** The bank's name of the product; null when it has none. */
  officialName: string | null;
  /** The last two to four characters of the account number; null when the bank does not return them. */
  mask: string | null;
  /** Plaid's type: depository, credit, loan, investment or other. */
  type: string;
  /** Plaid's subtype: checking, savings, credit card, … */
  subtype: string | null;
}

export interface Unreadable {
  /** Transactions that are missing or outdated. */
  transactions: number;
  /** Accounts without all of their current balances. */
  accounts: number;
}

export interface ActivityEntry {
  /** The entry's id. */
  id: string;
  /** What happened. */
  kind: ActivityKind;
  /** The Item it is about; null when none was created or it was disconnected. */
  itemId: string | null;
  /** The bank's name; null when unknown. */
  institutionName: string | null;
  /** How many accounts it is about. */
  accountCount: number;
  /** Why, on `refused`, `failed` and some `reconnected`; null on all others. */
  reason: string | null;
  /** For an entry about a connected bank whose data stopped: what restores it. Its `kind` is then `login_required`, `revoked`, or `failed` for `wait`. */
  problem: ItemProblemKind | null;
  /** For a connection that may still exist at the bank connection service: whether it has been removed. Null for all others, and when it cannot be found. */
  cleanUp: "pending" | "done" | null;
  /** When it happened, ISO 8601 UTC. */
  createdAt: string;
}

export type ActivityKind = "connected" | "already_connected" | "refused" | "failed" | "reconnected" | "disconnected" | "login_required" | "expiring" | "revoked" | "repaired" | "new_accounts" | "account_revoked";

export interface ActivityListOutput {
  /** The newest 100, newest first. */
  entries: ActivityEntry[];
}

export interface ApiKey {
  /** The key's id. */
  id: string;
  /** The user's name for it. */
  name: string;
  /** The start of the key: `fsk_` and its id. */
  prefix: string;
  /** What the key may do. */
  scopes: Scope[];
  /** `live` until it expires or is revoked. */
  status: ApiKeyStatus;
  /** When it was created, ISO 8601 UTC. */
  createdAt: string;
  /** When it stops working, ISO 8601 UTC; null for never. */
  expiresAt: string | null;
  /** When it was last used, ISO 8601 UTC, exact to the minute; null when it never was. */
  lastUsedAt: string | null;
}

export type ApiKeyStatus = "live" | "expired" | "revoked";

export type Scope = "accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export";

export interface ChooseAccountsInput {
  /** The id of the Item. */
  itemId: string;
  /** Our ids of the accounts to connect from now on, out of its `accounts` and its `notConnected`. Others are disconnected, and their transactions deleted. */
  accountIds: string[];
}

export interface ChooseAccountsOutput {
  /** The Item after the change. */
  item: Item;
  /** All accounts of the Item. */
  accounts: Account[];
  /** How many accounts were connected by this call. */
  added: number;
  /** How many accounts were disconnected by this call. */
  removed: number;
}

export interface ConnectAccountInput {
  /** What Link's `onSuccess` passes. It is also the idempotency key: sent twice, it connects once. */
  publicToken: PublicToken;
  /** Link's `onSuccess` metadata, as far as you have it. It is advice: nothing in it is refused. */
  metadata?: LinkMetadata | null | undefined;
  /** After `duplicate_accounts`: accounts that only look like known ones are treated as different ones. */
  connectAnyway?: boolean | undefined;
  /** The link_token that Link was opened with. Without it we check at Plaid some minutes later whether that Link was finished. */
  linkToken?: string | undefined;
  /** Plaid's ids of the accounts to connect, from Link's metadata or `limit_reached`. By default all are connected. */
  accountIds?: string[] | undefined;
}

export interface ConnectAccountOutput {
  /** `connected`: this request created the Item. `already_connected`: an earlier one did, or the bank shared only known accounts. */
  outcome: "connected" | "already_connected";
  /** The Item that holds the accounts. */
  item: Item;
  /** The new accounts, or all accounts of an Item that existed already. */
  accounts: Account[];
}

export interface CreateLinkTokenInput {
  /** The id of an Item: Link opens in update mode for it, and no new Item is made. */
  itemId?: string | undefined;
  /** The date of the privacy notice that the user sees now. It is recorded with the connection. */
  noticeVersion?: string | undefined;
  /** The id of an Item whose access has ended (its `problem.kind` is `connect_again`): Link opens for its bank, and the new Item takes over its accounts, with their ids, names and transactions. */
  connectAgain?: string | undefined;
  /** What Link offers: `bank` (the default) banks and cards, `investments` brokerages, `loan` lenders. A bank that is connected as `bank` is billed at the bank connection service for Transactions, `investments` for Investments, `loan` for Liabilities; the latter two for Transactions as well where an account has some. Not used with `itemId`. */
  kind?: LinkKind | undefined;
  /** With `itemId`: Link asks which accounts to share, even if the bank needs nothing. */
  chooseAccounts?: boolean | undefined;
  /** Plaid shows Link on a page of its own, at `hostedLinkUrl`: send that to the user within a day. The bank is connected without a page of yours, and `connections.get` returns the result. */
  hosted?: boolean | undefined;
  /** With `hosted`: where Plaid's page sends the user when Link ends, with or without a bank. */
  completionRedirectUri?: string | undefined;
}

export interface CreateLinkTokenOutput {
  /** What Plaid Link is opened with. */
  linkToken: string;
  /** When the link_token expires, ISO 8601 UTC. */
  expiration: string;
  /** Our id of this Link, for `connections.get`. Not a secret. */
  linkId: string;
  /** With `hosted`: the address of Plaid's page, to send to the user; otherwise null. */
  hostedLinkUrl: string | null;
}

export interface DisconnectInput {
  /** The id of the Item to disconnect. */
  itemId: string;
  /** `disconnect <name of the bank>`; case and spacing do not matter. */
  confirmation: string;
}

export interface DisconnectOutput {
  /** The disconnected Item. */
  item: {
    /** Our id of the Item. */
    id: string;
    /** The bank. */
    institution: {
      /** Plaid's id of the bank; null when Plaid returns none. */
      id: string | null;
      /** The bank's name. */
      name: string;
      /** The path of its logo here, a square PNG: /logos/….png; null when there is none. */
      logo: string | null;
      /** Its color, like #1f6f78; null when unknown. */
      color: string | null;
      /** Its website; null when unknown. */
      url: string | null;
    };
  };
  /** How many accounts were disconnected. They no longer count towards the plan. */
  accountCount: number;
}

export interface FinishUpdateModeInput {
  /** The id of the Item that Link was opened for. */
  itemId: string;
  /** Link's `link_session_id`. */
  linkSessionId?: string | null | undefined;
  /** The link_token that Link was opened with. Without it we check at Plaid some minutes later whether that Link was finished. */
  linkToken?: string | undefined;
}

export interface FinishUpdateModeOutput {
  /** The Item after the change. */
  item: Item;
  /** All accounts of the Item. */
  accounts: Account[];
  /** How many of the accounts are new. */
  added: number;
}

export interface LinkEventInput {
  /** Link's name of the event: OPEN, EXIT, … */
  eventName?: string | null | undefined;
  /** Link's `link_session_id`. */
  linkSessionId?: string | null | undefined;
  /** Plaid's id of the bank, once one was chosen. */
  institutionId?: string | null | undefined;
  /** The page of Link, for a TRANSITION_VIEW. */
  viewName?: string | null | undefined;
  /** Plaid's `error_type`, for an ERROR or EXIT. */
  errorType?: string | null | undefined;
  /** Plaid's `error_code`, for an ERROR or EXIT. */
  errorCode?: string | null | undefined;
}

export interface LinkEventOutput {
  /** The event is in the log. */
  recorded: true;
}

export type LinkKind = "bank" | "investments" | "loan";

export interface LinkMetadata {
  /** The bank that was chosen. */
  institution?: {
    /** Plaid's id of the bank. */
    institutionId?: string | null | undefined;
    /** The bank's name. */
    name?: string | null | undefined;
  } | null | undefined;
  /** The accounts that were chosen. */
  accounts?: {
    /** Plaid's id of the account, as of this Link. */
    id?: string | null | undefined;
    /** The account's name. */
    name?: string | null | undefined;
    /** The last characters of the account number. */
    mask?: string | null | undefined;
    /** Plaid's type of the account. */
    type?: string | null | undefined;
    /** Plaid's subtype of the account. */
    subtype?: string | null | undefined;
  }[] | null | undefined;
  /** Link's `link_session_id`. */
  linkSessionId?: string | null | undefined;
}

export type PublicToken = string;

export interface RefreshInput {
  /** The id of the Item to refresh. */
  itemId: string;
}

export interface RefreshOutput {
  /** The state of the refresh. */
  refresh: ItemRefresh;
}

export type ConnectionStatus = "open" | "finishing" | "connected" | "not_connected" | "ended";

export interface ConnectionsGetInput {
  /** The `linkId` that `plaid.createLinkToken` returned. */
  id: string;
}

export interface ConnectionsGetOutput {
  /** Our id of the Link. */
  id: string;
  /** `open`: the user may still finish Link. `finishing`: they did, and the bank is being connected. `connected`: `itemId` holds its accounts, or was reconnected. `not_connected`: it failed, and `reason` says why. `ended`: it ended without a connection, or the connection was disconnected since. */
  status: ConnectionStatus;
  /** The Item that holds the accounts; null unless `connected`. */
  itemId: string | null;
  /** The bank's name; null when unknown. */
  institutionName: string | null;
  /** For `not_connected`: a reason of `connectAccount`, or null. */
  reason: string | null;
}

export interface Consent {
  /** The consent's id. */
  id: string;
  /** The bank's name. */
  institutionName: string;
  /** When the bank was connected, ISO 8601 UTC. */
  connectedAt: string;
  /** The date of the privacy notice that was shown; null when no page of ours showed one. */
  noticeVersion: string | null;
  /** When the notice was shown, ISO 8601 UTC; null when none was. */
  shownAt: string | null;
  /** Link's `link_session_id`. */
  linkSessionId: string | null;
}

export interface CashFlowInCurrency {
  /** ISO 4217, or Plaid's unofficial code where ISO has none. */
  currency: string;
  /** Oldest first, to the current month. */
  months: CashFlowOfMonth[];
}

export interface CashFlowOfMonth {
  /** A calendar month, YYYY-MM. */
  month: string;
  /** Money that came in. A decimal string, never negative. */
  in: Decimal;
  /** Money that went out. A decimal string, never negative. */
  out: Decimal;
}

export interface CashFlowOutput {
  /** A line for each currency; they are never added. */
  currencies: CashFlowInCurrency[];
}

export interface CategoriesInput {
  /** A calendar month, YYYY-MM. */
  month: string;
}

export interface CategoriesOutput {
  /** A list for each currency; they are never added. */
  currencies: {
    /** ISO 4217, or Plaid's unofficial code where ISO has none. */
    currency: string;
    /** The one with the most money first. */
    categories: FlowOfCategory[];
  }[];
}

export interface FlowOfCategory {
  /** The category, like FOOD_AND_DRINK; null for transactions without one. */
  category: string | null;
  /** Money that came in. A decimal string, never negative. */
  in: Decimal;
  /** Money that went out. A decimal string, never negative. */
  out: Decimal;
  /** How many transactions. */
  count: number;
}

export interface NetWorthInCurrency {
  /** ISO 4217, or Plaid's unofficial code where ISO has none. */
  currency: string;
  /** Oldest first, to today. */
  days: WorthOfDay[];
}

export interface NetWorthInput {
  /** How far back: 1m, 3m, 1y (the default) or all, which is ten years at most. */
  range?: NetWorthRange | undefined;
}

export interface NetWorthOutput {
  /** A line for each currency; they are never added. */
  currencies: NetWorthInCurrency[];
}

export type NetWorthRange = "1m" | "3m" | "1y" | "all";

export interface WorthOfDay {
  /** A calendar day in UTC, YYYY-MM-DD. */
  date: string;
  /** A decimal string; negative when the user owes more than they have. */
  amount: Decimal;
}

export interface ItemProblem {
  /** How to restore the bank's data; the kinds are described with their type. */
  kind: ItemProblemKind;
  /** A sentence for the user: what is wrong and what to do. Plaid's own for `unknown`. */
  message: string;
}

/** How to restore the bank's data. `log_in`: log in again, in update mode. `choose_accounts`: choose the accounts again, in update mode. `allow_access`: allow access again, in update mode. `act_at_bank`: do something at the bank's own site first, then log in again. `wait`: nothing; we keep trying. `unsupported`: nothing; this bank is no longer supported. `connect_again`: access has ended; connect the bank again, with `connectAgain` of `plaid.createLinkToken`. `unknown`: see the bank's message; update mode may help. */
export type ItemProblemKind = "log_in" | "choose_accounts" | "allow_access" | "act_at_bank" | "wait" | "unsupported" | "connect_again" | "unknown";

export interface ChangedObjects {
  /** Items that were connected, changed or disconnected. */
  items: string[];
  /** Accounts that were added, changed or removed. */
  accounts: string[];
  /** Transactions that were added, changed or removed; none for an API key without the scope `transactions:read`. */
  transactions: string[];
  /** Not all is listed: more than 100 of a kind changed, or all transactions of an account were removed. */
  more: boolean;
}

export interface LiveChange {
  /** Rises with each change. */
  dataVersion: number;
  /** What changed since the event before; null where that is not known, as on a stream that begins: read everything. */
  changed: ChangedObjects | null;
}

export interface LiveChangesInput {
  /** The id of the last event that was received: the stream continues from there. */
  lastEventId?: string | undefined;
}

export type NoticeKind = "bank_connected" | "bank_disconnected" | "bank_needs_you" | "connection_ends_soon" | "plan_changed";

export interface Plan {
  /** The plan's id: intern, accountant, analyst or cfo. */
  id: string;
  /** The plan's name as users see it. */
  name: string;
  /** The price of a month, a decimal string. */
  priceMonthly: Decimal;
  /** The currency of the price, ISO 4217. */
  currency: string;
  /** Accounts (not Items) that it has room for. */
  maxAccounts: number;
}

export interface PlanOutput {
  /** The user's plan. */
  plan: Plan;
  /** Accounts (not Items) that the user has connected now. */
  accountsUsed: number;
  /** Every plan, smallest first. */
  plans: Plan[];
}

export interface PlanRequest {
  /** The id of the requested plan. */
  plan: string;
  /** What the user wrote; null for nothing. */
  note: string | null;
  /** When it was requested, ISO 8601 UTC. */
  requestedAt: string;
  /** When an operator changed the plan, ISO 8601 UTC; null before. */
  answeredAt: string | null;
}

export interface Passkey {
  /** The credential id, base64url. */
  id: string;
  /** The user's name for it. */
  name: string;
  /** When it was added, ISO 8601 UTC. */
  createdAt: string;
  /** When it was last used, ISO 8601 UTC; null when it never was. */
  lastUsedAt: string | null;
}

export interface SecondFactors {
  /** When the authenticator app was set up, ISO 8601 UTC; null when there is none. */
  totpSince: string | null;
  /** Passkeys, newest first. */
  passkeys: Passkey[];
  /** How many of the ten backup codes were not used yet. */
  backupCodesLeft: number;
}

export interface SecurityEvent {
  /** The event's id. */
  id: string;
  /** When it happened, ISO 8601 UTC. */
  at: string;
  /** What happened. */
  kind: SecurityEventKind;
  /** What it was about: the name of an API key, the reason an operator gave. */
  details: Record<string, string>;
  /** The IP address of the request that caused it; null when there was none. */
  address: string | null;
  /** The browser or program that sent that request; null when unknown. */
  userAgent: string | null;
}

export type SecurityEventKind = "log_in" | "log_in_failed" | "log_out" | "session_ended" | "other_sessions_ended" | "step_up" | "step_up_failed" | "password_changed" | "password_reset_requested" | "password_reset" | "email_verified" | "email_change_requested" | "email_changed" | "api_key_made" | "api_key_revoked" | "webhook_added" | "webhook_removed" | "webhook_secret_replaced" | "passkey_added" | "passkey_removed" | "authenticator_added" | "authenticator_removed" | "backup_codes_replaced" | "backup_code_used" | "factor_failed" | "device_trusted" | "data_exported" | "operator_disabled" | "operator_enabled" | "operator_ended_sessions" | "operator_reset_factor" | "operator_changed_plan";

export interface LogIn {
  /** The log-in's id. */
  id: string;
  /** When it was attempted, ISO 8601 UTC. */
  at: string;
  /** How it ended. */
  outcome: "succeeded" | "wrong_password";
  /** The IP address that it came from; null when unknown. */
  address: string | null;
  /** The browser or program that it came from; null when unknown. */
  userAgent: string | null;
}

export interface Session {
  /** When the user logged in, ISO 8601 UTC. */
  startedAt: string;
  /** When it ends unless it is used, ISO 8601 UTC. */
  endsAt: string;
  /** The IP address that it came from; null when unknown. */
  address: string | null;
  /** The browser or program that it came from; null when unknown. */
  userAgent: string | null;
}

export interface Viewer {
  /** The user's id. */
  id: string;
  /** The user's name. */
  name: string;
  /** The address that the user logs in with. */
  email: string;
}

export interface Timeline {
  /** The steps in their order. */
  steps: TimelineStep[];
  /** How many transactions the first sync has fetched so far. */
  transactions: number;
}

export interface TimelineStep {
  /** The step's name. */
  step: TimelineStepName;
  /** `failed` steps are retried automatically. `needs_you`: the user has to act at the bank first. */
  state: "waiting" | "running" | "done" | "failed" | "needs_you";
  /** When a failed step is retried, ISO 8601 UTC; null on all others. */
  retryAt: string | null;
}

export type TimelineStepName = "connected" | "refreshed" | "sync_started" | "transactions" | "done";

export interface CorrectTransactionInput {
  /** The transaction's id. */
  transactionId: string;
  /** Plaid's primary category, like FOOD_AND_DRINK; null for the bank's value. */
  category?: string | null | undefined;
  /** Who was paid or who paid; null for the bank's value. */
  merchant?: string | null | undefined;
}

export interface CorrectTransactionOutput {
  /** The corrected transaction. */
  transaction: Transaction;
}

export interface RemovedTransaction {
  /** The id that the transaction had. */
  id: string;
  /** The id of the account it was on. */
  accountId: string;
}

export interface TotalOfMonth {
  /** A calendar month, YYYY-MM. */
  month: string;
  /** Money that came in. A decimal string, never negative. */
  in: Decimal;
  /** Money that went out. A decimal string, never negative. */
  out: Decimal;
  /** How many transactions. */
  count: number;
}

export interface Transaction {
  /** The transaction's id. A posted one has another id than it had while pending. */
  id: string;
  /** The id of its account. */
  accountId: string;
  /** A calendar day at the bank, YYYY-MM-DD. */
  date: string;
  /** A decimal string. Positive: money left the account. Negative: money came in. */
  amount: Decimal;
  /** ISO 4217, or Plaid's unofficial code where ISO has none; null when unknown. */
  currency: string | null;
  /** The bank's text. */
  name: string;
  /** Who was paid or who paid, as corrected; null when unknown. */
  merchant: string | null;
  /** Plaid's primary category, like FOOD_AND_DRINK, as corrected; null when unknown. */
  category: string | null;
  /** The user has corrected its category or its merchant. */
  corrected: boolean;
  /** Not posted yet: it may change or be removed. */
  pending: boolean;
}

export interface TransactionChanges {
  /** Accounts all of whose transactions were removed: delete what you have of them first, then `removed`, then store `changed`. */
  removedAccounts: string[];
  /** Transactions that were removed; you may never have had some of them. */
  removed: RemovedTransaction[];
  /** Transactions that were added or changed, as they are now; store each by its id. */
  changed: Transaction[];
  /** The `since` of the next page, or of what changes from now on. Accepted for 90 days. */
  cursor: string;
  /** More changes are there already: read the next page. */
  hasMore: boolean;
}

export interface TransactionChangesInput {
  /** The `cursor` of the changes before; left out, every transaction is read from the beginning. */
  since?: string | undefined;
  /** Changes of the page, removals included, 500 at most; 200 unless given. */
  limit?: number | undefined;
}

export interface TransactionFilter {
  /** Only those of this account. */
  accountId?: string | undefined;
  /** The first day, inclusive, YYYY-MM-DD. */
  from?: string | undefined;
  /** The last day, inclusive, YYYY-MM-DD. */
  to?: string | undefined;
  /** Plaid's primary category, as in a transaction. */
  category?: string | undefined;
  /** The smallest amount, inclusive. A decimal string; positive is money that left the account. */
  minAmount?: Decimal | undefined;
  /** The largest amount, inclusive. A decimal string; positive is money that left the account. */
  maxAmount?: Decimal | undefined;
  /** Text that the name or the merchant contains; case does not matter. */
  search?: string | undefined;
}

export interface TransactionTotals {
  /** Totals for each currency, that of the most transactions first. */
  currencies: {
    /** As in a transaction. */
    currency: string | null;
    /** Newest first, at most 24. */
    months: TotalOfMonth[];
    /** The one with the most money first. */
    categories: FlowOfCategory[];
  }[];
}

export interface TransactionsListInput {
  /** Transactions in a page: at most 500, by default 50. */
  limit?: number | undefined;
  /** The `nextCursor` of the previous page, with the same filter; not set for the first page. */
  cursor?: string | undefined;
  /** Only those of this account. */
  accountId?: string | undefined;
  /** The first day, inclusive, YYYY-MM-DD. */
  from?: string | undefined;
  /** The last day, inclusive, YYYY-MM-DD. */
  to?: string | undefined;
  /** Plaid's primary category, as in a transaction. */
  category?: string | undefined;
  /** The smallest amount, inclusive. A decimal string; positive is money that left the account. */
  minAmount?: Decimal | undefined;
  /** The largest amount, inclusive. A decimal string; positive is money that left the account. */
  maxAmount?: Decimal | undefined;
  /** Text that the name or the merchant contains; case does not matter. */
  search?: string | undefined;
}

export interface TransactionsListOutput {
  /** At most `limit`, newest first. */
  transactions: Transaction[];
  /** For the next page; null on the last. */
  nextCursor: string | null;
}

export interface CreateWebhookInput {
  /** An https address that the internet can reach; in local mode also http on loopback. */
  url: string;
  /** The events to send. */
  events: WebhookEventType[];
}

export type DeliveryError = "timed_out" | "name_not_found" | "address_not_public" | "connection_failed" | "certificate_invalid" | "redirected" | "status" | "disabled";

export interface RedeliverWebhookInput {
  /** The delivery's id. It is sent again with the same `webhook-id`. */
  id: string;
}

export interface RedeliverWebhookOutput {
  /** The delivery, which is due now. */
  delivery: WebhookDelivery;
}

export interface WebhookDeliveriesOutput {
  /** Newest first. */
  deliveries: WebhookDelivery[];
}

export interface WebhookDelivery {
  /** The delivery's id, which is also the header `webhook-id`. */
  id: string;
  /** The event that it reports. */
  event: SentEventType;
  /** `waiting`: the next attempt is at `nextAttemptAt`. `failed`: no attempt succeeded within 24 hours, or the address was disabled. */
  status: "waiting" | "delivered" | "failed";
  /** How often it was sent. */
  attempts: number;
  /** The HTTP status of the last response. */
  httpStatus: number | null;
  /** Why the last attempt failed; null when it did not. `status`: `httpStatus` is not 2xx. `disabled`: there was no further attempt, because the address was disabled. */
  error: DeliveryError | null;
  /** When it happened, ISO 8601 UTC. */
  createdAt: string;
  /** When it was last sent. */
  attemptedAt: string | null;
  /** When it is next sent; null for never. */
  nextAttemptAt: string | null;
  /** The body that is sent. */
  body: string;
}

export interface WebhookEnableOutput {
  /** The address. */
  webhook: WebhookEndpoint;
}

export interface WebhookEndpoint {
  /** The webhook's id. */
  id: string;
  /** Where webhooks are sent. */
  url: string;
  /** The events that it receives. */
  events: WebhookEventType[];
  /** When it was added, ISO 8601 UTC. */
  createdAt: string;
  /** Until when the previous secret also signs; null when there is none. */
  oldSecretUntil: string | null;
  /** The state of its newest delivery; null when there is none. */
  last: "delivered" | "waiting" | "failed" | null;
  /** Why nothing is sent to it until `webhooks.enable`; null while it is enabled. */
  disabled: {
    /** Since when, ISO 8601 UTC. */
    at: string;
    /** `gone`: it responded 410 Gone. */
    reason: "gone";
  } | null;
}

export interface WebhookInput {
  /** The webhook's id. */
  id: string;
}

export interface WebhookOutput {
  /** The address that was removed. */
  webhook: WebhookEndpoint;
}

export interface WebhookSecretOutput {
  /** The address. */
  webhook: WebhookEndpoint;
  /** Signs the webhooks: `whsec_` and 32 random bytes in base64. It is not shown again. */
  secret: string;
}

export interface WebhookTestOutput {
  /** The delivery of the test event, which is due now. */
  delivery: WebhookDelivery;
}

export interface WebhooksListOutput {
  /** Newest first. */
  webhooks: WebhookEndpoint[];
}

export type SentEventType = "connection.connected" | "connection.failed" | "connection.problem" | "connection.recovered" | "connection.disconnected" | "accounts.changed" | "transactions.changed" | "webhook.test";

export type WebhookEventType = "connection.connected" | "connection.failed" | "connection.problem" | "connection.recovered" | "connection.disconnected" | "accounts.changed" | "transactions.changed";

/** What some reasons carry beside their name. */
export interface ReasonDetails {
  limit_reached: {
    /** The plan's name. */
    plan: string;
    /** Accounts that the plan has room for. */
    limit: number;
    /** Accounts that are connected now. */
    used: number;
    /** How many this connection would add, at least. */
    wanted: number;
    /** Present when some accounts fit: the same public_token may be sent again with `accountIds`. */
    choice?: {
      /** How many of `accounts` may be connected. */
      room: number;
      /** The accounts to choose from. */
      accounts: readonly {
        /** Plaid's id of the account, for `accountIds`. */
        id: string;
        /** Its name; null when Link returned none. */
        name: string | null;
        /** The last characters of its number; null when Link returned none. */
        mask: string | null;
        /** Plaid's type; null when Link returned none. */
        type: string | null;
        /** Plaid's subtype; null when Link returned none. */
        subtype: string | null;
      }[];
    } | undefined;
  };
  duplicate_accounts: {
    /** The Item that holds the accounts already, for update mode. */
    itemId: string;
    /** The bank's name. */
    institutionName: string;
    /** The accounts that are connected already. */
    accounts: {
      /** Our id of the account. */
      id: string;
      /** Its name. */
      name: string;
      /** The last characters of its number; null when the bank returns none. */
      mask: string | null;
    }[];
    /** The match is only likely: the same public_token may be sent again with `connectAnyway`. */
    mayConnectAnyway: boolean;
    /** How many accounts the bank shared. */
    offeredCount: number;
    /** How many of them are new, which update mode can add to the Item. */
    newCount: number;
    /** The Item's status, checked just now; absent when Plaid could not be reached. `revoked`: its access has ended, and the same public_token is accepted now. */
    itemStatus?: "good" | "expiring" | "login_required" | "revoked" | undefined;
  };
  bank_error: {
    /** Plaid's message for the user about the bank's problem; null when there is none. */
    message: string | null;
  };
  exchange_lost: {
    /** Whether we can remove the unfinished connection, which needs Plaid's User APIs. */
    cleanUp: boolean;
  };
  confirmation_mismatch: {
    /** The words that confirm. */
    expected: string;
  };
  invalid_input: {
    /** What is wrong with the input. */
    issues: {
      /** The field, as a dotted path. */
      path: string;
      /** What is expected there. */
      message: string;
    }[];
  };
  scope_missing: {
    /** The scope that the call needs. */
    required: "accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export";
    /** The scopes that this key has. */
    held: ("accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export")[];
  };
  rate_limited: {
    /** Calls in a window, or concurrent calls when the window is 0. */
    limit: number;
    /** The length of a window, in seconds. */
    windowSeconds: number;
    /** Seconds until there is room again. */
    retryAfterSeconds: number;
  };
  too_many_attempts: {
    /** Seconds until the same request is worth sending again. */
    retryAfterSeconds: number;
  };
  busy: {
    /** Seconds until the same request is worth sending again. */
    retryAfterSeconds: number;
  };
  log_in_busy: {
    /** Seconds until the same request is worth sending again. */
    retryAfterSeconds: number;
  };
  refreshed_recently: {
    /** Seconds until the bank may be refreshed again. */
    retryAfterSeconds: number;
  };
  too_many_api_keys: {
    /** Live keys that a user may have. */
    limit: number;
  };
  too_many_webhooks: {
    /** Addresses that a user may have webhooks sent to. */
    limit: number;
  };
  too_many_passkeys: {
    /** Passkeys that a user may have. */
    limit: number;
  };
}
