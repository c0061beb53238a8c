/**
 * Holders: the users behind log-ins. A holder is an institution and a username; the same holder
 * always has the same bank accounts, drawn from the world's seed.
 */

import { derivedId } from "../plaid/ids.ts";
import { Random } from "../random.ts";
import { ACCOUNT_PROFILES, type AccountTemplate } from "./account-profiles.ts";
import {
  type CustomAccount,
  type CustomTransaction,
  type CustomUser,
  customAccounts,
} from "./custom-user.ts";
import { bankOf, type Institution } from "./institutions.ts";
import { type Persona, personaOf } from "./personas.ts";

/** An account at the bank, the same for every Item. Amounts are in `currency`, exact to the cent. */
export interface BankAccount {
  name: string;
  official_name: string | null;
  mask: string | null;
  type: string;
  subtype: string;
  available: number | null;
  current: number | null;
  limit: number | null;
  currency: string;
  /** For depository accounts at a bank that tokenizes account numbers; else null. */
  persistent_account_id: string | null;
  numbers: AccountNumbers;
  /** Given by a custom user; null: drawn by `transactions.ts`. */
  transactions: CustomTransaction[] | null;
  /** All that a custom user says of the account; null for everyone else. */
  custom: CustomAccount | null;
  persona: Persona;
}

/** The account's numbers in every scheme; `/auth/get` shows those of its currency. */
export interface AccountNumbers {
  account: string;
  routing: string;
  wire_routing: string | null;
  eft_branch: string;
  eft_institution: string;
  bic: string;
  iban: string;
  sort_code: string;
}

export interface HolderIdentity {
  names: string[];
  email: string;
  phone: string;
  street: string;
  city: string;
  region: string;
  postal_code: string;
  country: string;
}

/** The accounts of a holder. Pure: same arguments, same accounts. */
export function bankAccounts(
  seed: number,
  institution: Institution,
  username: string,
  custom: CustomUser | null,
): BankAccount[] {
  const bank = bankOf(institution.institution_id);
  const persona = personaOf(username);
  const given = custom && customAccounts(custom);
  const templates = given ?? persona.accounts ?? ACCOUNT_PROFILES[institution.profile];
  return templates.map((template, index) => {
    const random = new Random(seed, bank, username, index);
    const fixed = username === "user_good" || given !== null;
    const own = (given && custom?.override_accounts?.[index]) || null;
    return {
      ...describe(template, random, fixed),
      ...forcedBalance(own),
      persistent_account_id:
        institution.tokenized && template.type === "depository"
          ? derivedId(seed, bank, username, index, "persistent")
          : null,
      numbers: accountNumbers(random.digits(12), institution, own?.numbers ?? {}),
      transactions: own?.transactions ?? null,
      custom: own,
      persona,
    };
  });
}

function forcedBalance(custom: CustomAccount | null): { available?: number | null } {
  if (custom?.has_null_available_balance) return { available: null };
  const { force_available_balance: available } = custom ?? {};
  return available === undefined ? {} : { available };
}

function accountNumbers(
  drawn: string,
  institution: Institution,
  given: NonNullable<CustomAccount["numbers"]>,
): AccountNumbers {
  return {
    account: given.account ?? drawn,
    routing: given.ach_routing ?? institution.routing_numbers[0] ?? "011401533",
    wire_routing: given.ach_wire_routing ?? "021000021",
    eft_branch: given.eft_branch ?? drawn.slice(0, 5),
    eft_institution: given.eft_institution ?? "021",
    bic: given.international_bic ?? "TRTLGB2L",
    iban: given.international_iban ?? `GB00TRTL${drawn}00`,
    sort_code: given.bacs_sort_code ?? drawn.slice(6),
  };
}

function describe(template: AccountTemplate, random: Random, fixed: boolean) {
  const { name, official_name, type, subtype, currency, limit = null } = template;
  const drawnMask = random.digits(4);
  const mask =
    template.mask === undefined || (!fixed && template.mask !== null) ? drawnMask : template.mask;
  if (template.current === null) {
    return {
      name,
      official_name,
      mask,
      type,
      subtype,
      currency,
      available: null,
      current: null,
      limit,
    };
  }
  const [low, high] = template.current;
  // Every user but user_good gets their own balances where the template has only one.
  const spread = !fixed && low === high && low > 0 ? random.money(low * 0.4, low * 2.5) : null;
  const current = spread ?? random.money(low, high);
  const room = type === "credit" && limit !== null ? Math.max(0, limit - current) : null;
  const available = template.held === null ? room : Math.min(current, current - template.held);
  return {
    name,
    official_name,
    mask,
    type,
    subtype,
    currency,
    available: available === null ? null : Math.round(available * 100) / 100,
    current,
    limit,
  };
}

const FIRST = [
  "Alberta",
  "Bashir",
  "Camille",
  "Dario",
  "Ebele",
  "Fumiko",
  "Gustav",
  "Hana",
  "Imani",
  "Jonas",
] as const;
const LAST = [
  "Charleson",
  "Okafor",
  "Lindqvist",
  "Moreau",
  "Tanaka",
  "Whitfield",
  "Sandoval",
  "Novak",
] as const;
const STREETS = [
  "Malcolm X Blvd",
  "Orchard Street",
  "Station Road",
  "Kestrel Lane",
  "Mill Pond Way",
] as const;

/** The owner of an account, as `/identity/get` shows them; `owner` counts the owners of a joint account. */
export function holderIdentity(
  seed: number,
  institution_id: string,
  username: string,
  owner = 0,
): HolderIdentity {
  const joint = owner === 0 ? [] : [owner];
  const random = new Random(seed, bankOf(institution_id), username, "identity", ...joint);
  const first = random.pick(FIRST);
  const last = random.pick(LAST);
  return {
    names: [`${first} ${last}`],
    email: `${first}.${last}@holder.example`.toLowerCase(),
    // 555-0100 to 555-0199 are reserved for fiction.
    phone: `+1415555${String(random.integer(100, 199)).padStart(4, "0")}`,
    street: `${random.integer(10, 4999)} ${random.pick(STREETS)}`,
    city: "San Matias",
    region: "CA",
    postal_code: `93405-${random.digits(4)}`,
    country: "US",
  };
}
