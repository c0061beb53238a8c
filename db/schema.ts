import type { ColumnType, Generated, Insertable, Selectable } from "kysely";
import type { ActivityKind } from "../server/contracts/activity.ts";
import type { LinkKind } from "../server/contracts/connect.ts";
import type { ItemProblemKind } from "../server/contracts/item-problem.ts";
import type { LinkOutcome } from "../server/contracts/link-news.ts";
import type { MailKind, NoticeKind } from "../server/contracts/mail.ts";
import type { SecurityEventKind } from "../server/contracts/security-events.ts";
import type { LogIn } from "../server/contracts/session.ts";
import type { AccountTraits } from "./account-traits.ts";

/** A `timestamptz`: read as Date, set by the database on insert unless given. */
type Timestamp = ColumnType<Date, Date | undefined, Date>;

/** A `numeric`: a decimal string everywhere, never a float. */
type Numeric = string;

/** Users. better-auth's `user` model, with the plan and the data version. */
export interface UsersTable {
  id: Generated<string>;
  name: string;
  email: string;
  email_verified: boolean;
  /**
   * In production, the address of a sign-up until it is confirmed. Others may have signed up with it as well.
   * Until then `email` is an address that cannot exist.
   */
  claimed_email: ColumnType<string | null, string | null | undefined, string | null>;
  image: string | null;
  plan: Generated<string>;
  /** Rises in the transaction of every change to the user's Items or accounts (I5). */
  data_version: Generated<number>;
  /** The user deleted their account and data; see `db/deleted-users.ts`. */
  deleted_at: ColumnType<Date | null, undefined, Date>;
  /** When an operator disabled the user; null while they may log in. */
  disabled_at: ColumnType<Date | null, undefined, Date | null>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Plans and how many live accounts (not Items) each allows. `price_monthly` is in `currency`. */
export interface PlansTable {
  id: string;
  name: string;
  price_monthly: Numeric;
  currency: string;
  max_accounts: number;
}

/** Requests for a larger plan. A user has at most one open request. */
export interface PlanRequestsTable {
  user_id: string;
  id: Generated<string>;
  /** The id of the requested plan. */
  plan: string;
  note: string | null;
  created_at: Timestamp;
  /** When an operator next changed the user's plan. */
  answered_at: ColumnType<Date | null, undefined, Date>;
}

/** Live Items only: a disconnected one has no row. `id` is also its attempt's. */
export interface ItemsTable {
  id: string;
  user_id: string;
  plaid_item_id: string;
  institution_id: string | null;
  institution_name: string;
  /** The access_token, encrypted by `server/vault` and bound to `id`. */
  access_token_sealed: string;
  status: Generated<"good" | "expiring" | "login_required" | "revoked">;
  /** When Plaid last reported `status`. */
  status_at: Timestamp;
  /** Why its data does not arrive; null while it does. Written with `status`. */
  problem: ColumnType<ItemProblemKind | null, undefined, ItemProblemKind | null>;
  /** Plaid's message for the user, when ours does not say enough. */
  problem_message: ColumnType<string | null, undefined, string | null>;
  /** The `PlaidAdapter.client` that made its access_token; null when not known. */
  plaid_client: ColumnType<string | null, string | null | undefined, string>;
  /** When its user was last mailed that the bank needs them; null once it does not. */
  reminded_at: ColumnType<Date | null, undefined, Date | null>;
  /** The `expires_at` that its user was mailed about. */
  end_announced_for: ColumnType<Date | null, undefined, Date | null>;
  /** For an `expiring` one: until when the bank returns data. */
  expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** The bank has accounts that were not chosen. */
  new_accounts: Generated<boolean>;
  /** False for a brokerage or lender that has only accounts and balances. */
  has_transactions: Generated<boolean>;
  /** The Plaid user that it belongs to at Plaid; null until that is known. */
  plaid_user_id: ColumnType<string | null, undefined, string | null>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Live bank accounts. Balances are the bank's latest, in `currency`. */
export interface AccountsTable {
  id: Generated<string>;
  item_id: string;
  user_id: string;
  plaid_account_id: string;
  persistent_account_id: string | null;
  /** Its position among the Item's accounts at the bank, from 0. */
  position: number;
  /** The bank's name for it. */
  name: string;
  /** The user's name for it; null for the bank's. */
  chosen_name: ColumnType<string | null, undefined, string | null>;
  /** The user excludes it from totals. */
  is_hidden: ColumnType<boolean, undefined, boolean>;
  official_name: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  current_balance: Numeric | null;
  available_balance: Numeric | null;
  balance_limit: Numeric | null;
  currency: string | null;
  /** The user withdrew this account's permission at the bank. */
  revoked_at: ColumnType<Date | null, undefined, Date>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/**
 * Accounts that the bank shares and that are not connected. `id` becomes the account's once it is connected;
 * `position` as in `accounts`.
 */
export interface UnconnectedAccountsTable {
  user_id: string;
  item_id: string;
  id: Generated<string>;
  plaid_account_id: string;
  persistent_account_id: string | null;
  position: number;
  name: string;
  official_name: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  /** The user chose other accounts; false: the plan had no room for it. */
  declined: boolean;
}

/**
 * Transactions. `id` is Plaid's transaction_id. `amount` is in `currency` and has Plaid's sign: positive is
 * money that left the account.
 */
export interface TransactionsTable {
  user_id: string;
  id: string;
  account_id: string;
  /** A calendar day: YYYY-MM-DD. */
  date: ColumnType<string, string, string>;
  amount: Numeric;
  currency: string | null;
  name: string;
  merchant: string | null;
  /** Plaid's primary personal finance category. */
  category: string | null;
  pending: boolean;
  /**
   * A hash of the cursor at which the update that added it began, so that it can be deleted if that update
   * must start again. Null when the update's last page added it, because then it cannot.
   */
  added_from: ColumnType<string | null, never, never>;
  /**
   * The reading of its Item that last contained it: the value of `item_syncs.reading` then; -1 for one of the
   * Item whose account was taken over.
   */
  reading: Generated<number>;
  /** The user's version with which it was added or last changed; 0: before there were versions. */
  version: Generated<string>;
}

/** The newest version of each user's transactions; see `migrations/043_transaction_changes.ts`. */
export interface TransactionVersionsTable {
  user_id: string;
  version: string;
}

/** The data version of each Item's and account's last change, removed ones included. Live events read it. */
export interface ChangedObjectsTable {
  user_id: string;
  id: string;
  is_account: boolean;
  data_version: number;
}

/** Transactions that were removed, for readers of changes; `id` is empty where all of an account were. */
export interface RemovedTransactionsTable {
  user_id: string;
  version: string;
  account_id: string;
  id: string;
}

/**
 * Transactions of an Item that takes over another one's accounts. They replace that one's transactions once
 * the history is complete. Nothing reads them before, so nothing is counted twice.
 */
export type HeldTransactionsTable = Omit<TransactionsTable, "version">;

/** The user's corrections of a transaction. Null keeps the bank's value. */
export interface TransactionCorrectionsTable {
  user_id: string;
  transaction_id: string;
  account_id: string;
  category: string | null;
  merchant: string | null;
  corrected_at: Timestamp;
}

/** A transaction at Plaid that could not be parsed, until it can be or is deleted; see `Unreadable`. */
export interface UnreadableTransactionsTable {
  user_id: string;
  item_id: string;
  id: string;
  field: string;
  /** Both as in `TransactionsTable`. */
  reading: number;
  added_from: string | null;
}

/** Banks with Plaid's data, shared by all users. The name of a bank is stored with its Items. */
export interface InstitutionsTable {
  /** Plaid's institution_id. */
  id: string;
  url: string | null;
  /** `#rrggbb`, in lowercase. */
  color: string | null;
  /** A PNG of at most 60 kB. */
  logo: Buffer | null;
  /** The name that the logo is served under: the start of its SHA-256 in hex. */
  logo_hash: string | null;
  /** When it was last requested from Plaid. */
  asked_at: Timestamp;
  /** When Plaid last returned it. */
  fetched_at: ColumnType<Date | null, undefined, Date>;
}

/** The state of an Item's sync; one row for each Item. */
export interface ItemSyncsTable {
  item_id: string;
  user_id: string;
  /** Plaid's cursor after the last page that was stored; null before the first. */
  cursor: string | null;
  /** More pages of the same update follow after `cursor`. */
  midway: Generated<boolean>;
  /** The cursor where the `midway` update began: Plaid may require it to start again. */
  update_cursor: string | null;
  /** `waiting` for the first sync to end; `failed`: its job is dead, until a sync succeeds. */
  status: Generated<"waiting" | "done" | "failed">;
  synced_at: ColumnType<Date | null, undefined, Date | null>;
  /** When the sweep requests a sync, unless one ended before. */
  due_at: Timestamp;
  /** When the first sync began. */
  started_at: ColumnType<Date | null, undefined, Date | null>;
  /** Transactions that the first sync has fetched so far. */
  arrived: Generated<number>;
  /** When the failed first sync is retried. */
  retry_at: ColumnType<Date | null, undefined, Date | null>;
  /** When clearing the cache, which failed after the connection, is retried. */
  clear_retry_at: ColumnType<Date | null, undefined, Date | null>;
  /** What its last sync could not parse: rows of `unreadable_transactions`, and accounts. */
  transactions_unreadable: Generated<number>;
  accounts_unreadable: Generated<number>;
  /** How often the Item's sync has started again from the beginning. */
  reading: Generated<number>;
  /**
   * During a sync from the beginning, `cursor` after the last page that took part in it, empty at the start.
   * Else null. When it differs from `cursor`, a node of the previous release has stored a page.
   */
  reread_cursor: ColumnType<string | null, undefined, string | null>;
  /**
   * The Item takes over accounts: its transactions go to `held_transactions` until its history is complete.
   */
  is_held: ColumnType<boolean, boolean | undefined, boolean>;
  /** How often Plaid refused the cursor since a reading was completed. */
  cursor_refusals: Generated<number>;
  /** When the user last requested a refresh, when Plaid was called for it, and when it ended. */
  refresh_asked_at: ColumnType<Date | null, undefined, Date>;
  refresh_sent_at: ColumnType<Date | null, undefined, Date | null>;
  refresh_ended_at: ColumnType<Date | null, undefined, Date | null>;
}

/** Plaid's webhooks with a valid signature, for 30 days. */
export interface WebhooksTable {
  id: Generated<string>;
  /** SHA-256 of the signed content and the signature's `r`: a repeated delivery adds no row. */
  delivery_hash: Buffer;
  type: string;
  code: string;
  plaid_item_id: string | null;
  /** Only the fields we use, because bodies may contain tokens. */
  details: ColumnType<unknown, string, never>;
  signed_at: Date;
  received_at: Timestamp;
  /** How its job processed it; null until then. */
  outcome: string | null;
}

/** Items whose access_token Plaid did not know, until half a day after the last try: `db/refused-tokens.ts`. */
export interface RefusedTokensTable {
  plaid_item_id: string;
  first_at: Timestamp;
  last_at: Timestamp;
}

/** Public keys that Plaid signs webhooks with: P-256 coordinates in base64url. */
export interface WebhookKeysTable {
  id: string;
  x: string;
  y: string;
  /** When Plaid last confirmed it. */
  confirmed_at: Timestamp;
}

/**
 * One public_token on its way to an Item. It outlives the process that handles it.
 *
 * - `started`: no access token is held. With `public_token_sealed` the exchange may be running or its
 *   response lost; without, it certainly did not happen and the user may send the public_token again.
 * - `exchanged`: an Item exists at Plaid and `access_token_sealed` holds its token.
 * - `connected`: the `items` row with the same id exists.
 * - `removing`: the Item was disconnected, or its connection failed, and it must be removed at Plaid.
 * - `failed`: ended without an Item, or with one removed; `reason` says why.
 */
export interface LinkAttemptsTable {
  id: Generated<string>;
  user_id: string;
  /** SHA-256 of the public_token: unique, the idempotency key. */
  public_token_hash: Buffer;
  status: Generated<"started" | "exchanged" | "connected" | "removing" | "failed">;
  /** The public_token, encrypted by `server/vault`, until the exchange has certainly ended. */
  public_token_sealed: string | null;
  /**
   * The run that sends or sent the exchange; null before. New rows set it: the default is for older nodes.
   */
  run_id: Generated<string | null>;
  /** The previous release reads this instead of `run_id`. Drop it with the next release. */
  sent_again: Generated<boolean>;
  /** The user said that accounts which only look like known ones are different. */
  connect_anyway: Generated<boolean>;
  /** The accounts that the user chose, until the attempt ends; null for all of the bank's. */
  chosen_accounts: ColumnType<AccountTraits[] | null, string | null | undefined, string | null>;
  access_token_sealed: string | null;
  plaid_item_id: string | null;
  /** The `PlaidAdapter.client` that made the access_token; null when not known. */
  plaid_client: ColumnType<string | null, string | null | undefined, string | null>;
  /** Why it failed: a reason of `contracts/errors.ts` with its details, `nothing_new` or `disconnected`. */
  reason: string | null;
  reason_details: ColumnType<unknown, string | null | undefined, string | null>;
  /** Copied from the Link that the user opened before it; see `ConsentsTable`. */
  notice_version: ColumnType<string | null, string | null | undefined, never>;
  notice_shown_at: ColumnType<Date | null, Date | null | undefined, never>;
  /** Link's session id, as the browser reported it. */
  link_session_id: ColumnType<string | null, string | null | undefined, never>;
  /** How often the recovery failed since the status last changed. */
  tries: Generated<number>;
  /** For `exchange_lost`: when Plaid had no Item of it any more, by our clock. */
  cleaned_up_at: ColumnType<Date | null, undefined, Date>;
  /** The recovery leaves an unfinished attempt alone until then. */
  retry_at: Timestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/**
 * A user at Plaid, which groups our user's Items. Times are of `services.clock`.
 * https://plaid.com/docs/api/users/
 */
export interface PlaidUsersTable {
  user_id: string;
  plaid_user_id: string;
  /** The `PlaidAdapter.client` that made it. */
  client: string;
  /** When its latest link_token expires: until then Link may add an Item. */
  links_until: ColumnType<Date | null, undefined, Date>;
  /** When it is next compared with our rows; null leaves that to the sweep. */
  due_at: ColumnType<Date | null, undefined, Date | null>;
  /** How often in a row the comparison failed. */
  tries: Generated<number>;
  /** By PostgreSQL's clock, like that of attempts. */
  created_at: Timestamp;
}

/** Plaid users of deleted accounts, until they are removed at Plaid. Nothing here identifies our users. */
export interface EndedPlaidUsersTable {
  plaid_user_id: string;
  client: string;
  /** By `services.clock`. */
  due_at: Date;
  tries: Generated<number>;
}

/** Items that Plaid lists for a user and no row here holds, for 30 days after their removal. */
export interface UnclaimedItemsTable {
  user_id: string;
  plaid_item_id: string;
  institution_id: string | null;
  institution_name: string | null;
  first_seen_at: Date;
  /** When its removal was last sent; it may have happened since. */
  sent_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** When the operator confirmed that more may be removed than a day allows. */
  confirmed_at: ColumnType<Date | null, undefined, Date | null>;
  /** If it is before `first_seen_at`, Plaid has listed the Item again since. */
  removed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** The state of a Plaid client id, and the progress of the sweep over all users. */
export interface PlaidClientsTable {
  /** `PlaidAdapter.client`. */
  client: string;
  /** When Plaid last refused it the User APIs; null while it offers them. */
  user_apis_refused_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** How many rounds of the sweep are done. */
  rounds: Generated<number>;
  round_began_at: ColumnType<Date | null, Date | undefined, Date>;
  /** Users of one step of this round. */
  round_step: Generated<number>;
  /** The last user of the last step; null between two rounds. */
  swept_to: ColumnType<string | null, string | null | undefined, string | null>;
}

/**
 * A link_token that a user opened Link with, and how that Link ended. It is deleted 30 days after its end.
 *
 * - `open`: Link may still succeed, or has without us. `finished_at`: Plaid reported that it has.
 * - `finishing`: we connect what Link created, because `onSuccess` never reached us.
 * - `closed`: `onSuccess` reached us, or `outcome` says how it ended without it.
 */
export interface LinkTokensTable {
  user_id: string;
  /** The two encrypted columns are bound to it. */
  id: string;
  link_token_hash: Buffer;
  /** Null once it is closed. */
  link_token_sealed: string | null;
  /** The Item that is open in update mode. */
  item_id: string | null;
  /** What the user wanted to connect; null in update mode, and in rows from before there was a choice. */
  kind: ColumnType<LinkKind | null, LinkKind | null | undefined, never>;
  /** Plaid shows it on a page of its own, so there is no `onSuccess`. */
  is_hosted: Generated<boolean>;
  expires_at: Date;
  /** The privacy notice on the page that opened it, and when; null when no page of ours did. */
  notice_version: ColumnType<string | null, string | null | undefined, never>;
  notice_shown_at: ColumnType<Date | null, Date | null | undefined, never>;
  status: Generated<"open" | "finishing" | "closed">;
  /** SHA-256 of the `oauth_state_id` in the address that a bank's own site redirected to. */
  oauth_state_hash: ColumnType<Buffer | null, undefined, Buffer>;
  finished_at: ColumnType<Date | null, undefined, Date>;
  public_token_sealed: ColumnType<string | null, undefined, string | null>;
  link_session_id: ColumnType<string | null, undefined, string | null>;
  institution_id: ColumnType<string | null, undefined, string | null>;
  institution_name: ColumnType<string | null, undefined, string | null>;
  /** The result that the user must be notified about; null for none. */
  outcome: ColumnType<LinkOutcome | null, undefined, LinkOutcome | null>;
  /** A reason of `contracts/errors.ts`. */
  reason: ColumnType<string | null, undefined, string | null>;
  /** Our Item that Link created or updated; before, and with `onSuccess`, the attempt, whose id its Item gets. */
  found_item_id: ColumnType<string | null, undefined, string | null>;
  /** Plaid's id of an Item whose public_token never reached us. */
  plaid_item_id: ColumnType<string | null, undefined, string | null>;
  told_at: ColumnType<Date | null, undefined, Date>;
  /** When it was last checked at Plaid. */
  asked_at: ColumnType<Date | null, undefined, Date>;
  tries: Generated<number>;
  /** When it is checked next; for a closed one, when it is deleted. */
  due_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Timestamp;
}

/** The Link that a user opened last, for nodes of the previous release; bound to `user_id`. */
export interface OpenLinksTable {
  user_id: string;
  link_token_sealed: string;
  /** The Item that is open in update mode. */
  item_id: string | null;
  expires_at: Date;
}

/** What happened to a user's connections: one row for each ending (I8). */
export interface AccountActivityTable {
  id: Generated<string>;
  user_id: string;
  attempt_id: string | null;
  kind: ActivityKind;
  institution_id: string | null;
  institution_name: string | null;
  account_count: number;
  reason: string | null;
  /** For an entry about a connected bank whose data stopped. */
  problem: ColumnType<ItemProblemKind | null, ItemProblemKind | null | undefined, never>;
  plaid_request_id: string | null;
  /** For a re-authentication: one opening of Link is one entry. */
  link_session_id: string | null;
  created_at: Timestamp;
}

/** A user's own address that receives webhooks. */
export interface WebhookEndpointsTable {
  user_id: string;
  /** The two secrets are bound to it. */
  id: string;
  url: string;
  /** Events of `contracts/webhook-events.ts`. */
  events: string[];
  secret_sealed: string;
  /** The previous secret, which also signs until `old_secret_until`. */
  old_secret_sealed: ColumnType<string | null, undefined, string | null>;
  old_secret_until: ColumnType<Date | null, undefined, Date | null>;
  /** Its last response was slow, so its deliveries wait only for those of other slow addresses. */
  is_slow: Generated<boolean>;
  /** It responded 410 Gone, so nothing is sent to it until the user enables it. */
  disabled_at: ColumnType<Date | null, undefined, Date | null>;
  created_at: Timestamp;
}

/** One event to deliver to one address. */
export interface WebhookDeliveriesTable {
  user_id: string;
  /** The header `webhook-id`. */
  id: Generated<string>;
  endpoint_id: string;
  type: string;
  /** The exact bytes of every attempt. */
  body: string;
  /** When it is sent next; null for never. */
  due_at: ColumnType<Date | null, undefined, Date | null>;
  /** It is not sent again after this. */
  give_up_at: Generated<Date>;
  attempts: Generated<number>;
  attempted_at: ColumnType<Date | null, undefined, Date>;
  http_status: ColumnType<number | null, undefined, number | null>;
  error: ColumnType<string | null, undefined, string | null>;
  delivered_at: ColumnType<Date | null, undefined, Date | null>;
  created_at: Timestamp;
}

/** better-auth's `session`. */
export interface SessionsTable {
  id: Generated<string>;
  user_id: string;
  token: string;
  expires_at: Date;
  ip_address: string | null;
  user_agent: string | null;
  /** When the user last proved their identity in this session, beyond having it; null for never. */
  proved_at: ColumnType<Date | null, undefined, Date | null>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Log-ins and attempts with a wrong password. Nothing that was typed is stored. */
export interface LogInsTable {
  user_id: string;
  at: Timestamp;
  id: Generated<string>;
  outcome: LogIn["outcome"];
  ip_address: string | null;
  user_agent: string | null;
}

/** Browsers that have logged in before: `server/auth/known-devices.ts`. At most ten for each user. */
export interface KnownDevicesTable {
  user_id: string;
  /** SHA-256 of the cookie's token. */
  token_hash: Buffer;
  /** SHA-256 of the stored password hash. The browser becomes unknown when that changes. */
  password_digest: Buffer;
  /** When it last logged in. */
  used_at: Timestamp;
  /** Until then a log-in from it needs no second factor; null for always. */
  trusted_until: ColumnType<Date | null, undefined, Date | null>;
}

/** The authenticator app of a user. */
export interface TotpFactorsTable {
  user_id: string;
  /** The shared secret in base32, encrypted by `server/vault` and bound to `user_id`. */
  secret_sealed: string;
  /** When its first code was correct; null before, while it protects nothing. */
  confirmed_at: ColumnType<Date | null, undefined, Date>;
  /** The time step of the last accepted code. That code and older ones are never accepted again. */
  last_step: ColumnType<string | null, undefined, number>;
  created_at: Timestamp;
}

/** Public keys of a user's passkeys. `id` is the credential id, base64url. */
export interface PasskeysTable {
  user_id: string;
  id: string;
  name: string;
  public_key: Buffer;
  /** The authenticator's own count of uses; 0 when it keeps none. */
  counter: ColumnType<string, number, number>;
  transports: string[];
  created_at: Timestamp;
  last_used_at: ColumnType<Date | null, undefined, Date>;
}

/** Ten codes, each of which replaces the second factor once. Only the SHA-256 of a code is stored. */
export interface BackupCodesTable {
  user_id: string;
  code_hash: Buffer;
  used_at: ColumnType<Date | null, undefined, Date>;
}

/** Log-ins with a correct password that wait for the second factor. */
export interface PendingLogInsTable {
  /** SHA-256 of the cookie's token. */
  token_hash: Buffer;
  user_id: string;
  expires_at: Date;
}

/** Challenges for a passkey to sign: one for each purpose, for a session or a browser's log-in. */
export interface PasskeyChallengesTable {
  /** SHA-256 of the session's id, or of the token in the browser's cookie. */
  bound_to: Buffer;
  purpose: string;
  challenge: string;
  expires_at: Date;
}

/** better-auth's `account`: how a user authenticates (here: a password hash). */
export interface CredentialsTable {
  id: Generated<string>;
  user_id: string;
  account_id: string;
  provider_id: string;
  password: string | null;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at: Date | null;
  refresh_token_expires_at: Date | null;
  scope: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** better-auth's `verification`: short-lived codes. */
export interface VerificationsTable {
  id: Generated<string>;
  identifier: string;
  value: string;
  expires_at: Date;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/**
 * API keys of a user's own programs. `id` is the public half of the key; of the secret half only the SHA-256
 * is stored. A revoked key keeps its row, so that its use can be recognized.
 */
export interface ApiKeysTable {
  id: string;
  user_id: string;
  secret_hash: Buffer;
  name: string;
  scopes: string[];
  /** Null for never. */
  expires_at: Date | null;
  revoked_at: ColumnType<Date | null, undefined, Date>;
  /** Written at most once a minute. */
  last_used_at: ColumnType<Date | null, undefined, Date>;
  created_at: Timestamp;
}

/** Mail that is queued or was sent in the last 30 days. Its job contains only its id. */
export interface MailsTable {
  user_id: string;
  id: Generated<string>;
  kind: MailKind;
  /** The address that it is sent to. */
  recipient: string;
  /** The values of its text: `MailDetails` of its kind. Never a link's token. */
  details: unknown;
  created_at: Timestamp;
  /** When the mail server accepted it. */
  sent_at: ColumnType<Date | null, undefined, Date>;
  /** When its last attempt failed. */
  failed_at: ColumnType<Date | null, undefined, Date>;
  last_error: ColumnType<string | null, undefined, string | null>;
}

/** Links in mail. Each works once, until it expires. */
export interface MailLinksTable {
  /** SHA-256 of the token. */
  token_hash: Buffer;
  user_id: string;
  purpose: "confirm_email" | "reset_password";
  /** The address that it was mailed to, and that it proves. */
  email: string;
  created_at: Timestamp;
  expires_at: Date;
  used_at: ColumnType<Date | null, undefined, Date>;
}

/** Notices that a user has declined. */
export interface DeclinedNoticesTable {
  user_id: string;
  kind: NoticeKind;
  declined_at: Timestamp;
}

/** A user saw the privacy notice and connected a bank. The row outlives the connection. */
export interface ConsentsTable {
  user_id: string;
  id: Generated<string>;
  item_id: string;
  institution_name: string;
  /** Null when the bank was connected without a page of ours. */
  notice_version: string | null;
  shown_at: Date | null;
  link_session_id: string | null;
  connected_at: Timestamp;
}

/** What happened to a user's account and log-ins. Rows are added and never changed. */
export interface SecurityEventsTable {
  user_id: string;
  at: Timestamp;
  id: Generated<string>;
  kind: SecurityEventKind;
  details: ColumnType<Record<string, string>, unknown, never>;
  ip_address: string | null;
  user_agent: string | null;
}

/** Every table of the product. */
export interface Database {
  users: UsersTable;
  plans: PlansTable;
  plan_requests: PlanRequestsTable;
  items: ItemsTable;
  institutions: InstitutionsTable;
  accounts: AccountsTable;
  transactions: TransactionsTable;
  held_transactions: HeldTransactionsTable;
  transaction_corrections: TransactionCorrectionsTable;
  transaction_versions: TransactionVersionsTable;
  removed_transactions: RemovedTransactionsTable;
  changed_objects: ChangedObjectsTable;
  unreadable_transactions: UnreadableTransactionsTable;
  unconnected_accounts: UnconnectedAccountsTable;
  item_syncs: ItemSyncsTable;
  webhooks: WebhooksTable;
  webhook_keys: WebhookKeysTable;
  refused_tokens: RefusedTokensTable;
  link_attempts: LinkAttemptsTable;
  link_tokens: LinkTokensTable;
  open_links: OpenLinksTable;
  plaid_users: PlaidUsersTable;
  ended_plaid_users: EndedPlaidUsersTable;
  plaid_clients: PlaidClientsTable;
  unclaimed_items: UnclaimedItemsTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_deliveries: WebhookDeliveriesTable;
  account_activity: AccountActivityTable;
  sessions: SessionsTable;
  totp_factors: TotpFactorsTable;
  passkeys: PasskeysTable;
  backup_codes: BackupCodesTable;
  pending_log_ins: PendingLogInsTable;
  passkey_challenges: PasskeyChallengesTable;
  log_ins: LogInsTable;
  known_devices: KnownDevicesTable;
  credentials: CredentialsTable;
  verifications: VerificationsTable;
  api_keys: ApiKeysTable;
  mails: MailsTable;
  mail_links: MailLinksTable;
  declined_notices: DeclinedNoticesTable;
  security_events: SecurityEventsTable;
  consents: ConsentsTable;
}

export type ItemRow = Selectable<ItemsTable>;
export type ItemSyncRow = Selectable<ItemSyncsTable>;
export type UnclaimedItemRow = Selectable<UnclaimedItemsTable>;
export type AccountRow = Selectable<AccountsTable>;
export type NewAccountRow = Insertable<AccountsTable>;
export type LinkTokenRow = Selectable<LinkTokensTable>;
export type UnconnectedAccountRow = Selectable<UnconnectedAccountsTable>;
export type NewUnconnectedAccountRow = Insertable<UnconnectedAccountsTable>;
export type LinkAttemptRow = Selectable<LinkAttemptsTable>;
export type AccountActivityRow = Selectable<AccountActivityTable>;
