import type { PlaidFailure } from "../contracts/errors.ts";
import { type ItemProblemKind, problemOfCode } from "../contracts/item-problem.ts";

/** Plaid's error of an Item, from a failed call, from `/item/get` or from a webhook. */
export type ItemError = Pick<PlaidFailure, "errorType" | "errorCode" | "displayMessage">;

/** Errors about the bank or the user's access to it, not about our request. */
const typesOfBanks = new Set(["ITEM_ERROR", "INSTITUTION_ERROR"]);

/**
 * Returns what an error of Plaid means for the Item; null when it is not about the Item but about our
 * request, our keys or a rate limit. Plaid adds codes. A new one is `unknown` when its type, or a message for
 * the user, shows that it is about the bank.
 */
export function problemOf(error: ItemError): ItemProblemKind | null {
  const { errorType, errorCode, displayMessage } = error;
  if (errorCode === null || errorType === "RATE_LIMIT_EXCEEDED") return null;
  const known = problemOfCode(errorCode);
  if (known) return known;
  const isOfBank = errorType !== null && typesOfBanks.has(errorType);
  return isOfBank || displayMessage !== null ? "unknown" : null;
}

/** Plaid does not know the access_token, at least not with these keys. */
export const isRefusedToken = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "INVALID_ACCESS_TOKEN";

/** The Item no longer exists at Plaid, so there is nothing left to remove. */
export const isItemGone = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "ITEM_NOT_FOUND" || error?.errorCode === "ITEM_CONCURRENTLY_DELETED";
