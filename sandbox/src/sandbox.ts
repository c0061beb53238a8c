/** What every handler works with: the state and the parts that change or observe it. */

import { parseCustomUser } from "./bank/custom-user.ts";
import { type BankAccount, bankAccounts } from "./bank/holders.ts";
import { findInstitution } from "./bank/institutions.ts";
import { TransactionFeeds } from "./bank/transaction-feeds.ts";
import { Clock, startOffsetMs } from "./clock.ts";
import { Faults } from "./control/faults.ts";
import { RateLimits } from "./control/rate-limits.ts";
import { RequestLog } from "./control/request-log.ts";
import { IdSource } from "./plaid/ids.ts";
import { RequestSchemas } from "./plaid/openapi-schemas.ts";
import { emptyState, type State } from "./state.ts";
import { readStateFile, StateFile } from "./state-file.ts";
import { WebhookSender } from "./webhooks/sender.ts";

/** The seed of banks, users and transactions when none is given. */
const DEFAULT_WORLD = 1;

/** Plaid's default and most days of transactions (schema `LinkTokenTransactions`). */
const DEFAULT_DAYS = 90;
const MOST_DAYS = 730;

export interface SandboxSettings {
  /** Keep state here; null keeps it in memory. */
  dataFile: string | null;
  /** Makes all data and ids repeatable; null: the default data and unguessable ids. */
  seed: number | null;
  /** The sandbox's first day, `YYYY-MM-DD` or `today`; null: today, or a seed's own day. */
  startDate: string | null;
  /** Where browsers find the sandbox when the API's callers find it elsewhere; null: at one place. */
  publicUrl: string | null;
  /** Hosts beyond this machine that webhooks may be sent to. */
  webhookHosts: string[];
  /** Origins beyond this machine whose pages may frame Link. */
  pageOrigins: string[];
  /** Return 429 above Plaid's published limits. */
  rateLimits: boolean;
  /** Delay added to every API response, milliseconds. */
  latencyMs: number;
  /** At some banks a second Item of a holder ends the log-in of the first. */
  newItemInvalidatesOld: boolean;
  /** How long after an exchange the Item's transactions are not ready yet, milliseconds. */
  transactionsReadyMs: number;
  /** Two years of transactions for an Item whose request names no number of days. */
  fullHistory: boolean;
  /** Reject data calls of products that the user did not consent to in Link. */
  requireConsent: boolean;
  /** LINK webhooks and results also for sessions that are neither hosted nor Multi-Item. */
  linkEvents: boolean;
  /** The first wait before a webhook is sent again, milliseconds; each next one is four times as long. */
  webhookRetryMs: number;
  /** How long after the first 30 days of transactions the rest follow, milliseconds; 0: at once. */
  historicalPullMs: number;
  /** Items do not need their user again after 30 days. */
  logInsLast: boolean;
  /** LOGIN_REPAIRED also after the app's own update mode. */
  loginRepaired: boolean;
  /** `/sandbox/transactions/create` for every Item, not only those of `user_transactions_dynamic`. */
  transactionsForAll: boolean;
  /** SYNC_UPDATES_AVAILABLE also before the first `/transactions/sync` of an Item. */
  webhooksBeforeSync: boolean;
  /** Serve the User APIs; false rejects them, as for a client id without them. */
  userApis: boolean;
  /** How long after Link's success an Item is missing in `/user/items/get`, milliseconds. */
  userItemsDelayMs: number;
}

export class Sandbox {
  /** `/_control/settings` may change some; a reset brings back those of the start. */
  settings: SandboxSettings;
  readonly schemas = new RequestSchemas();
  readonly requests = new RequestLog();
  readonly webhooks: WebhookSender;
  state: State;
  clock: Clock;
  ids: IdSource;
  faults: Faults;
  limits: RateLimits;
  feeds: TransactionFeeds;
  readonly #startSettings: SandboxSettings;
  readonly #file: StateFile | null;
  /** Institution and username, then the JSON of a `user_custom` (`""` for everyone else). */
  readonly #holders = new Map<string, Map<string, BankAccount[]>>();

  constructor(settings: SandboxSettings) {
    this.settings = settings;
    this.#startSettings = settings;
    const { dataFile, seed } = settings;
    this.state = (dataFile === null ? null : readStateFile(dataFile)) ?? this.#emptyState();
    this.clock = new Clock(this.state.clock_offset_ms);
    this.ids = new IdSource(seed, this.state.minted);
    this.faults = this.#newFaults();
    this.limits = new RateLimits(this.clock);
    this.feeds = new TransactionFeeds(this);
    this.webhooks = new WebhookSender(this);
    this.#file = dataFile === null ? null : new StateFile(dataFile, () => this.#snapshot());
  }

  /** The seed of banks, holders and transactions. */
  get world(): number {
    return this.settings.seed ?? DEFAULT_WORLD;
  }

  /** Days of transactions of an Item whose request names none. */
  get defaultDaysRequested(): number {
    return this.settings.fullHistory ? MOST_DAYS : DEFAULT_DAYS;
  }

  /** Marks the state as changed, so that it is written to disk. */
  changed(): void {
    this.#file?.changed();
  }

  /** Writes the state now, if it has a file. */
  flush(): void {
    this.#file?.write();
  }

  /** Deletes Items, tokens, sessions, faults, requests and changed settings, and resets the clock. */
  reset(): void {
    this.settings = this.#startSettings;
    const { signing_keys } = this.state;
    this.webhooks.cancel();
    this.state = { ...this.#emptyState(), signing_keys };
    this.clock = new Clock(this.state.clock_offset_ms);
    this.ids = new IdSource(this.settings.seed);
    this.faults = this.#newFaults();
    this.limits = new RateLimits(this.clock);
    this.feeds = new TransactionFeeds(this);
    this.requests.clear();
    this.changed();
  }

  /** The bank accounts of a holder, generated once. `custom_user` is the JSON of a `user_custom`. */
  bankAccounts(
    institution_id: string,
    username: string,
    custom_user: string | null,
  ): BankAccount[] {
    // The JSON is a separate key. Joining it to the others would copy megabytes on every call.
    const name = `${institution_id}\u0000${username}`;
    const holders = this.#holders.get(name) ?? new Map<string, BankAccount[]>();
    this.#holders.set(name, holders);
    let accounts = holders.get(custom_user ?? "");
    if (!accounts) {
      const institution = findInstitution(institution_id);
      if (!institution) throw new Error(`unknown institution ${institution_id}`);
      const custom = custom_user === null ? null : parseCustomUser(custom_user);
      accounts = bankAccounts(this.world, institution, username, custom);
      holders.set(custom_user ?? "", accounts);
    }
    return accounts;
  }

  #emptyState(): State {
    const { seed, startDate } = this.settings;
    return emptyState(seed, startOffsetMs(startDate, seed));
  }

  #newFaults(): Faults {
    return new Faults(this.schemas.paths(), this.world);
  }

  #snapshot(): State {
    this.state.minted = this.ids.count;
    this.state.clock_offset_ms = this.clock.offsetMs;
    return this.state;
  }
}
