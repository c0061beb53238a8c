/** `/institutions/*`. */
import { findInstitution, type Institution, LISTED } from "../bank/institutions.ts";
import { drawLogo } from "../bank/logos.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Call } from "./call.ts";

interface Options {
  oauth?: boolean;
  include_optional_metadata?: boolean;
  include_auth_metadata?: boolean;
  include_status?: boolean;
}

/** `/institutions/get`. */
export function institutionsGet(
  call: Call,
  body: {
    count: number;
    offset: number;
    country_codes: string[];
    options?: Options & { products?: string[]; routing_numbers?: string[] };
  },
): object {
  const { products = null, routing_numbers = null, oauth = null } = body.options ?? {};
  const found = LISTED.filter(
    (institution) =>
      offers(institution, body.country_codes, products, oauth) &&
      (routing_numbers === null ||
        institution.routing_numbers.some((number) => routing_numbers.includes(number))),
  );
  const page = found.slice(body.offset, body.offset + body.count);
  const institutions = page.map((entry) => institutionView(call, entry, body.options ?? {}));
  return { institutions, total: found.length };
}

/** `/institutions/get_by_id`. */
export function institutionsGetById(
  call: Call,
  body: { institution_id: string; country_codes: string[]; options?: Options },
): object {
  const institution = findInstitution(body.institution_id);
  if (!institution || institution.dropped || !offers(institution, body.country_codes, null, null)) {
    throw new PlaidError("INVALID_INSTITUTION");
  }
  return { institution: institutionView(call, institution, body.options ?? {}) };
}

/** `/institutions/search`: names that contain every word of the query; the first ten. */
export function institutionsSearch(
  call: Call,
  body: { query: string; products?: string[]; country_codes: string[]; options?: Options },
): object {
  const found = searchInstitutions(body.query, body.country_codes, body.products ?? null).filter(
    ({ oauth }) => (body.options?.oauth ?? oauth) === oauth,
  );
  const institutions = found
    .slice(0, 10)
    .map((entry) => institutionView(call, entry, body.options ?? {}));
  return { institutions };
}

/** Banks whose name contains every word of `query`, in the given countries, with the products. */
export function searchInstitutions(
  query: string,
  country_codes: string[],
  products: string[] | null,
): Institution[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return LISTED.filter(
    (institution) =>
      offers(institution, country_codes, products, null) &&
      words.every((word) => institution.name.toLowerCase().includes(word)),
  );
}

function offers(
  institution: Institution,
  country_codes: string[],
  products: string[] | null,
  oauth: boolean | null,
): boolean {
  return (
    institution.country_codes.some((code) => country_codes.includes(code)) &&
    (products ?? []).every((product) => institution.products.includes(product)) &&
    (oauth === null || institution.oauth === oauth)
  );
}

/** An institution in Plaid's shape (schema `Institution`). */
function institutionView(call: Call, institution: Institution, options: Options) {
  const { institution_id, name, products, country_codes, routing_numbers, oauth } = institution;
  const now = call.sandbox.clock.iso();
  const healthy = {
    status: "HEALTHY",
    last_status_change: now,
    breakdown: { success: 1, error_plaid: 0, error_institution: 0, refresh_interval: "NORMAL" },
  };
  return {
    institution_id,
    name,
    products,
    country_codes,
    routing_numbers,
    dtc_numbers: [],
    oauth,
    ...(options.include_optional_metadata
      ? {
          url: institution.url,
          primary_color: institution.primary_color,
          logo: drawLogo(institution.mark, institution.primary_color).toString("base64"),
        }
      : {}),
    ...(options.include_status
      ? {
          status: {
            item_logins: healthy,
            transactions_updates: healthy,
            auth: healthy,
            identity: healthy,
          },
        }
      : {}),
  };
}
