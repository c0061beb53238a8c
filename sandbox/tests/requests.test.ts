import { CountryCode, DepositoryAccountSubtype, type PlaidApi, Products } from "plaid";
import { expect } from "vitest";
import { ENDPOINTS } from "../src/endpoints/index.ts";
import type { RunningSandbox } from "../src/index.ts";
import { readOpenApiDocument } from "../src/plaid/openapi-schemas.ts";
import {
  checkAnswer,
  connect,
  control,
  failure,
  KIND,
  LINK_TOKEN_REQUEST,
} from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";
import { goThroughLink, linkStep } from "./support/link-steps.ts";

const test = testWithSandbox({ ...KIND, seed: 19 });

/** Posts a body that the SDK's types do not allow; returns status and body. */
async function raw(sandbox: RunningSandbox, path: string, body: object) {
  const answer = await fetch(sandbox.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "plaid-client-id": "test-client",
      "plaid-secret": "test-secret",
    },
    body: JSON.stringify(body),
  });
  const parsed = await answer.json();
  checkAnswer(path, answer.status, parsed);
  return { status: answer.status, body: parsed };
}

const DAYS = { start_date: "2026-01-01", end_date: "2026-03-01" };

test("An optional field accepts null everywhere, and is then absent", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const country_codes = ["US"];
  const calls: [string, object][] = [
    ["/transactions/sync", { access_token, cursor: null, count: null, options: null }],
    ["/transactions/sync", { access_token, options: { account_id: null, days_requested: null } }],
    ["/transactions/get", { access_token, ...DAYS, options: { account_ids: null, count: null } }],
    ["/accounts/get", { access_token, options: null }],
    ["/accounts/balance/get", { access_token, options: { account_ids: null } }],
    ["/item/get", { access_token, client_id: null, secret: null }],
    ["/item/webhook/update", { access_token, webhook: null }],
    ["/item/remove", { access_token, reason_code: null, reason_note: null }],
    ["/institutions/get", { count: 1, offset: 0, country_codes, options: { oauth: null } }],
    ["/institutions/search", { query: "bank", country_codes, products: null, options: null }],
    [
      "/sandbox/public_token/create",
      {
        institution_id: "ins_109508",
        initial_products: ["auth"],
        options: { webhook: null, override_username: null, transactions: null },
      },
    ],
    [
      "/link/token/create",
      {
        ...LINK_TOKEN_REQUEST,
        user: { client_user_id: "u", phone_number: null, name: null },
        user_id: null,
        webhook: null,
        redirect_uri: null,
        access_token: null,
        institution_data: null,
        account_filters: null,
        transactions: { days_requested: null },
        update: null,
        auth: null,
        link_customization_name: null,
        hosted_link: null,
      },
    ],
  ];
  for (const [path, body] of calls) {
    expect({ path, ...(await raw(sandbox, path, body)) }).toMatchObject({ path, status: 200 });
  }
});

type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
};
const DESCRIPTION = readOpenApiDocument("openapi-subset");

/** The schema with its references resolved and its parts put together. */
function whole(schema: Schema): Schema {
  if (schema.$ref) {
    return whole(DESCRIPTION.components.schemas[schema.$ref.split("/").at(-1) ?? ""] as Schema);
  }
  const parts = [schema, ...(schema.allOf ?? []).map(whole)];
  return {
    ...Object.assign({}, ...parts),
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required = [] }) => required),
  };
}

const FORMATS: Record<string, string> = { date: "2026-01-01", url: "https://app.example/x" };

/** A value with null for every optional field; objects inside are either null or filled likewise. */
function fullOfNulls(schema: Schema, areObjectsNull: boolean, depth = 0): unknown {
  const { type, format = "", items, properties, required = [], ...rest } = whole(schema);
  if (rest.enum) return rest.enum[0];
  if (properties && Object.keys(properties).length > 0) {
    const filled = Object.entries(properties).map(([name, field]) => {
      const isObject = whole(field).type === "object" && depth < 5;
      const isFilled = required.includes(name) || (isObject && !areObjectsNull);
      return [name, isFilled ? fullOfNulls(field, areObjectsNull, depth + 1) : null];
    });
    return Object.fromEntries(filled);
  }
  if (type === "object") return {};
  if (type === "array") return items ? [fullOfNulls(items, areObjectsNull, depth + 1)] : [];
  if (type === "boolean") return false;
  return type === "number" || type === "integer" ? 1 : (FORMATS[format] ?? "x");
}

test.for([...ENDPOINTS.keys()])(
  "%s accepts null for every optional field as if it were absent",
  async (path, { sandbox }) => {
    const schema = DESCRIPTION.paths[path]?.post.requestBody?.content["application/json"].schema;
    const needed =
      path === "/link/token/create"
        ? { language: "en", products: ["auth"], user: { client_user_id: "u" } }
        : {};
    for (const areObjectsNull of [true, false]) {
      const nulls = { ...(fullOfNulls(schema as Schema, areObjectsNull) as object), ...needed };
      const without = JSON.parse(JSON.stringify(nulls), (_key, value) => value ?? undefined);
      const [answer, expected] = [
        await raw(sandbox, path, nulls),
        await raw(sandbox, path, without),
      ];
      const told = ({ status, body }: typeof answer) => [
        status,
        body.error_code,
        body.error_message,
      ];
      expect(told(answer)).toEqual(told(expected));
    }
  },
);

test("A null is rejected for a required field and for an unknown field", async ({
  sandbox,
  plaid,
}) => {
  const missing = await raw(sandbox, "/item/get", { access_token: null });
  expect(missing.body).toMatchObject({
    error_code: "INVALID_FIELD",
    error_message: "access_token must be string",
  });
  const { access_token } = await connect(plaid);
  const unknown = await raw(sandbox, "/item/get", { access_token, colour: null });
  expect(unknown.body.error_code).toBe("UNKNOWN_FIELDS");
});

test("A null cursor starts from the beginning, and the cursor now without history", async ({
  sandbox,
  plaid,
}) => {
  const { access_token, item_id } = await connect(plaid);
  const first = await raw(sandbox, "/transactions/sync", { access_token, cursor: null });
  expect(first.body.added.length).toBeGreaterThan(50);
  const { data: now } = await plaid.transactionsSync({ access_token, cursor: "now" });
  expect(now).toMatchObject({ added: [], has_more: false });
  await control(sandbox.url, "POST", "items/transactions", { item_id, added: 2 });
  const later = await plaid.transactionsSync({ access_token, cursor: now.next_cursor });
  expect(later.data.added).toHaveLength(2);
});

test.for([
  ["neither user nor user_id", { user: undefined }, "MISSING_FIELDS", "one of user, user_id"],
  ["a language nobody reads", { language: "tlh" }, "INVALID_FIELD", "language must be one of da"],
  ["a blank redirect_uri", { redirect_uri: "" }, "INVALID_FIELD", "redirect_uri must use HTTPS"],
  [
    "a redirect_uri with a query",
    { redirect_uri: "https://app.example/back?x=1" },
    "INVALID_FIELD",
    "must not contain a query",
  ],
  [
    "a product in two arrays",
    { optional_products: ["transactions"] },
    "INVALID_FIELD",
    "products and optional_products must not overlap, but both contain transactions",
  ],
  [
    "a product in two of the other arrays",
    { required_if_supported_products: ["auth"], additional_consented_products: ["auth"] },
    "INVALID_FIELD",
    "must not overlap, but both contain auth",
  ],
  [
    "balance among the consented",
    { additional_consented_products: ["balance"] },
    "INVALID_PRODUCT",
    "balance",
  ],
  ["an unknown user_id", { user_id: "usr_nobody" }, "USER_NOT_FOUND", "cannot be found"],
  ["an unknown user_token", { user_token: "user-x" }, "INVALID_USER_TOKEN", "user token"],
  ["no country", { country_codes: [] }, "INVALID_FIELD", "country_codes"],
  ["no days", { transactions: { days_requested: 0 } }, "INVALID_FIELD", "days_requested"],
  ["too many days", { transactions: { days_requested: 731 } }, "INVALID_FIELD", "days_requested"],
] as const)("/link/token/create rejects %s", async ([_case, extra, code, message], { sandbox }) => {
  const { status, body } = await raw(sandbox, "/link/token/create", {
    ...LINK_TOKEN_REQUEST,
    ...extra,
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({ error_code: code });
  expect(body.error_message).toContain(message);
});

test("A client_name of more than 30 characters shows as This Application", async ({
  sandbox,
  plaid,
}) => {
  const shown = async (client_name: string) => {
    const { data } = await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, client_name });
    const started = await linkStep(sandbox.url, "start", { link_token: data.link_token });
    return started.client_name;
  };
  expect(await shown("x".repeat(30))).toBe("x".repeat(30));
  expect(await shown("x".repeat(31))).toBe("This Application");
});

const daysOf = (dates: string[]) => {
  const [first = "", last = ""] = [dates.toSorted()[0], dates.toSorted().at(-1)];
  return (Date.parse(last) - Date.parse(first)) / 86_400_000;
};
async function history(
  plaid: PlaidApi,
  access_token: string,
  days_requested?: number,
): Promise<number> {
  const options = days_requested === undefined ? {} : { days_requested };
  const dates: string[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const request = { access_token, count: 500, options, ...(cursor && { cursor }) };
    const { data } = await plaid.transactionsSync(request);
    dates.push(...data.added.map(({ date }) => date));
    [cursor, more] = [data.next_cursor, data.has_more];
  }
  return daysOf(dates);
}

test("/transactions/refresh does not add Transactions to an Item", async ({ plaid }) => {
  const request = { institution_id: "ins_109508", initial_products: [Products.Auth] };
  const { public_token } = (await plaid.sandboxPublicTokenCreate(request)).data;
  const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  const refused = await failure(plaid.transactionsRefresh({ access_token }));
  expect(refused.error_code).toBe("PRODUCT_NOT_ENABLED");
  await plaid.transactionsSync({ access_token });
  await plaid.transactionsRefresh({ access_token });
});

test("days_requested counts in the call that adds Transactions, and never again", async ({
  plaid,
}) => {
  const { data } = await plaid.sandboxPublicTokenCreate({
    institution_id: "ins_109508",
    initial_products: [Products.Auth],
  });
  const { access_token } = (
    await plaid.itemPublicTokenExchange({ public_token: data.public_token })
  ).data;
  expect((await plaid.itemGet({ access_token })).data.item).toMatchObject({
    products: ["auth"],
    billed_products: ["auth"],
  });
  expect(await history(plaid, access_token, 40)).toBeLessThanOrEqual(40);
  expect(await history(plaid, access_token, 700)).toBeLessThanOrEqual(40);
  expect((await plaid.itemGet({ access_token })).data.item).toMatchObject({
    products: ["auth", "transactions"],
    billed_products: ["auth", "transactions"],
  });
});

test("products, billed_products and consented_products follow the four arrays and the bank", async ({
  sandbox,
  plaid,
}) => {
  const itemOf = async (institution_id: string, extra: object) => {
    const { data } = await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, ...extra });
    const { connected } = await goThroughLink(sandbox.url, data.link_token, { institution_id });
    const { public_token } = connected;
    const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
    return (await plaid.itemGet({ access_token })).data.item;
  };
  const extra = {
    required_if_supported_products: ["liabilities"],
    optional_products: ["auth", "investments"],
    additional_consented_products: ["identity"],
  };
  // The accounts of First Platypus Bank here include a credit card, but no investment.
  expect(await itemOf("ins_109508", extra)).toMatchObject({
    products: ["transactions", "liabilities", "auth"],
    billed_products: ["transactions", "liabilities"],
    consented_products: ["transactions", "liabilities", "auth", "investments", "identity"],
  });
  expect(await itemOf("ins_109512", extra)).toMatchObject({
    products: ["transactions", "auth"],
    billed_products: ["transactions"],
    consented_products: ["transactions", "auth", "identity"],
  });
});

test("require_consent rejects a data call of a product that Link did not request", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  await control(sandbox.url, "POST", "settings", { require_consent: true });
  expect((await failure(plaid.identityGet({ access_token }))).error_code).toBe(
    "ADDITIONAL_CONSENT_REQUIRED",
  );
  await plaid.transactionsSync({ access_token });
  const { data } = await plaid.linkTokenCreate({
    ...LINK_TOKEN_REQUEST,
    products: [],
    access_token,
    additional_consented_products: [Products.Identity],
  });
  await goThroughLink(sandbox.url, data.link_token);
  await plaid.identityGet({ access_token });
  await control(sandbox.url, "POST", "settings", { require_consent: false });
});

test("auth among the products hides accounts other than checking, savings and cash management", async ({
  sandbox,
  plaid,
}) => {
  const offered = async (products: Products[]) => {
    const request = { ...LINK_TOKEN_REQUEST, products };
    const { data } = await plaid.linkTokenCreate(request);
    const through = await goThroughLink(sandbox.url, data.link_token, {
      institution_id: "ins_109511",
    });
    return through.offered.accounts.map(({ subtype }: { subtype: string }) => subtype);
  };
  expect(await offered([Products.Transactions, Products.Auth])).toEqual([
    "checking",
    "savings",
    "cash management",
  ]);
  expect(await offered([Products.Transactions])).toHaveLength(12);
});

test("account_filters hide banks that have no such account", async ({ sandbox, plaid }) => {
  const banks = async (account_filters: object) => {
    const { data } = await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, account_filters });
    const { institutions } = await linkStep(sandbox.url, "start", { link_token: data.link_token });
    return institutions.map(({ institution_id }: { institution_id: string }) => institution_id);
  };
  const savings = { depository: { account_subtypes: [DepositoryAccountSubtype.Savings] } };
  expect(await banks(savings)).toContain("ins_900004");
  expect(await banks({ credit: { account_subtypes: ["all"] } })).not.toContain("ins_900004");
});

test("A data call says why the Item cannot have its product", async ({ sandbox, plaid }) => {
  const single = await connect(plaid, "ins_900004");
  const { access_token } = single;
  const country_codes = [CountryCode.Us];
  const { institution } = (
    await plaid.institutionsGetById({ institution_id: "ins_900004", country_codes })
  ).data;
  expect(institution.products).not.toContain("liabilities");
  expect((await plaid.authGet({ access_token })).data.accounts).toHaveLength(1);
  const { data } = await plaid.linkTokenCreate({
    ...LINK_TOKEN_REQUEST,
    account_filters: { credit: { account_subtypes: ["all" as never] } },
  });
  const card = await goThroughLink(sandbox.url, data.link_token, { institution_id: "ins_109508" });
  const { public_token } = card.connected;
  const item = (await plaid.itemPublicTokenExchange({ public_token })).data;
  const refused = await failure(plaid.authGet({ access_token: item.access_token }));
  expect(refused).toMatchObject({ error_code: "NO_AUTH_ACCOUNTS", error_type: "ITEM_ERROR" });
});
