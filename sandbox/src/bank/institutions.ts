/**
 * The banks. Ids and names from Plaid's own Sandbox where Plaid publishes them
 * (https://plaid.com/docs/sandbox/institutions/); the others and all logos are invented.
 */
import type { LogoMark } from "./logos.ts";

export interface Institution {
  institution_id: string;
  name: string;
  country_codes: string[];
  url: string;
  /** `#rrggbb`. */
  primary_color: string;
  mark: LogoMark;
  oauth: boolean;
  products: string[];
  routing_numbers: string[];
  /** Which accounts a holder has here; see `account-profiles.ts`. */
  profile: AccountProfile;
  /**
   * Returns tokenized account numbers, a different one for each Item. `persistent_account_id` shows that
   * two are the same account. Plaid: Chase, PNC, and in Sandbox the OAuth bank
   * (https://plaid.com/docs/api/accounts/#accounts-get-response-accounts-persistent-account-id).
   */
  tokenized: boolean;
  /**
   * A new Item of a holder ends the log-in of the one before, as Plaid says of Chase, PNC, Navy
   * Federal and Charles Schwab (https://plaid.com/docs/link/duplicate-items/).
   */
  one_log_in: boolean;
  /** The earlier Item stays connected when the new one has exactly its accounts: Chase and PNC. */
  spares_same_accounts: boolean;
  /** Has account selection on its own OAuth page, as most US banks with OAuth do. */
  own_picker: boolean;
  /**
   * Plaid dropped it: it is not listed, `/institutions/get_by_id` does not know it, and its Items
   * return INSTITUTION_NO_LONGER_SUPPORTED.
   */
  dropped: boolean;
  /** The id that the same bank has since it moved to OAuth; its Items move by update mode. */
  moved_to: string | null;
}

export type AccountProfile =
  | "plaid"
  | "plaid-all"
  | "everyday"
  | "credit-union"
  | "brokerage"
  | "transatlantic"
  | "canadian"
  | "british"
  | "single"
  | "edge-cases"
  | "business"
  | "investments"
  | "student-loans"
  | "mortgages"
  | "sixty";

const BANKING = ["assets", "auth", "balance", "identity", "signal", "statements", "transactions"];
const FULL = [...BANKING, "investments", "liabilities"].sort();

function bank(
  institution_id: string,
  name: string,
  primary_color: string,
  mark: LogoMark,
  profile: AccountProfile,
  extra: Partial<Institution> = {},
): Institution {
  const host = name.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return {
    institution_id,
    name,
    country_codes: ["US"],
    // .example is reserved (RFC 2606): no such site can exist.
    url: `https://www.${host.slice(0, 40)}.example`,
    primary_color,
    mark,
    oauth: false,
    products: BANKING,
    routing_numbers: [`0${institution_id.replaceAll(/\D/g, "").padStart(8, "1").slice(-8)}`],
    profile,
    tokenized: false,
    one_log_in: false,
    spares_same_accounts: false,
    own_picker: false,
    dropped: false,
    moved_to: null,
    ...extra,
  };
}

/** Every bank, in the order Link offers them. */
export const INSTITUTIONS: readonly Institution[] = [
  bank("ins_109508", "First Platypus Bank", "#1f6f78", "wave", "plaid", {
    products: FULL,
    routing_numbers: ["011401533"],
  }),
  bank("ins_109509", "First Gingham Credit Union", "#b3364a", "gingham", "credit-union"),
  bank("ins_109510", "Tattersall Federal Credit Union", "#2d5d3c", "tattersall", "credit-union"),
  bank("ins_109511", "Tartan Bank", "#8c2f39", "tartan", "plaid-all", { products: FULL }),
  bank("ins_109512", "Houndstooth Bank", "#22252b", "houndstooth", "everyday"),
  bank("ins_127287", "Platypus OAuth Bank", "#0b6e4f", "ring", "plaid", {
    oauth: true,
    tokenized: true,
    products: FULL,
  }),
  // Under the ids of Chase, PNC, Navy Federal and Schwab.
  bank("ins_56", "Cheswick National Bank", "#154c9c", "octagon", "everyday", {
    tokenized: true,
    one_log_in: true,
    spares_same_accounts: true,
  }),
  bank("ins_13", "Penrose & Co. Bank", "#d9610f", "triangle", "everyday", {
    tokenized: true,
    one_log_in: true,
    spares_same_accounts: true,
  }),
  bank("ins_15", "Harborfleet Federal Credit Union", "#10305c", "anchor", "credit-union", {
    one_log_in: true,
  }),
  bank("ins_11", "Charterhouse Investments", "#0092c8", "bars", "brokerage", {
    one_log_in: true,
    oauth: true,
    products: FULL,
  }),
  bank("ins_900001", "Transatlantic Trust", "#4b3fa7", "globe", "transatlantic"),
  bank("ins_900002", "Maple & Main Bank", "#c8102e", "leaf", "canadian", {
    country_codes: ["CA", "US"],
  }),
  bank("ins_900003", "Kestrel Bank", "#5b2a86", "chevron", "british", {
    country_codes: ["GB", "US"],
    oauth: true,
  }),
  bank("ins_900004", "Lighthouse Savings", "#e0a100", "beam", "single"),
  bank("ins_900005", "Corner Office Business Bank", "#3a4a5a", "corner", "business"),
  bank(
    "ins_900006",
    "The Most Venerable Farmers, Merchants & Mechanics Mutual Savings Bank of Upper Saddlebrook",
    "#7a5c3e",
    "sheaf",
    "edge-cases",
  ),
  bank("ins_900007", "Meridian Brokerage", "#1d4e89", "bars", "investments", {
    products: ["assets", "identity", "investments"],
  }),
  bank("ins_900008", "Scholars Loan Servicing", "#6a4c93", "sheaf", "student-loans", {
    products: ["identity", "liabilities"],
  }),
  bank("ins_900009", "Homestead Mortgage Company", "#5f5a41", "corner", "mortgages", {
    products: ["identity", "liabilities"],
  }),
  bank("ins_900010", "Bygone Savings Bank", "#8d8d8d", "ring", "everyday", { dropped: true }),
  bank("ins_900011", "Turnstile Bank", "#00726b", "octagon", "plaid-all", {
    oauth: true,
    own_picker: true,
    products: FULL,
  }),
  bank("ins_900012", "Orchard Valley Bank", "#a23e48", "leaf", "everyday", {
    moved_to: "ins_900013",
  }),
  bank("ins_900013", "Orchard Valley Bank", "#b5525c", "leaf", "everyday", { oauth: true }),
  bank("ins_900014", "Sixty Doors Bank", "#3d5a80", "gingham", "sixty"),
];

const BY_ID = new Map(INSTITUTIONS.map((entry) => [entry.institution_id, entry]));

/** The banks that Link and `/institutions/*` list. */
export const LISTED = INSTITUTIONS.filter(({ dropped, moved_to }) => !dropped && moved_to === null);

const MOVED_FROM = new Map(INSTITUTIONS.map((entry) => [entry.moved_to, entry.institution_id]));

/** The same key for all ids that a bank has had. Its users and their accounts are generated from it. */
export function bankOf(institution_id: string): string {
  return MOVED_FROM.get(institution_id) ?? institution_id;
}

/** The bank with this id, or undefined. */
export function findInstitution(institution_id: string): Institution | undefined {
  return BY_ID.get(institution_id);
}
