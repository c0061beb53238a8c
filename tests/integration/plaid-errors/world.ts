import type { ItemProblemKind } from "../../../server/contracts/item-problem.ts";
import { syncItem } from "../../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../../support/app.ts";
import { plaidItemIdOf } from "../../support/rows.ts";

/** A connected and synced bank, with Plaid's id of its Item. */
export interface Bank {
  owner: TestUser;
  itemId: string;
  plaidItemId: string;
}

/** Connects a bank whose webhooks go to `webhook`. */
export async function connectBank(app: TestApp, webhook?: string): Promise<Bank> {
  const owner = await app.signUp("cfo");
  const token = await app.publicToken("ins_109508", "user_good", "pass_good", webhook);
  const { body } = await app.post("/plaid/exchange-token", { public_token: token }, owner);
  const itemId: string = body.item.id;
  const plaidItemId = await plaidItemIdOf(app, itemId);
  return { owner, itemId, plaidItemId };
}

/** Returns the Item as its user sees it. */
export async function shown(app: TestApp, { owner }: Pick<Bank, "owner">) {
  return (await app.get("/api/v1/accounts", owner)).items[0];
}

/** Returns the newest entry of the user's activity. */
export async function newestEntry(app: TestApp, { owner }: Pick<Bank, "owner">) {
  return (await app.get("/api/v1/activity", owner)).entries[0];
}

/** Runs the bank's sync once. Returns its outcome, or the reason of its failure. */
export const sync = (app: TestApp, { owner, itemId }: Bank) =>
  syncItem(
    app.services,
    { userId: owner.id, itemId },
    app.services.log,
    new AbortController().signal,
  ).catch((error) => `failed: ${error.reason}`);

/** An error of Plaid that is not in the sandbox's catalog, as the response of any call. */
export const novelty = {
  error_type: "ITEM_ERROR",
  error_code: "BRAND_NEW_CODE",
  error_message: "something new happened",
  display_message: "Please answer your bank's question in its app.",
};

/** Makes a call fail with a code: the sandbox's own error, or one that it does not know. */
export const failsWith = (code: string) =>
  code === novelty.error_code ? { status: 400, body: novelty } : { error: code };

/** One code of each class; with `MATRIX=1` all those that the sandbox knows. */
export const classes: Record<ItemProblemKind, readonly [string, ...string[]]> = {
  log_in: [
    "ITEM_LOGIN_REQUIRED",
    "INVALID_CREDENTIALS",
    "INVALID_MFA",
    "INVALID_SEND_METHOD",
    "INVALID_UPDATED_USERNAME",
    "INSUFFICIENT_CREDENTIALS",
    "USER_INPUT_TIMEOUT",
  ],
  choose_accounts: [
    "NO_ACCOUNTS",
    "NO_AUTH_ACCOUNTS",
    "NO_INVESTMENT_ACCOUNTS",
    "NO_LIABILITY_ACCOUNTS",
  ],
  allow_access: ["ACCESS_NOT_GRANTED", "ADDITIONAL_CONSENT_REQUIRED"],
  act_at_bank: ["ITEM_LOCKED", "USER_SETUP_REQUIRED", "PASSWORD_RESET_REQUIRED"],
  wait: [
    "INSTITUTION_DOWN",
    "INSTITUTION_NOT_RESPONDING",
    "INSTITUTION_NOT_AVAILABLE",
    "PRODUCT_NOT_READY",
  ],
  unsupported: [
    "INSTITUTION_NO_LONGER_SUPPORTED",
    "ITEM_NOT_SUPPORTED",
    "MFA_NOT_SUPPORTED",
    "PRODUCTS_NOT_SUPPORTED",
    "UNAUTHORIZED_INSTITUTION",
    "INSTITUTION_REGISTRATION_REQUIRED",
  ],
  connect_again: ["USER_PERMISSION_REVOKED", "ITEM_NOT_FOUND"],
  unknown: [novelty.error_code],
};
