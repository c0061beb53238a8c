/** Items: making them, finding them by token, showing them. */
import type { BankAccount } from "./bank/holders.ts";
import { findInstitution, type Institution } from "./bank/institutions.ts";
import { PlaidError, type PlaidErrorCode, plaidErrorBody } from "./plaid/plaid-error.ts";
import { type ProductRequest, productsOfItem } from "./plaid/products.ts";
import { pullTransactions } from "./pulls.ts";
import type { Sandbox } from "./sandbox.ts";
import type { ConsentEvent, Item, VerificationStatus } from "./state.ts";
import { itemWebhook } from "./webhooks/bodies.ts";

const LOG_IN_LASTS_MS = 30 * 86_400_000;
const PUBLIC_TOKEN_MS = 30 * 60_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An account of an Item together with the bank account behind it. */
export interface ShownAccount {
  account_id: string;
  bank: BankAccount;
  verification_status: VerificationStatus | undefined;
}

export interface NewItem {
  client_id: string;
  client_user_id: string | null;
  user_id: string | null;
  institution: Institution;
  username: string;
  custom_user: string | null;
  /** Indices into the holder's accounts; null takes all. */
  bank_accounts: number[] | null;
  requested: ProductRequest;
  webhook: string | null;
  link_session_id: string | null;
  /** Null takes the default. */
  days_requested: number | null;
  awaits_deposits: boolean;
}

/** Makes an Item, as Link does when it succeeds. It has no access_token yet. */
export function createItem(sandbox: Sandbox, wanted: NewItem): Item {
  const { institution, username, custom_user } = wanted;
  const holder = sandbox.bankAccounts(institution.institution_id, username, custom_user);
  const chosen = wanted.bank_accounts ?? holder.map((_account, index) => index);
  if (institution.one_log_in && sandbox.settings.newItemInvalidatesOld) {
    endOlderLogIns(sandbox, wanted, chosen);
  }
  const item: Item = {
    item_id: sandbox.ids.id(),
    client_id: wanted.client_id,
    client_user_id: wanted.client_user_id,
    user_id: wanted.user_id,
    user_since: wanted.user_id === null ? null : sandbox.clock.now(),
    institution_id: institution.institution_id,
    username,
    custom_user,
    accounts: chosen.map((bank_account) => ({
      account_id: sandbox.ids.id(),
      bank_account,
      ...(wanted.awaits_deposits && { verification_status: "pending_automatic_verification" }),
    })),
    ...productsOfItem(
      wanted.requested,
      institution,
      chosen.flatMap((index) => holder[index] ?? []),
    ),
    webhook: wanted.webhook,
    error: institution.dropped ? "INSTITUTION_NO_LONGER_SUPPORTED" : null,
    data_error: null,
    access_token: null,
    link_session_id: wanted.link_session_id,
    days_requested: wanted.days_requested ?? sandbox.defaultDaysRequested,
    transactions_ready_at: null,
    history_at: null,
    synced: false,
    logged_in_at: sandbox.clock.now(),
    created_at: sandbox.clock.iso(),
    removed_at: null,
    activity: [],
    last_webhook: null,
    consent_events: [],
  };
  for (const code of ["USER_AGREEMENT", "DATA_SCOPES", "ACCOUNT_SCOPES"] as const) {
    noteConsent(sandbox, item, "CONSENT_GRANTED", code);
  }
  sandbox.state.items.set(item.item_id, item);
  sandbox.changed();
  return item;
}

/** Adds to the Item's history of consent, for `/consent/events/get`. */
export function noteConsent(
  sandbox: Sandbox,
  item: Item,
  event_type: ConsentEvent["event_type"],
  event_code: ConsentEvent["event_code"],
): void {
  const account_ids = item.accounts.map(({ account_id }) => account_id);
  const created_at = sandbox.clock.iso();
  item.consent_events.push({ created_at, event_type, event_code, account_ids });
}

/** Ends an Item for good. */
export function removeItem(sandbox: Sandbox, item: Item): void {
  item.removed_at = sandbox.clock.iso();
  sandbox.feeds.drop(item.item_id);
  sandbox.changed();
}

/** `chosen`: the new Item's accounts. */
function endOlderLogIns(sandbox: Sandbox, wanted: NewItem, chosen: number[]): void {
  const { spares_same_accounts } = wanted.institution;
  const isSpared = ({ accounts }: Item) =>
    spares_same_accounts &&
    accounts.length === chosen.length &&
    accounts.every(({ bank_account }) => chosen.includes(bank_account));
  for (const item of sandbox.state.items.values()) {
    const same =
      item.institution_id === wanted.institution.institution_id &&
      item.username === wanted.username &&
      item.client_id === wanted.client_id;
    if (same && item.removed_at === null && item.error === null && !isSpared(item)) {
      putInError(sandbox, item, "ITEM_LOGIN_REQUIRED");
    }
  }
}

/** Puts an Item in error and sends its webhook. */
export function putInError(sandbox: Sandbox, item: Item, code: PlaidErrorCode): void {
  item.error = code;
  sandbox.changed();
  sandbox.webhooks.sendForItem(item, itemWebhook(item, "ERROR", sandbox.clock));
}

/**
 * Repairs an Item, as update mode does, and sends its webhook if it was in error. An Item without
 * accounts is repaired only by choosing accounts again: `picked` says whether the user could.
 */
export function repair(sandbox: Sandbox, item: Item, picked: boolean): void {
  item.logged_in_at = sandbox.clock.now();
  const cures = (code: PlaidErrorCode) => picked || code !== "NO_ACCOUNTS";
  if (item.data_error !== null && cures(item.data_error)) item.data_error = null;
  if (item.error === null || !cures(item.error)) return;
  item.error = null;
  sandbox.changed();
  if (!sandbox.settings.loginRepaired) return;
  sandbox.webhooks.sendForItem(item, itemWebhook(item, "LOGIN_REPAIRED", sandbox.clock));
}

/**
 * Puts an Item in ITEM_LOGIN_REQUIRED when 30 days have passed since its log-in
 * (https://plaid.com/docs/api/sandbox/#sandboxitemreset_login).
 */
export function expireLogIn(sandbox: Sandbox, item: Item): void {
  const isOver = sandbox.clock.now() >= item.logged_in_at + LOG_IN_LASTS_MS;
  if (sandbox.settings.logInsLast || !isOver || item.error !== null) return;
  if (item.removed_at === null) putInError(sandbox, item, "ITEM_LOGIN_REQUIRED");
}

/** A public_token for an Item: valid once, for 30 minutes. */
export function issuePublicToken(sandbox: Sandbox, item: Item): string {
  const public_token = sandbox.ids.token("public");
  const expires_at = sandbox.clock.now() + PUBLIC_TOKEN_MS;
  sandbox.state.public_tokens.set(public_token, {
    public_token,
    item_id: item.item_id,
    expires_at,
    spent: false,
  });
  sandbox.changed();
  return public_token;
}

/** Exchanges a public_token. Throws INVALID_PUBLIC_TOKEN for one that is not valid. */
export function exchangePublicToken(
  sandbox: Sandbox,
  public_token: string,
  client_id: string,
): { item: Item; access_token: string } {
  checkTokenFormat("public", public_token);
  const token = sandbox.state.public_tokens.get(public_token);
  const item = token && sandbox.state.items.get(token.item_id);
  if (!token || token.spent || !item || item.removed_at !== null || item.client_id !== client_id) {
    throw new PlaidError("INVALID_PUBLIC_TOKEN");
  }
  if (token.expires_at <= sandbox.clock.now()) {
    throw new PlaidError(
      "INVALID_PUBLIC_TOKEN",
      "provided public token is expired. Public tokens expire 30 minutes after creation at which point they can no longer be exchanged",
    );
  }
  token.spent = true;
  const first = item.access_token === null;
  const access_token = item.access_token ?? issueAccessToken(sandbox, item);
  if (first) {
    const reads = item.products.includes("transactions") && item.error === null;
    if (reads) pullTransactions(sandbox, item);
  }
  sandbox.changed();
  return { item, access_token };
}

/** Gives the Item a new access_token; the previous one stops working. */
export function issueAccessToken(sandbox: Sandbox, item: Item): string {
  if (item.access_token !== null) sandbox.state.access_tokens.delete(item.access_token);
  item.access_token = sandbox.ids.token("access");
  sandbox.state.access_tokens.set(item.access_token, item.item_id);
  sandbox.changed();
  return item.access_token;
}

/**
 * The Item of an access_token. Throws INVALID_ACCESS_TOKEN for a token that is not one or is
 * another client's, and ITEM_NOT_FOUND for one whose Item was removed.
 */
export function itemByAccessToken(sandbox: Sandbox, access_token: string, client_id: string): Item {
  checkTokenFormat("access", access_token);
  const item_id = sandbox.state.access_tokens.get(access_token);
  const item = item_id === undefined ? undefined : sandbox.state.items.get(item_id);
  if (!item || item.client_id !== client_id) throw new PlaidError("INVALID_ACCESS_TOKEN");
  if (item.removed_at !== null) throw new PlaidError("ITEM_NOT_FOUND");
  expireLogIn(sandbox, item);
  return item;
}

/** Refuses a data call for an Item in error, with ITEM_LOGIN_REQUIRED or whatever its error is. */
export function requireHealthy({ error, data_error }: Item): void {
  const code = error ?? data_error;
  if (code !== null) throw new PlaidError(code);
}

/** Throws INVALID_PUBLIC_TOKEN or INVALID_ACCESS_TOKEN for a malformed or foreign token. */
function checkTokenFormat(kind: "public" | "access", token: string): void {
  const code = kind === "public" ? "INVALID_PUBLIC_TOKEN" : "INVALID_ACCESS_TOKEN";
  const [, environment, identifier] = /^[a-z]+-([a-z]+)-(.+)$/.exec(token) ?? [];
  if (!token.startsWith(`${kind}-`) || environment === undefined || !UUID.test(identifier ?? "")) {
    throw new PlaidError(
      code,
      `provided ${kind} token is in an invalid format. expected format: ${kind}-<environment>-<identifier>`,
    );
  }
  if (environment !== "sandbox") {
    throw new PlaidError(
      code,
      `provided ${kind} token is for the wrong Plaid environment. expected "sandbox", got "${environment}"`,
    );
  }
}

/** The Item's accounts, or those of `account_ids`. Throws INVALID_ACCOUNT_ID for any other id. */
export function shownAccounts(
  sandbox: Sandbox,
  item: Item,
  account_ids?: string[],
): ShownAccount[] {
  const holder = sandbox.bankAccounts(item.institution_id, item.username, item.custom_user);
  const all = item.accounts.flatMap(({ account_id, bank_account, verification_status }) => {
    const bank = holder[bank_account];
    return bank ? [{ account_id, bank, verification_status }] : [];
  });
  if (account_ids === undefined) return all;
  return account_ids.map((wanted) => {
    const found = all.find(({ account_id }) => account_id === wanted);
    if (!found) throw new PlaidError("INVALID_ACCOUNT_ID");
    return found;
  });
}

/** An account in Plaid's shape (schema `AccountBase`). */
export function accountView({ account_id, bank, verification_status }: ShownAccount) {
  return {
    account_id,
    balances: {
      available: bank.available,
      current: bank.current,
      iso_currency_code: bank.currency,
      limit: bank.limit,
      unofficial_currency_code: null,
    },
    holder_category: "personal",
    mask: bank.mask,
    name: bank.name,
    official_name: bank.official_name,
    ...(bank.persistent_account_id === null
      ? {}
      : { persistent_account_id: bank.persistent_account_id }),
    subtype: bank.subtype,
    type: bank.type,
    ...(verification_status === undefined ? {} : { verification_status }),
  };
}

/** An Item in Plaid's shape (schema `Item`). */
export function itemView(item: Item) {
  const institution = findInstitution(item.institution_id);
  const available = institution?.products.filter(
    (product) => !item.billed_products.includes(product),
  );
  return {
    available_products: available ?? [],
    billed_products: item.billed_products,
    consented_products: item.consented_products,
    consent_expiration_time: null,
    error: item.error === null ? null : plaidErrorBody(item.error),
    institution_id: item.institution_id,
    institution_name: institution?.name ?? null,
    item_id: item.item_id,
    products: item.products,
    update_type: "background",
    webhook: item.webhook,
  };
}
