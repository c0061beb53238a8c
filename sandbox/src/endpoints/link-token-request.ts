/** What `/link/token/create` rejects beyond the schema of its request. */
import { findInstitution } from "../bank/institutions.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { ProductRequest } from "../plaid/products.ts";

/** The fields of the request that the sandbox uses. */
export interface LinkTokenRequest extends Partial<ProductRequest> {
  client_name: string;
  language: string;
  country_codes: string[];
  user?: { client_user_id: string };
  user_id?: string;
  user_token?: string;
  webhook?: string;
  access_token?: string;
  redirect_uri?: string;
  institution_id?: string;
  institution_data?: { institution_id?: string };
  account_filters?: Record<string, { account_subtypes: string[] }>;
  transactions?: { days_requested?: number };
  update?: { account_selection_enabled?: boolean };
  hosted_link?: { completion_redirect_uri?: string; url_lifetime_seconds?: number };
  enable_multi_item_link?: boolean;
}

const DAY_S = 86_400;
const LONGEST_HOSTED_S = 21 * DAY_S;

/** @see https://plaid.com/docs/api/link/#link-token-create-request-language */
const LANGUAGES = "da nl en et fr de hi it lv lt no pl pt ro es sv vi".split(" ");

/** The product arrays, absent ones empty. */
export function requestedProducts(body: LinkTokenRequest): ProductRequest {
  return {
    products: body.products ?? [],
    required_if_supported_products: body.required_if_supported_products ?? [],
    optional_products: body.optional_products ?? [],
    additional_consented_products: body.additional_consented_products ?? [],
  };
}

/**
 * Checks what the schema cannot express.
 * @throws MISSING_FIELDS, INVALID_FIELD, INVALID_PRODUCT or INVALID_INSTITUTION.
 */
export function checkLinkTokenRequest(body: LinkTokenRequest): void {
  if (!body.user && body.user_id === undefined && body.user_token === undefined) {
    throw new PlaidError(
      "MISSING_FIELDS",
      "the following required fields are missing: one of user, user_id",
    );
  }
  if (!LANGUAGES.includes(body.language)) {
    throw new PlaidError("INVALID_FIELD", `language must be one of ${LANGUAGES.join(", ")}`);
  }
  checkProducts(requestedProducts(body), body.access_token !== undefined);
  const institution_id = body.institution_id ?? body.institution_data?.institution_id;
  if (institution_id !== undefined && !findInstitution(institution_id)) {
    throw new PlaidError("INVALID_INSTITUTION");
  }
  if (body.redirect_uri !== undefined) checkRedirectUri(body.redirect_uri);
  if (body.enable_multi_item_link && body.user_id === undefined && body.user_token === undefined) {
    throw new PlaidError("INVALID_FIELD", "user_id is required for Multi-Item Link");
  }
  const seconds = body.hosted_link?.url_lifetime_seconds ?? 1;
  if (seconds < 1 || seconds > LONGEST_HOSTED_S) {
    throw new PlaidError(
      "INVALID_FIELD",
      "hosted_link.url_lifetime_seconds must be positive and at most 21 days",
    );
  }
}

function checkProducts(requested: ProductRequest, isUpdateMode: boolean): void {
  if (!isUpdateMode && requested.products.length === 0) {
    throw new PlaidError("INVALID_FIELD", "products must be a non-empty array");
  }
  const arrayOf = new Map<string, string>();
  for (const [array, products] of Object.entries(requested) as [string, string[]][]) {
    if (products.includes("balance")) {
      throw new PlaidError(
        "INVALID_PRODUCT",
        'client is not authorized to access the following products: ["balance"]',
      );
    }
    for (const product of new Set(products)) {
      const other = arrayOf.get(product);
      if (other !== undefined) {
        throw new PlaidError(
          "INVALID_FIELD",
          `${other} and ${array} must not overlap, but both contain ${product}`,
        );
      }
      arrayOf.set(product, array);
    }
  }
}

/** Plaid allows https, and http on localhost in Sandbox; no query, no fragment. */
function checkRedirectUri(text: string): void {
  const url = URL.parse(text);
  const local = url !== null && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const secure = url?.protocol === "https:" || (local && url?.protocol === "http:");
  if (!secure || url?.search !== "" || url.hash !== "") {
    throw new PlaidError(
      "INVALID_FIELD",
      "redirect_uri must use HTTPS (or be on localhost) and must not contain a query or a fragment",
    );
  }
}
