/** `/accounts/*`, `/identity/get` and `/auth/get`. */
import type { CustomIdentity } from "../bank/custom-user.ts";
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
import type { Sandbox } from "../sandbox.ts";
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
  return {
    accounts: accounts.map((account) => ({
      ...accountView(account),
      owners: ownersOf(call.sandbox, item, account),
    })),
    item: itemView(item),
  };
}

/** The owners of an account (schema `Owner`). */
export function ownersOf(sandbox: Sandbox, item: Item, { bank }: ShownAccount): Owner[] {
  return Array.from({ length: bank.persona.owners }, (_unused, index) => {
    const user = holderIdentity(sandbox.world, item.institution_id, item.username, index);
    const { street, city, region, postal_code, country } = user;
    const owner: Owner = {
      names: user.names,
      phone_numbers: [{ data: user.phone, primary: true, type: "mobile" }],
      emails: [{ data: user.email, primary: true, type: "primary" }],
      addresses: [{ data: { street, city, region, postal_code, country }, primary: true }],
    };
    return ownerOf(owner, bank.custom?.identity);
  });
}

interface Owner {
  names: string[];
  phone_numbers: { data: string; primary: boolean; type: string }[];
  emails: { data: string; primary: boolean; type: string }[];
  addresses: { data: object; primary: boolean }[];
}

/** The owner that a custom user names, with generated values for missing parts. */
function ownerOf(drawn: Owner, custom: CustomIdentity = {}): Owner {
  const contact = (known: string[], otherwise: string) => (entry: Contact) => ({
    data: entry.data,
    primary: entry.primary ?? false,
    type: entry.type !== undefined && known.includes(entry.type) ? entry.type : otherwise,
  });
  return {
    names: custom.names ?? drawn.names,
    phone_numbers:
      custom.phone_numbers?.map(
        contact(["home", "work", "office", "mobile", "mobile1"], "other"),
      ) ?? drawn.phone_numbers,
    emails: custom.emails?.map(contact(["primary", "secondary"], "other")) ?? drawn.emails,
    addresses:
      custom.addresses?.map(({ data, primary = false }) => ({
        data: { ...NO_ADDRESS, ...data },
        primary,
      })) ?? drawn.addresses,
  };
}

type Contact = { data: string; primary?: boolean; type?: string };
const NO_ADDRESS = { city: null, region: null, street: null, postal_code: null, country: null };

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
        account: bank.persistent_account_id === null ? bank.numbers.account : tokenised(account_id),
        is_tokenized_account_number: bank.persistent_account_id !== null,
        routing: bank.numbers.routing,
        wire_routing: bank.numbers.wire_routing,
      })),
      bacs: inCurrency("GBP").map(({ account_id, bank }) => ({
        account_id,
        account: bank.numbers.account.slice(0, 8),
        sort_code: bank.numbers.sort_code,
      })),
      eft: inCurrency("CAD").map(({ account_id, bank }) => ({
        account_id,
        account: bank.numbers.account,
        branch: bank.numbers.eft_branch,
        institution: bank.numbers.eft_institution,
      })),
      international: inCurrency("EUR").map(({ account_id, bank }) => ({
        account_id,
        bic: bank.numbers.bic,
        iban: bank.numbers.iban,
      })),
    },
    item: itemView(item),
  };
}

/** The tokenized number of an account, different for each Item. */
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
