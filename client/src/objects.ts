// Written by `npm run contract -- --write` from the contracts and the procedures: change those.

export interface ExportOutput {
  /** When the export was made, ISO 8601 UTC. */
  exportedAt: string;
  /** The user. */
  person: Viewer;
  /** The plan's id, as in `plan.get`. */
  plan: string;
  /** Every live Item, newest first. */
  items: ItemWithAccounts[];
  /** Larger plans that were asked for, newest first. */
  planRequests: PlanRequest[];
  /** The whole history of the connections, newest first. */
  activity: ActivityEntry[];
  /** Log-ins of the last 90 days, newest first. */
  logIns: LogIn[];
  /** The whole security record, newest first; log-ins too. */
  securityEvents: SecurityEvent[];
  /** What was shown before each bank was connected, newest first. */
  consents: Consent[];
  /** The mail that the user does not want. */
  declinedNotices: NoticeKind[];
  /** What a log-in asks for after the password. */
  secondFactors: SecondFactors;
  /** Sessions that are not over, the one used last first. */
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
  /** What the user calls the account, or else the bank. */
  name: string;
  /** What the bank calls the account. */
  bankName: string;
  /** The bank's name of the product; null where it gives none. */
  officialName: string | null;
  /** The last two to four characters of the account number; null where the bank gives none. */
  mask: string | null;
  /** Plaid's type: depository, credit, loan, investment or other. */
  type: string;
  /** Plaid's subtype: checking, savings, credit card, … */
  subtype: string | null;
  /** The bank no longer shares it, as the user took the permission away: its data is as it was then. */
  revoked: boolean;
  /** The user leaves it out of totals: net worth, money in and out. It stays connected. */
  hidden: boolean;
  /** Balances as the bank last gave them. */
  balances: Balances;
}

export interface AccountsGetInput {
  /** The account's id, as `accounts.list` gives it. */
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
  /** The account's id, as `accounts.list` gives it. */
  accountId: string;
  /** What the user calls the account; null for the bank's name. */
  name?: string | null | undefined;
  /** Whether it is left out of totals. */
  hidden?: boolean | undefined;
}

export interface AccountsUpdateOutput {
  /** The account now. */
  account: Account;
}

export interface Balances {
  /** What is in the account, or what is owed on a `credit` or `loan` account, without pending transactions. A decimal string; null where the bank does not say. */
  current: Decimal | null;
  /** What can be spent or withdrawn now. A decimal string; null where the bank does not say. */
  available: Decimal | null;
  /** The credit limit, or the overdraft of a `depository` account. A decimal string; null where there is none or the bank does not say. */
  limit: Decimal | null;
  /** ISO 4217, or Plaid's unofficial code (BTC, …) where ISO has none; null where neither is known. */
  currency: string | null;
}

/** An amount of money as a decimal string, in units of the currency: -1234.56. */
export type Decimal = string;

export interface Item {
  /** Our id of the Item. */
  id: string;
  /** The bank. */
  institution: {
    /** Plaid's id of the bank; null where Plaid gives none. */
    id: string | null;
    /** The bank's name. */
    name: string;
    /** The path of its logo here, a square PNG: /logos/….png; null where there is none. */
    logo: string | null;
    /** Its color, as #1f6f78; null where it is not known. */
    color: string | null;
    /** Its own site; null where it is not known. */
    url: string | null;
  };
  /** Whether the bank's data can be read, and what it needs where not. */
  status: ItemStatus;
  /** Why the bank's data does not come, and what brings it back; null while it comes. `wait` leaves the status as it is. */
  problem: ItemProblem | null;
  /** When the user's permission ends, ISO 8601 UTC; null where it has no end that is known. */
  expiresAt: string | null;
  /** The bank has accounts that were not chosen; update mode offers them. */
  newAccounts: boolean;
  /** False for a brokerage or lender that gives no transactions: its accounts and balances are all there is, and `sync` is about these. */
  hasTransactions: boolean;
  /** Accounts that the bank shares and that are not connected here, in its order. */
  notConnected: UnconnectedAccount[];
  /** How the Item's transactions stand. */
  sync: ItemSync;
  /** How the last `items.refresh` stands. */
  refresh: ItemRefresh;
  /** What the bank sent in a form that cannot be read, as of the last sync. */
  unreadable: Unreadable;
  /** The steps of the connection, and how each stands. */
  trail: Trail;
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
  /** `waiting`: the first ones are on their way. `failed`: tried again within hours. */
  status: "waiting" | "done" | "failed";
  /** When a sync last succeeded, ISO 8601 UTC; null before the first. */
  at: string | null;
  /** Why it failed, where that is known. `cursor_refused`: it begins again from the start. */
  problem: "cursor_refused" | null;
}

export interface ItemWithAccounts {
  /** Our id of the Item. */
  id: string;
  /** The bank. */
  institution: {
    /** Plaid's id of the bank; null where Plaid gives none. */
    id: string | null;
    /** The bank's name. */
    name: string;
    /** The path of its logo here, a square PNG: /logos/….png; null where there is none. */
    logo: string | null;
    /** Its color, as #1f6f78; null where it is not known. */
    color: string | null;
    /** Its own site; null where it is not known. */
    url: string | null;
  };
  /** Whether the bank's data can be read, and what it needs where not. */
  status: ItemStatus;
  /** Why the bank's data does not come, and what brings it back; null while it comes. `wait` leaves the status as it is. */
  problem: ItemProblem | null;
  /** When the user's permission ends, ISO 8601 UTC; null where it has no end that is known. */
  expiresAt: string | null;
  /** The bank has accounts that were not chosen; update mode offers them. */
  newAccounts: boolean;
  /** False for a brokerage or lender that gives no transactions: its accounts and balances are all there is, and `sync` is about these. */
  hasTransactions: boolean;
  /** Accounts that the bank shares and that are not connected here, in its order. */
  notConnected: UnconnectedAccount[];
  /** How the Item's transactions stand. */
  sync: ItemSync;
  /** How the last `items.refresh` stands. */
  refresh: ItemRefresh;
  /** What the bank sent in a form that cannot be read, as of the last sync. */
  unreadable: Unreadable;
  /** The steps of the connection, and how each stands. */
  trail: Trail;
  /** When the bank was connected, ISO 8601 UTC. */
  createdAt: string;
  /** Its accounts, oldest first. */
  accounts: Account[];
}

export interface UnconnectedAccount {
  /** Our id of the account. It stays when the bank is reconnected. */
  id: string;
  /** What the user calls the account, or else the bank. */
  name: string;
  /** The bank's name of the product; null where it gives none. */
  officialName: string | null;
  /** The last two to four characters of the account number; null where the bank gives none. */
  mask: string | null;
  /** Plaid's type: depository, credit, loan, investment or other. */
  type: string;
  /** Plaid's subtype: checking, savings, credit card, … */
  subtype: string | null;
}

export interface Unreadable {
  /** Transactions that are not shown, or are shown as they were before. */
  transactions: number;
  /** Accounts without all of their present balances. */
  accounts: number;
}

export interface ActivityEntry {
  /** The entry's id. */
  id: string;
  /** What happened. */
  kind: ActivityKind;
  /** The Item it is about; null where none was made or it is gone. */
  itemId: string | null;
  /** The bank's name; null where it is not known. */
  institutionName: string | null;
  /** How many accounts it is about. */
  accountCount: number;
  /** Why, on `refused`, `failed` and some `reconnected`; null on all others. */
  reason: string | null;
  /** Of an entry about a connected bank whose data stopped: what brings it back. Its `kind` is then `login_required`, `revoked`, or `failed` for `wait`. */
  problem: ItemProblemKind | null;
  /** Of a connection that may have been left at the bank connection service: whether that is ended. Null for all others, and where it cannot be found. */
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
  /** What the user calls it. */
  name: string;
  /** How the key begins: `fsk_` and its id. */
  prefix: string;
  /** What the key may do. */
  scopes: Scope[];
  /** `live` until it expires or is revoked. */
  status: ApiKeyStatus;
  /** When it was made, ISO 8601 UTC. */
  createdAt: string;
  /** When it stops working, ISO 8601 UTC; null where it never does. */
  expiresAt: string | null;
  /** When it was last used, ISO 8601 UTC, exact to the minute; null when it never was. */
  lastUsedAt: string | null;
}

export type ApiKeyStatus = "live" | "expired" | "revoked";

export type Scope = "accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export";

export interface ChooseAccountsInput {
  /** The id of the Item. */
  itemId: string;
  /** Our ids of the accounts to connect from now on, out of its `accounts` and its `notConnected`. Others are taken out with their transactions. */
  accountIds: string[];
}

export interface ChooseAccountsOutput {
  /** The Item as it stands now. */
  item: Item;
  /** All accounts of the Item. */
  accounts: Account[];
  /** How many accounts were not connected before. */
  added: number;
  /** How many accounts are not connected any more. */
  removed: number;
}

export interface ConnectAccountInput {
  /** What Link's `onSuccess` hands over. It is the idempotency key too: sent twice, it connects once. */
  publicToken: PublicToken;
  /** Link's `onSuccess` metadata, as far as it is known. Advice: nothing in it is refused. */
  metadata?: LinkMetadata | null | undefined;
  /** After `duplicate_accounts`: accounts that only look like known ones are taken as others. */
  connectAnyway?: boolean | undefined;
  /** The link_token that Link was opened with. Without it we ask Plaid some minutes later whether that Link was finished. */
  linkToken?: string | undefined;
  /** Plaid's ids of the accounts to connect, as Link's metadata or `limit_reached` gives them; left out, all are. */
  accountIds?: string[] | undefined;
}

export interface ConnectAccountOutput {
  /** `connected`: this request made the Item. `already_connected`: an earlier one did, or the bank gave only known accounts. */
  outcome: "connected" | "already_connected";
  /** The Item that holds the accounts. */
  item: Item;
  /** The accounts that are new, or all of an Item that was there. */
  accounts: Account[];
}

export interface CreateLinkTokenInput {
  /** The id of an Item: Link opens in update mode for it, and no new Item is made. */
  itemId?: string | undefined;
  /** The privacy notice that the user is shown now, by its date. It is recorded with the connection. */
  noticeVersion?: string | undefined;
  /** The id of an Item whose access has ended (its `problem.kind` is `connect_again`): Link opens for its bank, and the new Item takes over its accounts, with their ids, names and transactions. */
  connectAgain?: string | undefined;
  /** What Link offers: `bank` (the default) banks and cards, `investments` brokerages, `loan` lenders. A bank that is connected as `bank` is billed at the bank connection service for Transactions, `investments` for Investments, `loan` for Liabilities; the latter two for Transactions as well where an account has some. Not used with `itemId`. */
  kind?: LinkKind | undefined;
  /** With `itemId`: Link asks which accounts to share, also where the bank needs nothing. */
  chooseAccounts?: boolean | undefined;
  /** Plaid shows Link on a page of its own, at `hostedLinkUrl`: send that to the user within a day. The connection is made without a page of yours, and `connections.get` says how it ended. */
  hosted?: boolean | undefined;
  /** With `hosted`: where Plaid's page sends the user when Link ends, with or without a bank. */
  completionRedirectUri?: string | undefined;
}

export interface CreateLinkTokenOutput {
  /** What Plaid Link is opened with. */
  linkToken: string;
  /** When the link_token ends, ISO 8601 UTC. */
  expiration: string;
  /** Our id of this Link, for `connections.get`. It is no secret. */
  linkId: string;
  /** With `hosted`: the address of Plaid's page, to send to the user; otherwise null. */
  hostedLinkUrl: string | null;
}

export interface DisconnectInput {
  /** The id of the Item to disconnect. */
  itemId: string;
  /** `disconnect <name of the bank>`; capitals and spacing do not matter. */
  confirmation: string;
}

export interface DisconnectOutput {
  /** The Item that is gone. */
  item: {
    /** Our id of the Item. */
    id: string;
    /** The bank. */
    institution: {
      /** Plaid's id of the bank; null where Plaid gives none. */
      id: string | null;
      /** The bank's name. */
      name: string;
      /** The path of its logo here, a square PNG: /logos/….png; null where there is none. */
      logo: string | null;
      /** Its color, as #1f6f78; null where it is not known. */
      color: string | null;
      /** Its own site; null where it is not known. */
      url: string | null;
    };
  };
  /** How many accounts were disconnected; their room in the plan is free again. */
  accountCount: number;
}

export interface FinishUpdateModeInput {
  /** The id of the Item that Link was opened for. */
  itemId: string;
  /** Link's `link_session_id`. */
  linkSessionId?: string | null | undefined;
  /** The link_token that Link was opened with. Without it we ask Plaid some minutes later whether that Link was finished. */
  linkToken?: string | undefined;
}

export interface FinishUpdateModeOutput {
  /** The Item as it stands now. */
  item: Item;
  /** All accounts of the Item. */
  accounts: Account[];
  /** How many of the accounts are new here. */
  added: number;
}

export interface LinkEventInput {
  /** Link's name of the event: OPEN, EXIT, … */
  eventName?: string | null | undefined;
  /** Link's `link_session_id`. */
  linkSessionId?: string | null | undefined;
  /** Plaid's id of the bank, once one was chosen. */
  institutionId?: string | null | undefined;
  /** The page of Link, of a TRANSITION_VIEW. */
  viewName?: string | null | undefined;
  /** Plaid's `error_type`, of an ERROR or EXIT. */
  errorType?: string | null | undefined;
  /** Plaid's `error_code`, of an ERROR or EXIT. */
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
  /** How the refresh stands. */
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
  /** `open`: the user may still finish Link. `finishing`: they did, and the bank is being connected. `connected`: `itemId` holds its accounts, or was reconnected. `not_connected`: it failed, and `reason` says why. `ended`: nothing came of it, or the connection was disconnected since. */
  status: ConnectionStatus;
  /** The Item that holds the accounts; null unless `connected`. */
  itemId: string | null;
  /** The bank's name; null where it is not known. */
  institutionName: string | null;
  /** Of `not_connected`: one of the reasons that `connectAccount` fails with; or null. */
  reason: string | null;
}

export interface Consent {
  /** The consent's id. */
  id: string;
  /** The bank's name. */
  institutionName: string;
  /** When the bank was connected, ISO 8601 UTC. */
  connectedAt: string;
  /** The privacy notice that was shown, by its date; null where no page of ours was. */
  noticeVersion: string | null;
  /** When the notice was shown, ISO 8601 UTC; null where none was. */
  shownAt: string | null;
  /** Plaid Link's own id of the visit, as Link gave it. */
  linkSessionId: string | null;
}

export interface CashFlowInCurrency {
  /** ISO 4217, or Plaid's unofficial code where ISO has none. */
  currency: string;
  /** Oldest first, to the present one. */
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
  /** The category, as FOOD_AND_DRINK; null for transactions without one. */
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
  /** A decimal string; negative when more is owed than there is. */
  amount: Decimal;
}

export interface ItemProblem {
  /** What brings the bank's data back; the kinds are described with their type. */
  kind: ItemProblemKind;
  /** A sentence for the user: what is wrong and what to do. Plaid's own for `unknown`. */
  message: string;
}

/** What brings the bank's data back. `log_in`: log in again, in update mode. `choose_accounts`: choose the accounts again, in update mode. `allow_access`: allow access again, in update mode. `act_at_bank`: do something at the bank's own site first, then log in again. `wait`: nothing; we keep trying. `unsupported`: nothing; this bank cannot be read any more. `connect_again`: access has ended; connect the bank again, with `connectAgain` of `plaid.createLinkToken`. `unknown`: the bank's message says; update mode may help. */
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
  /** The id of the last event that was seen: the stream goes on from there. */
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
  /** Of the price, ISO 4217. */
  currency: string;
  /** Accounts (not Items) that it has room for. */
  maxAccounts: number;
}

export interface PlanOutput {
  /** The user's plan. */
  plan: Plan;
  /** Accounts (not Items) that the user has connected now. */
  accountsUsed: number;
  /** Every plan there is, smallest first. */
  plans: Plan[];
}

export interface PlanRequest {
  /** The id of the plan that is asked for. */
  plan: string;
  /** What the user wrote; null for nothing. */
  note: string | null;
  /** When it was asked for, ISO 8601 UTC. */
  requestedAt: string;
  /** When an operator changed the plan, ISO 8601 UTC; null before. */
  answeredAt: string | null;
}

export interface Passkey {
  /** The credential id, base64url. */
  id: string;
  /** What the user calls it. */
  name: string;
  /** When it was added, ISO 8601 UTC. */
  createdAt: string;
  /** When it was last used, ISO 8601 UTC; null when it never was. */
  lastUsedAt: string | null;
}

export interface SecondFactors {
  /** Since when an authenticator app is set up, ISO 8601 UTC; null when none is. */
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
  /** The IP address of the request that caused it; null where there was none. */
  address: string | null;
  /** The browser or program that sent that request; null where it did not say. */
  userAgent: string | null;
}

export type SecurityEventKind = "log_in" | "log_in_failed" | "log_out" | "session_ended" | "other_sessions_ended" | "step_up" | "step_up_failed" | "password_changed" | "password_reset_requested" | "password_reset" | "email_verified" | "email_change_requested" | "email_changed" | "api_key_made" | "api_key_revoked" | "webhook_added" | "webhook_removed" | "webhook_secret_replaced" | "passkey_added" | "passkey_removed" | "authenticator_added" | "authenticator_removed" | "backup_codes_replaced" | "backup_code_used" | "factor_failed" | "device_trusted" | "data_exported" | "operator_disabled" | "operator_enabled" | "operator_ended_sessions" | "operator_reset_factor" | "operator_changed_plan";

export interface LogIn {
  /** The log-in's id. */
  id: string;
  /** When it was tried, ISO 8601 UTC. */
  at: string;
  /** How it ended. */
  outcome: "succeeded" | "wrong_password";
  /** The IP address that it came from; null where it is not known. */
  address: string | null;
  /** The browser or program that it came from; null where it did not say. */
  userAgent: string | null;
}

export interface Session {
  /** When the user logged in, ISO 8601 UTC. */
  startedAt: string;
  /** When it ends unless it is used, ISO 8601 UTC. */
  endsAt: string;
  /** The IP address that it came from; null where it is not known. */
  address: string | null;
  /** The browser or program that it came from; null where it did not say. */
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

export interface Trail {
  /** The steps in their order. */
  steps: TrailStep[];
  /** How many transactions the first sync has brought so far. */
  transactions: number;
}

export interface TrailStep {
  /** The step's name. */
  step: TrailStepName;
  /** `failed` ones are tried again by themselves. `needs_you`: the user has to act at the bank first. */
  state: "waiting" | "running" | "done" | "failed" | "needs_you";
  /** When a failed one is tried again, ISO 8601 UTC; null on all others. */
  retryAt: string | null;
}

export type TrailStepName = "connected" | "refreshed" | "sync_started" | "transactions" | "done";

export interface CorrectTransactionInput {
  /** The transaction's id. */
  transactionId: string;
  /** Plaid's primary category, as FOOD_AND_DRINK; null for what the bank says. */
  category?: string | null | undefined;
  /** Who was paid or who paid; null for what the bank says. */
  merchant?: string | null | undefined;
}

export interface CorrectTransactionOutput {
  /** The transaction now. */
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
  /** The id of the account it moved on. */
  accountId: string;
  /** A calendar day at the bank, YYYY-MM-DD. */
  date: string;
  /** A decimal string. Positive: money left the account. Negative: money came in. */
  amount: Decimal;
  /** ISO 4217, or Plaid's unofficial code where ISO has none; null where neither is known. */
  currency: string | null;
  /** The bank's text. */
  name: string;
  /** Who was paid or who paid, as corrected; null where it is not known. */
  merchant: string | null;
  /** Plaid's primary category, as FOOD_AND_DRINK, as corrected; null where it is not known. */
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
  /** Plaid's primary category, as a transaction carries it. */
  category?: string | undefined;
  /** The smallest amount, inclusive. A decimal string; positive is money that left the account. */
  minAmount?: Decimal | undefined;
  /** The largest amount, inclusive. A decimal string; positive is money that left the account. */
  maxAmount?: Decimal | undefined;
  /** Text that the name or the merchant contains; capitals do not matter. */
  search?: string | undefined;
}

export interface TransactionTotals {
  /** Totals for each currency, that of the most transactions first. */
  currencies: {
    /** As a transaction carries it. */
    currency: string | null;
    /** Newest first, 24 at most. */
    months: TotalOfMonth[];
    /** The one with the most money first. */
    categories: FlowOfCategory[];
  }[];
}

export interface TransactionsListInput {
  /** Transactions of the page, 200 at most; 50 unless given. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before, with the same filter; left out for the first page. */
  cursor?: string | undefined;
  /** Only those of this account. */
  accountId?: string | undefined;
  /** The first day, inclusive, YYYY-MM-DD. */
  from?: string | undefined;
  /** The last day, inclusive, YYYY-MM-DD. */
  to?: string | undefined;
  /** Plaid's primary category, as a transaction carries it. */
  category?: string | undefined;
  /** The smallest amount, inclusive. A decimal string; positive is money that left the account. */
  minAmount?: Decimal | undefined;
  /** The largest amount, inclusive. A decimal string; positive is money that left the account. */
  maxAmount?: Decimal | undefined;
  /** Text that the name or the merchant contains; capitals do not matter. */
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

export type DeliveryError = "timed_out" | "name_not_found" | "address_not_public" | "connection_failed" | "certificate_invalid" | "redirected" | "status";

export interface RedeliverWebhookInput {
  /** The delivery's id. It is sent again with the same `webhook-id`. */
  id: string;
}

export interface RedeliverWebhookOutput {
  /** The delivery, which is due now. */
  delivery: WebhookDelivery;
}

export interface WebhookDeliveriesOutput {
  /** The newest first. */
  deliveries: WebhookDelivery[];
}

export interface WebhookDelivery {
  /** The delivery's id, which is the header `webhook-id` too. */
  id: string;
  /** The event that it reports. */
  event: WebhookEventType;
  /** `waiting`: it is sent, or sent again, at `nextAttemptAt`. `failed`: for 24 hours. */
  status: "waiting" | "delivered" | "failed";
  /** How often it was sent. */
  attempts: number;
  /** What the address responded with last. */
  httpStatus: number | null;
  /** Why the last attempt failed; null where it did not. `status`: `httpStatus` is not 2xx. */
  error: DeliveryError | null;
  /** When it happened, ISO 8601 UTC. */
  createdAt: string;
  /** When it was sent last. */
  attemptedAt: string | null;
  /** When it is sent next; null for never. */
  nextAttemptAt: string | null;
  /** What is sent. */
  body: string;
}

export interface WebhookEndpoint {
  /** The webhook's id. */
  id: string;
  /** Where webhooks are sent. */
  url: string;
  /** The events that it gets. */
  events: WebhookEventType[];
  /** When it was added, ISO 8601 UTC. */
  createdAt: string;
  /** Until when the secret before the last one signs as well; null for no such secret. */
  oldSecretUntil: string | null;
  /** How its newest delivery stands; null where there was none. */
  last: "delivered" | "waiting" | "failed" | null;
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

export interface WebhooksListOutput {
  /** The newest first. */
  webhooks: WebhookEndpoint[];
}

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
    /** Some fit: the same public_token may be sent again with `accountIds`. Absent where nothing can be chosen any more. */
    choice?: {
      /** How many of `accounts` may be connected. */
      room: number;
      /** The accounts to choose from. */
      accounts: readonly {
        /** Plaid's id of the account, for `accountIds`. */
        id: string;
        /** Its name; null where Link gave none. */
        name: string | null;
        /** The last characters of its number; null where Link gave none. */
        mask: string | null;
        /** Plaid's type; null where Link gave none. */
        type: string | null;
        /** Plaid's subtype; null where Link gave none. */
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
      /** The last characters of its number; null where the bank gives none. */
      mask: string | null;
    }[];
    /** The match is only likely: the same public_token may be sent again with `connectAnyway`. */
    mayConnectAnyway: boolean;
    /** How many accounts the bank gave. */
    offeredCount: number;
    /** How many of them are new, which update mode can add to the Item. */
    newCount: number;
    /** How the Item stands, as checked since; absent when Plaid did not say. `revoked`: its access has ended, and the same public_token is accepted now. */
    itemStatus?: "good" | "expiring" | "login_required" | "revoked" | undefined;
  };
  bank_error: {
    /** The bank's problem in Plaid's words for the user; null where it has none. */
    message: string | null;
  };
  exchange_lost: {
    /** Whether we end the unfinished connection, which we cannot without Plaid's User APIs. */
    cleanUp: boolean;
  };
  confirmation_mismatch: {
    /** The words that confirm. */
    expected: string;
  };
  invalid_input: {
    /** Where the input does not fit. */
    issues: {
      /** The field, as a dotted path. */
      path: string;
      /** What is expected there. */
      message: string;
    }[];
  };
  scope_missing: {
    /** What the call asks of a key. */
    required: "accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export";
    /** What this key has. */
    held: ("accounts:read" | "transactions:read" | "activity:read" | "connections:write" | "webhooks:write" | "account:export")[];
  };
  rate_limited: {
    /** Calls in a window, or at once where the window is 0. */
    limit: number;
    /** The length of a window. Seconds. */
    windowSeconds: number;
    /** Until there is room again. Seconds. */
    retryAfterSeconds: number;
  };
  too_many_attempts: {
    /** Until the same request is worth sending again. Seconds. */
    retryAfterSeconds: number;
  };
  busy: {
    /** Until the same request is worth sending again. Seconds. */
    retryAfterSeconds: number;
  };
  log_in_busy: {
    /** Until the same request is worth sending again. Seconds. */
    retryAfterSeconds: number;
  };
  refreshed_recently: {
    /** Until the bank may be refreshed again. Seconds. */
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
