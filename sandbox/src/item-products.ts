/** The products of an Item after it is made: data calls add to them. */
import { findInstitution } from "./bank/institutions.ts";
import { requireHealthy, shownAccounts } from "./items.ts";
import { PlaidError } from "./plaid/plaid-error.ts";
import { requireProducts } from "./plaid/products.ts";
import { pullTransactions } from "./pulls.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Item } from "./state.ts";

/**
 * Prepares a data call of a product: checks that the Item can have it, and adds it to the Item and
 * to what is billed. `days_requested` is for Transactions, and only counts when the call adds it.
 * @throws the Item's error, PRODUCTS_NOT_SUPPORTED, ADDITIONAL_CONSENT_REQUIRED, or the product's
 * error for having no account.
 */
export function prepareProduct(
  sandbox: Sandbox,
  item: Item,
  product: string,
  days_requested?: number,
): void {
  requireHealthy(item);
  const institution = findInstitution(item.institution_id);
  if (!institution) throw new PlaidError("INSTITUTION_NO_LONGER_SUPPORTED");
  const accounts = shownAccounts(sandbox, item).map(({ bank }) => bank);
  requireProducts([product], institution, accounts);
  if (sandbox.settings.requireConsent && !item.consented_products.includes(product)) {
    throw new PlaidError("ADDITIONAL_CONSENT_REQUIRED");
  }
  if (!item.billed_products.includes(product)) {
    item.billed_products = [...item.billed_products, product];
    sandbox.changed();
  }
  if (item.products.includes(product)) return;
  item.products = [...item.products, product];
  if (product === "transactions") startTransactions(sandbox, item, days_requested);
}

/** Reads transactions from the bank from now on, as far back as this call says. */
function startTransactions(sandbox: Sandbox, item: Item, days_requested?: number): void {
  item.days_requested = days_requested ?? sandbox.defaultDaysRequested;
  // The control API may have generated a feed with another number of days.
  sandbox.feeds.drop(item.item_id);
  pullTransactions(sandbox, item);
}
