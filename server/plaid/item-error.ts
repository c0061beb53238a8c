import type { PlaidFailure } from "../contracts/errors.ts";
import { type ItemProblemKind, problemOfCode } from "../contracts/item-problem.ts";

/** What Plaid said of an Item: in the error of a call, in `/item/get`, or in a webhook. */
export type ItemError = Pick<PlaidFailure, "errorType" | "errorCode" | "displayMessage">;

/** Errors about the bank or the user's access to it, rather than about our request. */
const typesOfBanks = new Set(["ITEM_ERROR", "INSTITUTION_ERROR"]);

/**
 * What an error of Plaid's means for the Item; null where it says nothing of the Item, as one about
 * our request, our keys or a rate limit. Plaid adds codes: one that is not in the table is `unknown`
 * where its type, or a message for the user, says that it is about the bank.
 */
export function problemOf(error: ItemError): ItemProblemKind | null {
  const { errorType, errorCode, displayMessage } = error;
  if (errorCode === null || errorType === "RATE_LIMIT_EXCEEDED") return null;
  const known = problemOfCode(errorCode);
  if (known) return known;
  const isOfBank = errorType !== null && typesOfBanks.has(errorType);
  return isOfBank || displayMessage !== null ? "unknown" : null;
}

/** Plaid's answer to an access_token that it does not know, under these keys at least. */
export const isRefusedToken = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "INVALID_ACCESS_TOKEN";

/** Plaid says that there is no such Item any more, so that nothing of it is left to remove. */
export const isRemoved = (error: Pick<ItemError, "errorCode"> | undefined): boolean =>
  error?.errorCode === "ITEM_NOT_FOUND" || error?.errorCode === "ITEM_CONCURRENTLY_DELETED";
