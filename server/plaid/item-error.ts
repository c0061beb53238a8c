/** What Plaid's error codes say of an Item. https://plaid.com/docs/errors/ */

const gone = new Set(["USER_PERMISSION_REVOKED", "ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN"]);

/** Plaid knows the Item no longer, or may give nothing of it. */
export function isGone(errorCode: string): boolean {
  return gone.has(errorCode);
}

/** The bank is away for a while, which says nothing of the Item. */
export function isBankAway(errorCode: string): boolean {
  return errorCode.startsWith("INSTITUTION_") || errorCode === "PRODUCT_NOT_READY";
}
