import type { ColumnType, Generated, Insertable, Selectable } from "kysely";
import type { ActivityKind } from "../server/contracts/activity.ts";
import type { LinkKind } from "../server/contracts/connect.ts";
import type { ItemProblemKind } from "../server/contracts/item-problem.ts";
import type { LinkOutcome } from "../server/contracts/link-news.ts";
import type { MailKind, NoticeKind } from "../server/contracts/mail.ts";
import type { SecurityEventKind } from "../server/contracts/security-events.ts";
import type { LogIn } from "../server/contracts/session.ts";
import type { AccountTraits } from "./account-traits.ts";

/** A `timestamptz`: read as Date, left to the database on insert unless given. */
type Timestamp = ColumnType<Date, Date | undefined, Date>;

/** A `numeric`: pg reads it as a decimal string, and so does everything above it. Never a float. */
type Numeric = string;

/** People. better-auth's `user` model, with the plan and the data version beside it. */
export interface UsersTable {
  id: Generated<string>;
  name: string;
  email: string;
  email_verified: boolean;
  /**
   * Of a sign-up in production until its address is confirmed: that address, which others may have signed up
   * with as well. `email` is then one that nobody can have.
   */
  claimed_email: ColumnType<string | null, string | null | undefined, string | null>;
  image: string | null;
  plan: Generated<string>;
  /** Rises in the transaction of every change to the user's Items or accounts (I5). */
  data_version: Generated<number>;
  /** The person is gone, and so is all they had here; see `db/deleted-users.ts`. */
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

/** Requests for a larger plan; a user has one open request at most. */
export interface PlanRequestsTable {
  user_id: string;
  id: Generated<string>;
  /** The id of the plan that is asked for. */
  plan: string;
  note: string | null;
  created_at: Timestamp;
  /** When an operator next changed the user's plan. */
  answered_at: ColumnType<Date | null, undefined, Date>;
}

/** Live Items only: a disconnected one has no row. `id` is the id of the attempt that made it. */
export interface ItemsTable {
  id: string;
  user_id: string;
  plaid_item_id: string;
  institution_id: string | null;
  institution_name: string;
  /** The access_token, sealed by `server/vault` and bound to `id`. */
  access_token_sealed: string;
  status: Generated<"good" | "expiring" | "login_required" | "revoked">;
  /** When `status` was last learned from Plaid. */
  status_at: Timestamp;
  /** Why its data does not come; null while it does. Written with `status`. */
  problem: ColumnType<ItemProblemKind | null, undefined, ItemProblemKind | null>;
  /** Plaid's sentence for the user, where ours does not say enough. */
  problem_message: ColumnType<string | null, undefined, string | null>;
  /** `PlaidAdapter.client` that its access_token was made with; null where that is not known. */
  plaid_client: ColumnType<string | null, string | null | undefined, string>;
  /** When its user was last mailed that the bank needs them; null once it does not. */
  reminded_at: ColumnType<Date | null, undefined, Date | null>;
  /** The `expires_at` that its user was mailed about. */
  end_announced_for: ColumnType<Date | null, undefined, Date | null>;
  /** Of an `expiring` one: until when the bank gives data. */
  expires_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** The bank has accounts that were not chosen. */
  new_accounts: Generated<boolean>;
  /** Of a brokerage or lender without them there are accounts and balances alone. */
  has_transactions: Generated<boolean>;
  /** The Plaid user that it was seen with, or was associated with; null before. */
  plaid_user_id: ColumnType<string | null, undefined, string | null>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Live bank accounts. Balances are as the bank last gave them, in `currency`. */
export interface AccountsTable {
  id: Generated<string>;
  item_id: string;
  user_id: string;
  plaid_account_id: string;
  persistent_account_id: string | null;
  /** Where the bank lists it among the Item's accounts, from 0. */
  position: number;
  /** As the bank calls it. */
  name: string;
  /** As the user calls it; null for the bank's name. */
  chosen_name: ColumnType<string | null, undefined, string | null>;
  /** The user leaves it out of totals. */
  is_hidden: ColumnType<boolean, undefined, boolean>;
  official_name: string | null;
  mask: string | null;
  type: string;
  subtype: string | null;
  current_balance: Numeric | null;
  available_balance: Numeric | null;
  balance_limit: Numeric | null;
  currency: string | null;
  /** The person took this account's permission away at the bank. */
  revoked_at: ColumnType<Date | null, undefined, Date>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/**
 * Accounts that the bank shares and that are not connected here. `id` is the account's once it is
 * connected; `position` as in `accounts`.
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
  /** The user chose others; false: the plan had no room for it. */
  declined: boolean;
}

/**
 * What moved on an account. `id` is Plaid's transaction_id; `amount` is in `currency` and as Plaid
 * gives it: positive is money that left the account.
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
   * Which update added it: a hash of the cursor at which that began, so that what it added can be
   * taken back when it has to begin again. Null when it came on the last page, after which none does.
   */
  added_from: ColumnType<string | null, never, never>;
  /** The reading of its Item that had it last: `item_syncs.reading` as it was then; -1: of an Item before it. */
  reading: Generated<number>;
  /** The user's version with which it was added or last changed; 0: before there were versions. */
  version: Generated<string>;
}

/** The newest version of each user's transactions; see `migrations/043_transaction_changes.ts`. */
export interface TransactionVersionsTable {
  user_id: string;
  version: string;
}

/** Transactions that were removed, for readers of changes; `id` is empty where all of an account were. */
export interface RemovedTransactionsTable {
  user_id: string;
  version: string;
  account_id: string;
  id: string;
}

/**
 * What an Item that takes over another one's accounts has brought so far. It replaces their transactions once
 * its history is complete; until then nobody reads it, so nothing is counted twice.
 */
export type HeldTransactionsTable = Omit<TransactionsTable, "version">;

/** What a user says of a transaction in place of the bank; null is what the bank says. */
export interface TransactionCorrectionsTable {
  user_id: string;
  transaction_id: string;
  account_id: string;
  category: string | null;
  merchant: string | null;
  corrected_at: Timestamp;
}

/** A transaction that Plaid has and that could not be read, until it can or is gone; see `Unreadable`. */
export interface UnreadableTransactionsTable {
  user_id: string;
  item_id: string;
  id: string;
  field: string;
  /** Both as of a transaction. */
  reading: number;
  added_from: string | null;
}

/** Banks, as Plaid shows them; of nobody. The name of a bank is with its Items. */
export interface InstitutionsTable {
  /** Plaid's institution_id. */
  id: string;
  url: string | null;
  /** `#rrggbb`, in lower case. */
  color: string | null;
  /** A PNG of 60 kB at most. */
  logo: Buffer | null;
  /** What the logo is served under: the start of its SHA-256 in hex. */
  logo_hash: string | null;
  /** When Plaid was last asked about it. */
  asked_at: Timestamp;
  /** When it last replied. */
  fetched_at: ColumnType<Date | null, undefined, Date>;
}

/** How far the transactions of an Item are; a row each. */
export interface ItemSyncsTable {
  item_id: string;
  user_id: string;
  /** Plaid's cursor after the last page that was kept; null before the first. */
  cursor: string | null;
  /** More pages of the same update come after `cursor`. */
  midway: Generated<boolean>;
  /** Where the update that is `midway` began: Plaid may ask to start it again. */
  update_cursor: string | null;
  /** `waiting` for the first sync to end; `failed`: its job is dead, until one succeeds. */
  status: Generated<"waiting" | "done" | "failed">;
  synced_at: ColumnType<Date | null, undefined, Date | null>;
  /** When the sweep asks for a sync unless one ended before. */
  due_at: Timestamp;
  /** When the first sync began. */
  started_at: ColumnType<Date | null, undefined, Date | null>;
  /** Transactions that the first sync has brought so far. */
  arrived: Generated<number>;
  /** When the first sync, which failed, is tried again. */
  retry_at: ColumnType<Date | null, undefined, Date | null>;
  /** When the cache, which could not be cleared after the connection, is tried again. */
  clear_retry_at: ColumnType<Date | null, undefined, Date | null>;
  /** What its last sync left behind: rows of `unreadable_transactions`, and accounts. */
  transactions_unreadable: Generated<number>;
  accounts_unreadable: Generated<number>;
  /** How often the Item was begun to be read from the beginning again. */
  reading: Generated<number>;
  /**
   * While it is read again: `cursor` as the last page that took part in it left it, empty at the
   * beginning. Else null. Another value than `cursor`: a node of the release before has read a page.
   */
  reread_cursor: ColumnType<string | null, undefined, string | null>;
  /** The Item takes over accounts: its transactions go to `held_transactions` until its history is complete. */
  is_held: ColumnType<boolean, boolean | undefined, boolean>;
  /** How often Plaid refused the cursor since a reading was complete. */
  cursor_refusals: Generated<number>;
  /** When the user asked for a refresh last, when Plaid was called for it, and when it was over. */
  refresh_asked_at: ColumnType<Date | null, undefined, Date>;
  refresh_sent_at: ColumnType<Date | null, undefined, Date | null>;
  refresh_ended_at: ColumnType<Date | null, undefined, Date | null>;
}

/** Plaid's webhooks whose signature was right, for 30 days. */
export interface WebhooksTable {
  id: Generated<string>;
  /** SHA-256 of what was signed and the signature's `r`: the same delivery again is no new row. */
  delivery_hash: Buffer;
  type: string;
  code: string;
  plaid_item_id: string | null;
  /** The fields we use, and no others: bodies may hold tokens. */
  details: ColumnType<unknown, string, never>;
  signed_at: Date;
  received_at: Timestamp;
  /** What its job made of it; null until then. */
  outcome: string | null;
}

/** Items whose access_token Plaid did not know, for a day: see `db/refused-tokens.ts`. */
export interface RefusedTokensTable {
  plaid_item_id: string;
  first_at: Timestamp;
  last_at: Timestamp;
}

/** Public keys that Plaid signs webhooks with, as it showed them: coordinates of P-256 in base64url. */
export interface WebhookKeysTable {
  id: string;
  x: string;
  y: string;
  /** When Plaid was last asked about it, and had it. */
  confirmed_at: Timestamp;
}

/**
 * One public_token on its way to an Item; it outlives the process that serves it.
 *
 * - `started`: no token of an Item is held. With `public_token_sealed` the exchange may be under way
 *   or its reply lost; without, it certainly did not happen and the public_token may be sent again.
 * - `exchanged`: an Item exists at Plaid and `access_token_sealed` holds its token.
 * - `connected`: the `items` row of the same id exists.
 * - `removing`: the Item was given up, or disconnected, and is still to be removed at Plaid.
 * - `failed`: ended without an Item, or with one removed; `reason` says why.
 */
export interface LinkAttemptsTable {
  id: Generated<string>;
  user_id: string;
  /** SHA-256 of the public_token: unique, the idempotency key. */
  public_token_hash: Buffer;
  status: Generated<"started" | "exchanged" | "connected" | "removing" | "failed">;
  /** The public_token, sealed by `server/vault`, until the exchange has certainly ended. */
  public_token_sealed: string | null;
  /** The run that sends, or sent, the exchange; null before. New rows name it: the default is for older nodes. */
  run_id: Generated<string | null>;
  /** What the release before reads in place of `run_id`; to be dropped with the next one. */
  sent_again: Generated<boolean>;
  /** The person said that accounts which only look like known ones are others. */
  connect_anyway: Generated<boolean>;
  /** The accounts that the user chose among the bank's, until the attempt ends; null: all. */
  chosen_accounts: ColumnType<AccountTraits[] | null, string | null | undefined, string | null>;
  access_token_sealed: string | null;
  plaid_item_id: string | null;
  /** `PlaidAdapter.client` that made the access_token; null where that is not known. */
  plaid_client: ColumnType<string | null, string | null | undefined, string | null>;
  /** Why it failed: a reason of `contracts/errors.ts` with its details, `nothing_new` or `disconnected`. */
  reason: string | null;
  reason_details: ColumnType<unknown, string | null | undefined, string | null>;
  /** As of the Link that the user opened last before; see `ConsentsTable`. */
  notice_version: ColumnType<string | null, string | null | undefined, never>;
  notice_shown_at: ColumnType<Date | null, Date | null | undefined, never>;
  /** What Link said of itself in the browser. */
  link_session_id: ColumnType<string | null, string | null | undefined, never>;
  /** How often the recovery tried in vain since the status last changed. */
  tries: Generated<number>;
  /** Of an `exchange_lost`: when Plaid had nothing of it any more, by our clock. */
  cleaned_up_at: ColumnType<Date | null, undefined, Date>;
  /** An unfinished attempt is left to whoever works on it until then. */
  retry_at: Timestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/**
 * A user at Plaid, which ties our user's Items together. Times are of `services.clock`.
 * https://plaid.com/docs/api/users/
 */
export interface PlaidUsersTable {
  user_id: string;
  plaid_user_id: string;
  /** `PlaidAdapter.client` that made it. */
  client: string;
  /** When the last link_token made with it expires: until then Link may add an Item. */
  links_until: ColumnType<Date | null, undefined, Date>;
  /** When it is compared with our rows again; null leaves that to the sweep. */
  due_at: ColumnType<Date | null, undefined, Date | null>;
  /** How often in a row that failed. */
  tries: Generated<number>;
  /** By PostgreSQL's clock, as attempts have it. */
  created_at: Timestamp;
}

/** Plaid users of deleted accounts, until they are ended at Plaid; nothing here says whose they were. */
export interface EndedPlaidUsersTable {
  plaid_user_id: string;
  client: string;
  /** By `services.clock`. */
  due_at: Date;
  tries: Generated<number>;
}

/** Items that Plaid lists for a user and nothing here holds, for 30 days after their removal. */
export interface UnclaimedItemsTable {
  user_id: string;
  plaid_item_id: string;
  institution_id: string | null;
  institution_name: string | null;
  first_seen_at: Date;
  /** When its removal was last asked for; it may have happened since. */
  sent_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** The operator's word that more may be removed than a day allows. */
  confirmed_at: ColumnType<Date | null, undefined, Date | null>;
  /** Before `first_seen_at`: it is listed again since. */
  removed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** What is known of a client id of Plaid's, and how far the sweep over all users is. */
export interface PlaidClientsTable {
  /** `PlaidAdapter.client`. */
  client: string;
  /** When Plaid last refused it the User APIs; null while it serves them. */
  user_apis_refused_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  /** How many rounds of the sweep are over. */
  rounds: Generated<number>;
  round_began_at: ColumnType<Date | null, Date | undefined, Date>;
  /** Users of one step of this round. */
  round_step: Generated<number>;
  /** The last user of the last step; null between two rounds. */
  swept_to: ColumnType<string | null, string | null | undefined, string | null>;
}

/**
 * A link_token that a user opened Link with, and what became of it. It is removed 30 days after its end.
 *
 * - `open`: Link may still succeed, or has without us. `finished_at`: Plaid says that it has.
 * - `finishing`: we connect what Link has made, as `onSuccess` never reached us.
 * - `closed`: `onSuccess` reached us, or `outcome` says how it ended without it.
 */
export interface LinkTokensTable {
  user_id: string;
  /** The two sealed columns are bound to it. */
  id: string;
  link_token_hash: Buffer;
  /** Null once it is closed. */
  link_token_sealed: string | null;
  /** The Item that is open in update mode. */
  item_id: string | null;
  /** What the user wanted to connect; null in update mode, and for one from before there was a choice. */
  kind: ColumnType<LinkKind | null, LinkKind | null | undefined, never>;
  /** Plaid shows it on a page of its own, so no `onSuccess` comes of it. */
  is_hosted: Generated<boolean>;
  expires_at: Date;
  /** The privacy notice on the page that opened it, and when; null where it was no page of ours. */
  notice_version: ColumnType<string | null, string | null | undefined, never>;
  notice_shown_at: ColumnType<Date | null, Date | null | undefined, never>;
  status: Generated<"open" | "finishing" | "closed">;
  /** SHA-256 of the `oauth_state_id` of the address that a bank's own site returned to. */
  oauth_state_hash: ColumnType<Buffer | null, undefined, Buffer>;
  finished_at: ColumnType<Date | null, undefined, Date>;
  public_token_sealed: ColumnType<string | null, undefined, string | null>;
  link_session_id: ColumnType<string | null, undefined, string | null>;
  institution_id: ColumnType<string | null, undefined, string | null>;
  institution_name: ColumnType<string | null, undefined, string | null>;
  /** What the user has to be told; null for nothing. */
  outcome: ColumnType<LinkOutcome | null, undefined, LinkOutcome | null>;
  /** Of `contracts/errors.ts`. */
  reason: ColumnType<string | null, undefined, string | null>;
  /** Our Item that came of it; with `onSuccess` the attempt, whose id its Item gets. */
  found_item_id: ColumnType<string | null, undefined, string | null>;
  /** Plaid's id of an Item that never reached us. */
  plaid_item_id: ColumnType<string | null, undefined, string | null>;
  told_at: ColumnType<Date | null, undefined, Date>;
  /** When Plaid was last asked about it. */
  asked_at: ColumnType<Date | null, undefined, Date>;
  tries: Generated<number>;
  /** When it is looked at next; of a closed one, when it is deleted. */
  due_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Timestamp;
}

/** The Link a person has opened last, for nodes of the release before; bound to `user_id`. */
export interface OpenLinksTable {
  user_id: string;
  link_token_sealed: string;
  /** The Item that is open in update mode. */
  item_id: string | null;
  expires_at: Date;
}

/** What happened to a person's connections: one row for each ending (I8). */
export interface AccountActivityTable {
  id: Generated<string>;
  user_id: string;
  attempt_id: string | null;
  kind: ActivityKind;
  institution_id: string | null;
  institution_name: string | null;
  account_count: number;
  reason: string | null;
  /** Of an entry about a connected bank whose data stopped. */
  problem: ColumnType<ItemProblemKind | null, ItemProblemKind | null | undefined, never>;
  plaid_request_id: string | null;
  /** Of a re-authentication: one opening of Link is one entry. */
  link_session_id: string | null;
  created_at: Timestamp;
}

/** An address of a user's own that gets webhooks. */
export interface WebhookEndpointsTable {
  user_id: string;
  /** The two secrets are bound to it. */
  id: string;
  url: string;
  /** Of `contracts/webhook-events.ts`. */
  events: string[];
  secret_sealed: string;
  /** The secret before the last one, which signs as well until `old_secret_until`. */
  old_secret_sealed: ColumnType<string | null, undefined, string | null>;
  old_secret_until: ColumnType<Date | null, undefined, Date | null>;
  /** Its last response took long: its deliveries wait for each other and those of others like it. */
  is_slow: Generated<boolean>;
  created_at: Timestamp;
}

/** One event on its way to one address. */
export interface WebhookDeliveriesTable {
  user_id: string;
  /** The header `webhook-id`. */
  id: Generated<string>;
  endpoint_id: string;
  type: string;
  /** The very bytes that are sent, each time. */
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
  /** When the user last proved in this session who they are, beyond having it; null: never. */
  proved_at: ColumnType<Date | null, undefined, Date | null>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Log-ins and tries with a wrong password, as they ended; nothing of what was typed. */
export interface LogInsTable {
  user_id: string;
  at: Timestamp;
  id: Generated<string>;
  outcome: LogIn["outcome"];
  ip_address: string | null;
  user_agent: string | null;
}

/** Browsers that have logged in before: `server/auth/known-devices.ts`. At most ten a user. */
export interface KnownDevicesTable {
  user_id: string;
  /** SHA-256 of the cookie's token. */
  token_hash: Buffer;
  /** SHA-256 of the stored password hash; the browser is unknown once it is another. */
  password_digest: Buffer;
  /** When it last logged in. */
  used_at: Timestamp;
  /** Until then a log-in from it needs no second factor; null: it always does. */
  trusted_until: ColumnType<Date | null, undefined, Date | null>;
}

/** The authenticator app of a user. */
export interface TotpFactorsTable {
  user_id: string;
  /** The shared secret in base32, sealed by `server/vault` and bound to `user_id`. */
  secret_sealed: string;
  /** When its first code was right; null before, and it protects nothing. */
  confirmed_at: ColumnType<Date | null, undefined, Date>;
  /** The time step of the last code that was accepted: that code and older ones never are again. */
  last_step: ColumnType<string | null, undefined, number>;
  created_at: Timestamp;
}

/** Public keys of a user's passkeys. `id` is the credential id, base64url. */
export interface PasskeysTable {
  user_id: string;
  id: string;
  name: string;
  public_key: Buffer;
  /** The authenticator's own count of uses; 0 where it keeps none. */
  counter: ColumnType<string, number, number>;
  transports: string[];
  created_at: Timestamp;
  last_used_at: ColumnType<Date | null, undefined, Date>;
}

/** Ten codes that each log in once in the place of a factor. Only SHA-256 of a code is stored. */
export interface BackupCodesTable {
  user_id: string;
  code_hash: Buffer;
  used_at: ColumnType<Date | null, undefined, Date>;
}

/** Log-ins whose password was right and whose second factor is still to come. */
export interface PendingLogInsTable {
  /** SHA-256 of the cookie's token. */
  token_hash: Buffer;
  user_id: string;
  expires_at: Date;
}

/** Challenges that a passkey is to sign: one of each purpose for a session or a browser's log-in. */
export interface PasskeyChallengesTable {
  /** SHA-256 of the session's id, or of the token in the browser's cookie. */
  bound_to: Buffer;
  purpose: string;
  challenge: string;
  expires_at: Date;
}

/** better-auth's `account`: how a person proves who they are (here: a password hash). */
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
 * What a person's own programs authenticate with. `id` is the public half of the key; of the secret
 * half there is only its SHA-256. A revoked key keeps its row, so that its use can be told apart.
 */
export interface ApiKeysTable {
  id: string;
  user_id: string;
  secret_hash: Buffer;
  name: string;
  scopes: string[];
  /** Null: never. */
  expires_at: Date | null;
  revoked_at: ColumnType<Date | null, undefined, Date>;
  /** Written at most once a minute. */
  last_used_at: ColumnType<Date | null, undefined, Date>;
  created_at: Timestamp;
}

/** Mail that is to be sent, or was, for 30 days. The job that sends it has its id and nothing else of it. */
export interface MailsTable {
  user_id: string;
  id: Generated<string>;
  kind: MailKind;
  /** The address that it goes to. */
  recipient: string;
  /** What its text needs: `MailDetails` of its kind. Never a link's token. */
  details: unknown;
  created_at: Timestamp;
  /** When the mail server took it. */
  sent_at: ColumnType<Date | null, undefined, Date>;
  /** When it was left unsent for good. */
  failed_at: ColumnType<Date | null, undefined, Date>;
  last_error: ColumnType<string | null, undefined, string | null>;
}

/** Links in mail: each works once, until it expires. */
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

/** Notices that a user does not want. */
export interface DeclinedNoticesTable {
  user_id: string;
  kind: NoticeKind;
  declined_at: Timestamp;
}

/** That a user was shown the privacy notice and connected a bank. It outlives the connection. */
export interface ConsentsTable {
  user_id: string;
  id: Generated<string>;
  item_id: string;
  institution_name: string;
  /** Null where the connection came without a page of ours. */
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
