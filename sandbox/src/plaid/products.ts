/** Plaid's products: which accounts each one reads, and what an Item has of them. */
import type { BankAccount } from "../bank/holders.ts";
import type { Institution } from "../bank/institutions.ts";
import { PlaidError, type PlaidErrorCode } from "./plaid-error.ts";

type AccountKind = Pick<BankAccount, "type" | "subtype">;

/** The product arrays of `/link/token/create`. */
export interface ProductRequest {
  products: string[];
  required_if_supported_products: string[];
  optional_products: string[];
  additional_consented_products: string[];
}

/** What an Item has of the products that were requested for it. */
export interface ItemProducts {
  products: string[];
  billed_products: string[];
  consented_products: string[];
}

/** The accounts that a product reads, and the error when none fits. Products not named read any account. */
const READS: Record<string, { fits: (account: AccountKind) => boolean; none: PlaidErrorCode }> = {
  auth: { fits: isDebitable, none: "NO_AUTH_ACCOUNTS" },
  transactions: {
    fits: ({ type, subtype }) =>
      type === "depository" || type === "credit" || (type === "loan" && subtype === "student"),
    none: "NO_ACCOUNTS",
  },
  investments: { fits: ({ type }) => type === "investment", none: "NO_INVESTMENT_ACCOUNTS" },
  liabilities: {
    fits: ({ type, subtype }) =>
      type === "credit" || (type === "loan" && ["student", "mortgage"].includes(subtype)),
    none: "NO_LIABILITY_ACCOUNTS",
  },
};

/** Products that are billed when their endpoint is called, unless `products` names them. */
const BILLED_WHEN_CALLED = ["assets", "auth", "identity", "signal", "statements"];

/** Whether the product reads this account. */
export function fitsProduct(product: string, account: AccountKind): boolean {
  return READS[product]?.fits(account) ?? true;
}

/** Checking, savings and cash management: all that Link shows when `products` contains `auth`. */
export function isDebitable({ type, subtype }: AccountKind): boolean {
  return type === "depository" && ["checking", "savings", "cash management"].includes(subtype);
}

/** Throws PRODUCTS_NOT_SUPPORTED unless the institution supports every product. */
export function requireSupport(products: string[], institution: Institution): void {
  const lacking = products.filter((product) => !institution.products.includes(product));
  if (lacking.length > 0) {
    throw new PlaidError(
      "PRODUCTS_NOT_SUPPORTED",
      `the following products are not supported by this institution: ${JSON.stringify(lacking)}`,
    );
  }
}

/**
 * Throws unless the institution supports every product and one of the accounts fits each.
 * @throws PRODUCTS_NOT_SUPPORTED, NO_ACCOUNTS, or the product's own error for having no account.
 */
export function requireProducts(
  products: string[],
  institution: Institution,
  accounts: readonly AccountKind[],
): void {
  requireSupport(products, institution);
  for (const product of products) {
    if (!accounts.some((account) => fitsProduct(product, account))) {
      throw new PlaidError(READS[product]?.none ?? "NO_ACCOUNTS");
    }
  }
}

/** The products of a new Item: those required, and of the others what the bank and accounts support. */
export function productsOfItem(
  wanted: ProductRequest,
  institution: Institution,
  accounts: readonly AccountKind[],
): ItemProducts {
  const isSupported = (product: string) =>
    institution.products.includes(product) &&
    accounts.some((account) => fitsProduct(product, account));
  const required = [
    ...wanted.products,
    ...wanted.required_if_supported_products.filter(isSupported),
  ];
  const optional = wanted.optional_products.filter(isSupported);
  const consented = [
    ...required,
    ...wanted.optional_products,
    ...wanted.additional_consented_products,
  ].filter((product) => institution.products.includes(product));
  const isBilled = (product: string) => !BILLED_WHEN_CALLED.includes(product);
  return {
    products: [...new Set([...required, ...optional])],
    billed_products: [
      ...new Set([...required.filter((each) => each !== "assets"), ...optional.filter(isBilled)]),
    ],
    consented_products: [...new Set(consented)],
  };
}

/** A request for these products and no others. */
export function onlyProducts(products: string[]): ProductRequest {
  return {
    products,
    required_if_supported_products: [],
    optional_products: [],
    additional_consented_products: [],
  };
}
