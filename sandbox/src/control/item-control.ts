/**
 * `/_control/items*`: every Item by its `item_id`, for tests that never see an access_token: the Item's record, and
 * actions on it.
 */
import { findInstitution } from "../bank/institutions.ts";
import { putInError, shownAccounts } from "../items.ts";
import { tokenHash } from "../plaid/ids.ts";
import { isPlaidErrorCode } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Item } from "../state.ts";
import { announcing } from "../webhooks/announcing.ts";
import { fireWebhook } from "../webhooks/fire.ts";
import { ControlError, onlyKeys, wholeNumber } from "./control-error.ts";

type Body = Record<string, unknown>;

const MOST_AT_ONCE = 100_000;
const DAY_S = 86_400;
const WEBHOOK_CODES = [
  "DEFAULT_UPDATE",
  "ERROR",
  "LOGIN_REPAIRED",
  "NEW_ACCOUNTS_AVAILABLE",
  "PENDING_DISCONNECT",
  "PENDING_EXPIRATION",
  "SYNC_UPDATES_AVAILABLE",
  "USER_ACCOUNT_REVOKED",
  "USER_PERMISSION_REVOKED",
  "WEBHOOK_UPDATE_ACKNOWLEDGED",
];

/** Every Item ever made, oldest first. */
export function listItems(sandbox: Sandbox) {
  const hashes = new Map<string, string>();
  for (const { public_token, item_id } of sandbox.state.public_tokens.values()) {
    hashes.set(item_id, tokenHash(public_token));
  }
  return [...sandbox.state.items.values()].map((item) => ({
    item_id: item.item_id,
    client_user_id: item.client_user_id,
    user_id: item.user_id,
    institution_id: item.institution_id,
    institution_name: findInstitution(item.institution_id)?.name ?? null,
    username: item.username,
    accounts: shownAccounts(sandbox, item).map(({ account_id, bank }) => ({
      account_id,
      persistent_account_id: bank.persistent_account_id,
      name: bank.name,
      mask: bank.mask,
      subtype: bank.subtype,
    })),
    link_session_id: item.link_session_id,
    /** SHA-256, hex, of the newest public_token. */
    public_token_hash: hashes.get(item.item_id) ?? null,
    access_token_issued: item.access_token !== null,
    error: item.error,
    webhook: item.webhook,
    created_at: item.created_at,
    removed: item.removed_at !== null,
    removed_at: item.removed_at,
  }));
}

/** The Item's transactions as they stand, in Plaid's shape: what a finished sync must have. */
export function listTransactions(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id");
  const item = liveItem(sandbox, body);
  return { transactions: [...sandbox.feeds.of(item).current.values()] };
}

/** Adds, modifies and removes the given numbers of transactions, and sends the webhook. */
export function changeTransactions(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id", "added", "modified", "removed");
  const item = liveItem(sandbox, body);
  const bulk = {
    added: wholeNumber(body, "added", MOST_AT_ONCE, 0),
    modified: wholeNumber(body, "modified", MOST_AT_ONCE, 0),
    removed: wholeNumber(body, "removed", MOST_AT_ONCE, 0),
  };
  announcing(sandbox, item, () => sandbox.feeds.change(item, bulk));
  return { total: sandbox.feeds.of(item).current.size };
}

/** As `/transactions/refresh`: the pending transaction posts, and days that have passed are added. */
export function refreshTransactions(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id");
  const item = liveItem(sandbox, body);
  announcing(sandbox, item, () => sandbox.feeds.refresh(item));
  return { total: sandbox.feeds.of(item).current.size };
}

/** As `/sandbox/item/reset_login`. */
export function resetLogin(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id");
  putInError(sandbox, liveItem(sandbox, body), "ITEM_LOGIN_REQUIRED");
  return { reset_login: true };
}

/**
 * Any error, such as that of a bank that is down, until update mode or the next one. `data_only`:
 * data calls fail, but `/item/get` shows a healthy Item and its webhook receives nothing. An
 * `error_code` of null heals both without a webhook.
 */
export function setError(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id", "error_code", "data_only");
  const item = liveItem(sandbox, body);
  const { error_code, data_only = false } = body;
  if (typeof data_only !== "boolean") {
    throw new ControlError('"data_only" must be true or false');
  }
  if (error_code === null) {
    item.error = null;
    item.data_error = null;
    sandbox.changed();
    return { error: null };
  }
  if (typeof error_code !== "string" || !isPlaidErrorCode(error_code)) {
    throw new ControlError('"error_code" must be a code of Plaid');
  }
  if (data_only) {
    item.data_error = error_code;
    sandbox.changed();
  } else {
    putInError(sandbox, item, error_code);
  }
  return { error: error_code };
}

/** As `/sandbox/item/fire_webhook`, for every code; `signed_seconds_ago` signs it in the past. */
export function sendWebhook(sandbox: Sandbox, body: Body) {
  onlyKeys(body, "item_id", "webhook_code", "webhook_type", "signed_seconds_ago");
  const item = liveItem(sandbox, body);
  const { webhook_code, webhook_type } = body;
  if (typeof webhook_code !== "string" || !WEBHOOK_CODES.includes(webhook_code)) {
    throw new ControlError(`"webhook_code" must be one of ${WEBHOOK_CODES.join(", ")}`);
  }
  if (webhook_type !== undefined && typeof webhook_type !== "string") {
    throw new ControlError('"webhook_type" must be a string');
  }
  if (item.webhook === null) throw new ControlError("the Item has no webhook URL");
  const signed_seconds_ago = wholeNumber(body, "signed_seconds_ago", DAY_S, 0);
  if (!fireWebhook(sandbox, item, webhook_code, { webhook_type, signed_seconds_ago })) {
    throw new ControlError('"webhook_code" and "webhook_type" do not go together');
  }
  return { webhook_fired: true };
}

function liveItem(sandbox: Sandbox, { item_id }: Body): Item {
  const item = typeof item_id === "string" ? sandbox.state.items.get(item_id) : undefined;
  if (!item || item.removed_at !== null) throw new ControlError("no such Item", 404);
  return item;
}
