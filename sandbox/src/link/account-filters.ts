/** Which accounts and banks Link shows for a token. */
import { ACCOUNT_PROFILES } from "../bank/account-profiles.ts";
import type { Institution } from "../bank/institutions.ts";
import { fitsProduct, isDebitable } from "../plaid/products.ts";
import type { LinkToken } from "../state.ts";

interface AccountKind {
  type: string;
  subtype: string;
}

/** Whether Link shows an account: `account_filters`, and `auth` among the `products`. */
export function isShown({ type, subtype }: AccountKind, token: LinkToken): boolean {
  if (token.requested.products.includes("auth") && !isDebitable({ type, subtype })) return false;
  if (token.account_filters === null) return true;
  const subtypes = token.account_filters[type]?.account_subtypes ?? [];
  return subtypes.includes("all") || subtypes.includes(subtype);
}

/** Whether a bank has accounts that Link would show, and one for each product. */
export function hasAccountsFor(institution: Institution, token: LinkToken): boolean {
  const shown = ACCOUNT_PROFILES[institution.profile].filter((account) => isShown(account, token));
  return (
    shown.length > 0 &&
    token.requested.products.every((product) =>
      shown.some((account) => fitsProduct(product, account)),
    )
  );
}
