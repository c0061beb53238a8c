/**
 * The sandbox's state, as plain JSON that can be stored on disk. What follows from the seed (banks,
 * holders, balances, transactions) is computed, not stored.
 */
import type { JWK } from "jose";
import type { Challenge } from "./link/mfa.ts";
import type { PlaidErrorCode } from "./plaid/plaid-error.ts";
import type { ProductRequest } from "./plaid/products.ts";

/** An account as one Item shows it: a new `account_id` for a bank account of the holder. */
export interface ItemAccount {
  account_id: string;
  /** Index of the account among the holder's at the bank. */
  bank_account: number;
  /** How far the account's numbers are verified; absent when they need no verification. */
  verification_status?: VerificationStatus;
}

export type VerificationStatus =
  | "pending_automatic_verification"
  | "automatically_verified"
  | "verification_expired";

/** What happened to an Item's transactions since it was made; replayed to get the sync feed. */
export type ActivityStep =
  | { kind: "refresh"; day: string }
  /** The pull of the days before the first 30. */
  | { kind: "history" }
  | { kind: "bulk"; day: string; bulk: BulkChange }
  | { kind: "create"; day: string; transactions: CreatedTransaction[] }
  /** Update mode: the accounts that the Item had, and has since. */
  | { kind: "accounts"; before: ItemAccount[]; after: ItemAccount[] };

/** How many transactions are added, changed and removed at once: `/_control/items/transactions`. */
export interface BulkChange {
  added: number;
  modified: number;
  removed: number;
}

/** A transaction of `/sandbox/transactions/create`. */
export interface CreatedTransaction {
  date_transacted: string;
  date_posted: string;
  amount: number;
  description: string;
  iso_currency_code?: string;
}

export interface Item {
  item_id: string;
  client_id: string;
  client_user_id: string | null;
  institution_id: string;
  /** Who logged in; with the institution it names the holder. */
  username: string;
  /** JSON of a `user_custom` log-in; null for everyone else. */
  custom_user: string | null;
  accounts: ItemAccount[];
  products: string[];
  billed_products: string[];
  consented_products: string[];
  webhook: string | null;
  /** Set while the Item needs its user, e.g. ITEM_LOGIN_REQUIRED. */
  error: PlaidErrorCode | null;
  /** Set while data calls fail although `/item/get` shows a healthy Item, e.g. NO_ACCOUNTS. */
  data_error: PlaidErrorCode | null;
  /** Null until a public_token is exchanged. */
  access_token: string | null;
  link_session_id: string | null;
  /** Requested days of history, 1 to 730. */
  days_requested: number;
  /** Transactions can be read from then on, ms since the epoch; null before the exchange. */
  transactions_ready_at: number | null;
  /** The transactions before the first 30 days come then, ms since the epoch; null: they are there. */
  history_at: number | null;
  /** `/transactions/sync` has been called. */
  synced: boolean;
  /** When the user last logged in, ms since the epoch. */
  logged_in_at: number;
  created_at: string;
  removed_at: string | null;
  activity: ActivityStep[];
  last_webhook: { sent_at: string; code_sent: string } | null;
  /** Of `/user/create`, when the link_token named one. */
  user_id: string | null;
  /** Since when it is tied to that user, ms since the epoch; null for none. */
  user_since: number | null;
  consent_events: ConsentEvent[];
}

export interface ConsentEvent {
  created_at: string;
  event_type: "CONSENT_GRANTED" | "CONSENT_UPDATED" | "CONSENT_REVOKED";
  event_code: "USER_AGREEMENT" | "DATA_SCOPES" | "ACCOUNT_SCOPES" | "REVOCATION";
  /** The accounts shared from then on. */
  account_ids: string[];
}

/** A user of `/user/create`. */
export interface User {
  user_id: string;
  /** For integrations from before the User APIs of December 2025; else null. */
  user_token: string | null;
  client_id: string;
  client_user_id: string;
  identity: object | null;
  created_at: string;
  updated_at: string;
}

/** A report of `/asset_report/create`. */
export interface AssetReport {
  asset_report_id: string;
  asset_report_token: string;
  client_id: string;
  item_ids: string[];
  client_report_id: string | null;
  user: object;
  days_requested: number;
  created_at: string;
  /** Ms since the epoch. */
  ready_at: number;
}

export interface PublicToken {
  public_token: string;
  item_id: string;
  expires_at: number;
  spent: boolean;
}

/** The parts of a `/link/token/create` request that Link and `/link/token/get` need again. */
export interface LinkToken {
  link_token: string;
  client_id: string;
  created_at: string;
  expires_at: number;
  client_name: string;
  language: string;
  country_codes: string[];
  client_user_id: string | null;
  user_id: string | null;
  requested: ProductRequest;
  webhook: string | null;
  redirect_uri: string | null;
  institution_id: string | null;
  account_filters: Record<string, { account_subtypes: string[] }> | null;
  /** Null takes the default. */
  days_requested: number | null;
  /** Update mode: the Item to repair. */
  update_item_id: string | null;
  account_selection_enabled: boolean;
  /** A Hosted Link session, and where it goes when it ends; null when the app hosts Link. */
  hosted: { completion_redirect_uri: string | null } | null;
  multi_item: boolean;
}

export interface LinkEvent {
  event_name: string;
  event_id: string;
  timestamp: string;
  event_metadata: Record<string, string>;
}

/** One opening of Link. */
export interface LinkSession {
  link_session_id: string;
  link_token: string;
  started_at: string;
  finished_at: string | null;
  institution_id: string | null;
  username: string | null;
  custom_user: string | null;
  /** The bank's remaining MFA prompts, from `round` on; null for none. */
  mfa: (Challenge & { round: number }) | null;
  /** Whether the user has logged in, so accounts may be chosen. */
  logged_in: boolean;
  oauth: { state_id: string; result: "pending" | "granted" | "denied"; used: boolean } | null;
  /** The accounts that the user chose on the bank's own page; null when it has no such page. */
  bank_choice: number[] | null;
  awaits_deposits: boolean;
  /** The Items of the session: one, or in a Multi-Item session any number. */
  added: { public_token: string; metadata: LinkSuccessMetadata }[];
  exit: { error: object | null; metadata: LinkExitMetadata } | null;
  events: LinkEvent[];
}

export interface LinkAccount {
  id: string;
  name: string;
  mask: string | null;
  type: string;
  subtype: string;
  verification_status: string | null;
  class_type: string | null;
}

/** The metadata of `onSuccess`. */
export interface LinkSuccessMetadata {
  institution: { name: string; institution_id: string } | null;
  accounts: LinkAccount[];
  link_session_id: string;
  transfer_status: null;
}

/** The metadata of `onExit`. */
export interface LinkExitMetadata {
  institution: { name: string; institution_id: string } | null;
  status: string | null;
  link_session_id: string;
  request_id: string;
}

/** A current or earlier key that signs webhooks. */
export interface SigningKey {
  private_jwk: JWK;
  /** Seconds since the epoch. */
  created_at: number;
  /** When the next key replaced it, seconds since the epoch; null for the one in use. */
  expired_at: number | null;
}

export interface State {
  version: 1;
  seed: number | null;
  minted: number;
  clock_offset_ms: number;
  /** Oldest first; the last one is in use. */
  signing_keys: SigningKey[];
  items: Map<string, Item>;
  public_tokens: Map<string, PublicToken>;
  link_tokens: Map<string, LinkToken>;
  link_sessions: Map<string, LinkSession>;
  /** user_id -> user. */
  users: Map<string, User>;
  /** asset_report_token -> report. */
  asset_reports: Map<string, AssetReport>;
  /** access_token -> item_id. A removed Item keeps its entry; an invalidated token loses it. */
  access_tokens: Map<string, string>;
}

/** An empty state. `clock_offset_ms`: how far the sandbox's time is from the machine's. */
export function emptyState(seed: number | null, clock_offset_ms: number): State {
  return {
    version: 1,
    seed,
    minted: 0,
    clock_offset_ms,
    signing_keys: [],
    items: new Map(),
    public_tokens: new Map(),
    link_tokens: new Map(),
    link_sessions: new Map(),
    users: new Map(),
    asset_reports: new Map(),
    access_tokens: new Map(),
  };
}
