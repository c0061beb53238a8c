/** `/accounts/*`, `/identity/get` and `/auth/get`. */
import { holderIdentity } from "../bank/holders.ts";
import { prepareProduct } from "../item-products.ts";
import {
  accountView,
  itemView,
  requireHealthy,
  type ShownAccount,
  shownAccounts,
} from "../items.ts";
import { isDebitable } from "../plaid/products.ts";
import { Random } from "../random.ts";
import type { Item } from "../state.ts";
import type { Call } from "./call.ts";

interface AccountsBody {
  access_token: string;
  options?: { account_ids?: string[] };
}

/** `/accounts/get` and `/accounts/balance/get`. */
export function accountsGet(call: Call, body: AccountsBody): object {
  const { item, accounts } = accountsOf(call, body);
  return { accounts: accounts.map(accountView), item: itemView(item) };
}

/** `/identity/get`. */
export function identityGet(call: Call, body: AccountsBody): object {
  const { item, accounts } = accountsOf(call, body, "identity");
  const person = holderIdentity(call.sandbox.world, item.institution_id, item.username);
  const { street, city, region, postal_code, country } = person;
  const owner = {
    names: person.names,
    phone_numbers: [{ data: person.phone, primary: true, type: "mobile" }],
    emails: [{ data: person.email, primary: true, type: "primary" }],
    addresses: [{ data: { street, city, region, postal_code, country }, primary: true }],
  };
  return {
    accounts: accounts.map((account) => ({ ...accountView(account), owners: [owner] })),
    item: itemView(item),
  };
}

/**
 * `/auth/get`. Account numbers of the depository accounts in the account's own scheme.
 * @throws NO_AUTH_ACCOUNTS
 */
export function authGet(call: Call, body: AccountsBody): object {
  const { item, accounts } = accountsOf(call, body, "auth");
  const debitable = accounts.filter(({ bank }) => isDebitable(bank));
  const inCurrency = (currency: string) =>
    debitable.filter(({ bank }) => bank.currency === currency);
  return {
    accounts: debitable.map(accountView),
    numbers: {
      ach: inCurrency("USD").map(({ account_id, bank }) => ({
        account_id,
        account: bank.persistent_account_id === null ? bank.account_number : tokenised(account_id),
        is_tokenized_account_number: bank.persistent_account_id !== null,
        routing: bank.routing_number,
        wire_routing: bank.wire_routing,
      })),
      bacs: inCurrency("GBP").map(({ account_id, bank }) => ({
        account_id,
        account: bank.account_number.slice(0, 8),
        sort_code: bank.account_number.slice(6),
      })),
      eft: inCurrency("CAD").map(({ account_id, bank }) => ({
        account_id,
        account: bank.account_number,
        branch: bank.account_number.slice(0, 5),
        institution: "021",
      })),
      international: inCurrency("EUR").map(({ account_id, bank }) => ({
        account_id,
        bic: "TRTLGB2L",
        iban: `GB00TRTL${bank.account_number}00`,
      })),
    },
    item: itemView(item),
  };
}

/** The number a tokenising bank gives one Item for an account: another Item gets another. */
function tokenised(account_id: string): string {
  return new Random("tokenised", account_id).digits(12);
}

/** The Item and its accounts, or those that the body names. `product`: what the call reads. */
function accountsOf(
  call: Call,
  body: AccountsBody,
  product?: string,
): { item: Item; accounts: ShownAccount[] } {
  const item = call.item(body.access_token);
  if (product === undefined) requireHealthy(item);
  else prepareProduct(call.sandbox, item, product);
  return { item, accounts: shownAccounts(call.sandbox, item, body.options?.account_ids) };
}
