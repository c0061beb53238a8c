/** `/investments/*` and `/liabilities/get`. */
import { holdingsOf, investmentTransactionsOf } from "../bank/investments.ts";
import { creditLiability, mortgage, studentLoan } from "../bank/liabilities.ts";
import type { Security } from "../bank/securities.ts";
import { prepareProduct } from "../item-products.ts";
import { accountView, itemView, type ShownAccount, shownAccounts } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { fitsProduct } from "../plaid/products.ts";
import type { Item } from "../state.ts";
import { productWebhook } from "../webhooks/bodies.ts";
import type { Call } from "./call.ts";

interface Body {
  access_token: string;
  options?: { account_ids?: string[]; count?: number; offset?: number };
}

/** `/investments/holdings/get`. Throws NO_INVESTMENT_ACCOUNTS. */
export function investmentsHoldingsGet(call: Call, body: Body): object {
  const { item, accounts } = accountsFor(call, body, "investments");
  const today = call.sandbox.clock.today();
  const held = accounts.map(({ account_id, bank }) => holdingsOf(account_id, bank, today));
  return {
    accounts: accounts.map(investmentAccountView),
    holdings: held.flatMap(({ entries }) => entries),
    securities: distinct(held.flatMap(({ securities }) => securities)),
    item: itemView(item),
    is_investments_fallback_item: false,
  };
}

/** `/investments/transactions/get`: newest first, 24 months. Throws NO_INVESTMENT_ACCOUNTS. */
export function investmentsTransactionsGet(
  call: Call,
  body: Body & { start_date: string; end_date: string },
): object {
  if (body.start_date > body.end_date) {
    throw new PlaidError("INVALID_FIELD", "start_date must not be after end_date");
  }
  const { item, accounts } = accountsFor(call, body, "investments");
  const { count = 100, offset = 0 } = body.options ?? {};
  const days = {
    first: body.start_date,
    last: body.end_date,
    today: call.sandbox.clock.today(),
  };
  const moved = accounts.map(({ account_id, bank }) =>
    investmentTransactionsOf(account_id, bank, days),
  );
  const all = moved
    .flatMap(({ entries }) => entries)
    .sort((one, other) => (one.date < other.date ? 1 : one.date > other.date ? -1 : 0));
  return {
    item: itemView(item),
    accounts: accounts.map(investmentAccountView),
    securities: distinct(moved.flatMap(({ securities }) => securities)),
    investment_transactions: all.slice(offset, offset + count),
    total_investment_transactions: all.length,
    is_investments_fallback_item: false,
  };
}

/** `/investments/refresh`: sends the Item's webhook. */
export function investmentsRefresh(call: Call, body: { access_token: string }): object {
  const { item } = accountsFor(call, body, "investments");
  for (const type of ["HOLDINGS", "INVESTMENTS_TRANSACTIONS"]) {
    const webhook = productWebhook(item, type);
    if (webhook) call.sandbox.webhooks.sendForItem(item, webhook);
  }
  return {};
}

/** `/liabilities/get`. Throws NO_LIABILITY_ACCOUNTS. */
export function liabilitiesGet(call: Call, body: Body): object {
  const { item, accounts } = accountsFor(call, body, "liabilities");
  const today = call.sandbox.clock.today();
  const all = (
    view: (account_id: string, bank: ShownAccount["bank"], today: string) => object,
    isKind: (bank: ShownAccount["bank"]) => boolean,
  ) => {
    const found = accounts.filter(({ bank }) => isKind(bank));
    return found.length === 0
      ? null
      : found.map(({ account_id, bank }) => view(account_id, bank, today));
  };
  return {
    accounts: accounts.map(accountView),
    item: itemView(item),
    liabilities: {
      credit: all(creditLiability, ({ type }) => type === "credit"),
      mortgage: all(mortgage, ({ subtype }) => subtype === "mortgage"),
      student: all(studentLoan, ({ subtype }) => subtype === "student"),
    },
  };
}

/** An account with the extra fields of an investment account (schema `InvestmentAccountBase`). */
function investmentAccountView(account: ShownAccount): object {
  const view = accountView(account);
  return { ...view, balances: { ...view.balances, margin_loan_amount: null } };
}

/** The Item, and its accounts that the product reads. */
function accountsFor(
  call: Call,
  body: Body,
  product: string,
): { item: Item; accounts: ShownAccount[] } {
  const item = call.item(body.access_token);
  prepareProduct(call.sandbox, item, product);
  const accounts = shownAccounts(call.sandbox, item, body.options?.account_ids).filter(({ bank }) =>
    fitsProduct(product, bank),
  );
  return { item, accounts };
}

function distinct(securities: Security[]): Security[] {
  return [...new Map(securities.map((entry) => [entry.security_id, entry])).values()];
}
