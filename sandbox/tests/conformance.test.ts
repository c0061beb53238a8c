import {
  SandboxItemFireWebhookRequestWebhookCodeEnum as Code,
  CountryCode,
  type PlaidApi,
  ProcessorTokenCreateRequestProcessorEnum,
  Products,
  ProductsTerminateReasonCode,
  SandboxItemSetVerificationStatusRequestVerificationStatusEnum as VerificationStatus,
} from "plaid";
import { beforeAll, expect } from "vitest";
import { ENDPOINTS } from "../src/endpoints/index.ts";
import type { RunningSandbox } from "../src/index.ts";
import { readOpenApiDocument } from "../src/plaid/openapi-schemas.ts";
import {
  checkAnswer,
  connect,
  failure,
  KIND,
  LINK_TOKEN_REQUEST,
  visited,
} from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox({ ...KIND, seed: 7 });

beforeAll(async () => {
  // Counts this file's calls only, whatever the process ran before.
  visited.clear();
});

/** Posts without the SDK; returns status and body. */
async function raw(
  sandbox: RunningSandbox,
  path: string,
  body: string,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(sandbox.url + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: answer.status, body: await answer.json() };
}
const KEYS = { "plaid-client-id": "c", "plaid-secret": "s" };

test("The official SDK can call every served endpoint, and every response matches the description", async ({
  plaid,
}) => {
  const webhook = "http://127.0.0.1:9/nobody";
  const linkToken = (await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, webhook })).data;
  expect(linkToken.link_token).toMatch(/^link-sandbox-[0-9a-f-]{36}$/);
  await plaid.linkTokenGet({ link_token: linkToken.link_token });

  const { access_token, item_id } = await connect(plaid, "ins_109511", { webhook });
  expect(access_token).toMatch(/^access-sandbox-[0-9a-f-]{36}$/);
  expect((await plaid.itemGet({ access_token })).data.item).toMatchObject({ item_id, webhook });
  const accounts = (await plaid.accountsGet({ access_token })).data.accounts;
  expect(accounts).toHaveLength(12);
  const account_ids = accounts.slice(0, 2).map(({ account_id }) => account_id);
  const balances = await plaid.accountsBalanceGet({ access_token, options: { account_ids } });
  expect(balances.data.accounts.map(({ account_id }) => account_id)).toEqual(account_ids);
  expect((await plaid.identityGet({ access_token })).data.accounts[0]?.owners).toHaveLength(1);
  expect((await plaid.authGet({ access_token })).data.numbers.ach.length).toBeGreaterThan(0);

  await plaid.transactionsSync({ access_token });
  await plaid.transactionsGet({ access_token, start_date: "2020-01-01", end_date: "2099-01-01" });
  await plaid.transactionsRefresh({ access_token });
  await plaid.sandboxTransactionsCreate({
    access_token,
    transactions: [
      {
        date_transacted: "2026-01-02",
        date_posted: "2026-01-03",
        amount: 12.5,
        description: "Tea",
      },
    ],
  });
  const country_codes = [CountryCode.Us];
  await plaid.institutionsGet({
    count: 500,
    offset: 0,
    country_codes,
    options: { include_optional_metadata: true },
  });
  await plaid.institutionsGetById({
    institution_id: "ins_109508",
    country_codes,
    options: { include_optional_metadata: true, include_status: true },
  });
  await plaid.institutionsSearch({ query: "platypus", country_codes, products: [Products.Auth] });
  await plaid.itemWebhookUpdate({ access_token, webhook: `${webhook}/2` });
  await plaid.sandboxItemFireWebhook({ access_token, webhook_code: Code.SyncUpdatesAvailable });
  const { user_id } = (await plaid.userCreate({ client_user_id: "user-1" })).data;
  const again = (await plaid.userCreate({ client_user_id: "user-1" })).data;
  expect(again.user_id).toBe(user_id);
  const forUser = (
    await plaid.linkTokenCreate({
      ...LINK_TOKEN_REQUEST,
      ...({ user: undefined, user_id } as object),
    })
  ).data;
  expect(forUser).toMatchObject({ user_id });
  await plaid.userUpdate({ user_id, identity: { date_of_birth: "1990-01-31" } });
  expect((await plaid.userGet({ user_id })).data).toMatchObject({
    client_user_id: "user-1",
    identity: { date_of_birth: "1990-01-31" },
  });
  await plaid.userItemsAssociate({ user_id, item_ids: [item_id] });
  const listed = (await plaid.userItemsGet({ user_id })).data.items;
  expect(listed.map((item) => item.item_id)).toEqual([item_id]);

  const holdings = (await plaid.investmentsHoldingsGet({ access_token })).data;
  expect(holdings.accounts.every(({ type }) => type === "investment")).toBe(true);
  for (const { account_id, balances } of holdings.accounts) {
    const held = holdings.holdings.filter((holding) => holding.account_id === account_id);
    const sum = held.reduce((total, holding) => total + holding.institution_value, 0);
    expect(sum).toBeCloseTo(balances.current ?? 0, 2);
  }
  const moved = await plaid.investmentsTransactionsGet({
    access_token,
    start_date: "2020-01-01",
    end_date: "2099-01-01",
    options: { count: 10 },
  });
  expect(moved.data.investment_transactions).toHaveLength(10);
  expect(moved.data.total_investment_transactions).toBeGreaterThan(40);
  await plaid.investmentsRefresh({ access_token });
  const { liabilities } = (await plaid.liabilitiesGet({ access_token })).data;
  expect(liabilities.credit).toHaveLength(2);
  expect(liabilities.student).toHaveLength(1);
  expect(liabilities.mortgage).toHaveLength(1);
  const recurring = (await plaid.transactionsRecurringGet({ access_token })).data;
  expect(recurring.inflow_streams.map(({ frequency }) => frequency)).toContain("BIWEEKLY");
  expect(recurring.outflow_streams.map(({ merchant_name }) => merchant_name)).toContain(
    "Streamhouse",
  );
  const [account_id = ""] = account_ids;
  const processor = ProcessorTokenCreateRequestProcessorEnum.Dwolla;
  const token = await plaid.processorTokenCreate({ access_token, account_id, processor });
  expect(token.data.processor_token).toMatch(/^processor-sandbox-/);
  await plaid.sandboxItemSetVerificationStatus({
    access_token,
    account_id,
    verification_status: VerificationStatus.AutomaticallyVerified,
  });
  const [verified] = (await plaid.accountsGet({ access_token })).data.accounts;
  expect(verified).toMatchObject({ verification_status: "automatically_verified" });
  const consent = (await plaid.consentEventsGet({ access_token })).data.consent_events;
  expect(consent.map(({ event_code }) => event_code)).toContain("ACCOUNT_SCOPES");

  const signal = { access_token, account_id, client_transaction_id: "debit-1", amount: 20 };
  expect((await plaid.signalEvaluate(signal)).data.ruleset?.result).toBe("ACCEPT");
  const statements = (await plaid.statementsList({ access_token })).data.accounts[0]?.statements;
  const statement_id = statements?.[0]?.statement_id ?? "";
  await plaid.statementsDownload({ access_token, statement_id });
  const request = { access_tokens: [access_token], days_requested: 30 };
  const { asset_report_token } = (await plaid.assetReportCreate(request)).data;
  const { report } = (await plaid.assetReportGet({ asset_report_token })).data;
  expect(report.items[0]?.accounts).toHaveLength(12);
  await plaid.assetReportPdfGet({ asset_report_token });

  await plaid.sandboxItemResetLogin({ access_token });
  const error = (await plaid.itemGet({ access_token })).data.item.error;
  expect(error?.error_code).toBe("ITEM_LOGIN_REQUIRED");
  const { new_access_token } = (await plaid.itemAccessTokenInvalidate({ access_token })).data;
  expect((await failure(plaid.itemGet({ access_token }))).error_code).toBe("INVALID_ACCESS_TOKEN");
  await plaid.itemRemove({ access_token: new_access_token });
  const other = await connect(plaid);
  const reason_code = ProductsTerminateReasonCode.Other;
  await plaid.itemProductsTerminate({ access_token: other.access_token, reason_code });
  const gone = await failure(plaid.itemGet({ access_token: other.access_token }));
  expect(gone.error_code).toBe("ITEM_NOT_FOUND");

  const last = await connect(plaid);
  await plaid.userItemsAssociate({ user_id, item_ids: [last.item_id] });
  await plaid.userItemsRemove({ user_id, item_ids: [last.item_id] });
  await plaid.userProductsTerminate({ user_id, reason_code });
  await plaid.userRemove({ user_id });
  expect((await failure(plaid.userGet({ user_id }))).error_code).toBe("USER_NOT_FOUND");

  const unknownKey = await failure(plaid.webhookVerificationKeyGet({ key_id: "unknown" }));
  expect(unknownKey.error_code).toBe("INVALID_WEBHOOK_VERIFICATION_KEY_ID");

  // The key of a signed webhook is fetched in webhooks.test.ts.
  const left = [...ENDPOINTS.keys()].filter((path) => !visited.has(path));
  expect(left).toEqual(["/webhook_verification_key/get"]);
});

/** Calls an endpoint by its path, with a body that the SDK's types would not allow. */
function bySdk(plaid: PlaidApi, path: string, body: object): Promise<unknown> {
  const { operationId } = readOpenApiDocument("openapi-subset").paths[path]?.post ?? {};
  const methods = plaid as unknown as Record<string, (body: object) => Promise<unknown>>;
  const method = methods[operationId ?? ""];
  if (!method) throw new Error(`the SDK has no ${operationId}`);
  return method.call(plaid, body);
}

test.for([...ENDPOINTS.keys()])(
  "%s rejects bad input through the SDK as Plaid does",
  async (path, { plaid }) => {
    const code = async (body: object) => (await failure(bySdk(plaid, path, body))).error_code;
    const { required = [], properties } = requestSchema(path);
    if (required.length > 0) expect(await code({})).toBe("MISSING_FIELDS");
    const filled = Object.fromEntries(
      [...required, ...(path === "/link/token/create" ? ["user"] : [])].map((name) => [
        name,
        SAMPLES[name] ?? "x",
      ]),
    );
    expect(await code({ ...filled, colour: "red" })).toBe("UNKNOWN_FIELDS");
    expect(await code({ ...filled, client_id: 5 })).toBe("INVALID_FIELD");
    if (!("access_token" in properties)) return;
    const unknown = "access-sandbox-0b7a1f4e-1f0c-4a3e-9a52-000000000000";
    const update = { ...filled, access_token: unknown };
    expect(await code(update)).toBe("INVALID_ACCESS_TOKEN");
    expect(await code({ ...filled, access_token: "access-production-1" })).toBe(
      "INVALID_ACCESS_TOKEN",
    );
    expect(await code({ ...filled, access_token: ["x"] })).toBe("INVALID_FIELD");
  },
);

/** A valid value for each field that some endpoint requires. */
const SAMPLES: Record<string, unknown> = {
  user: { client_user_id: "u" },
  client_name: "a",
  language: "en",
  country_codes: ["US"],
  count: 1,
  offset: 0,
  start_date: "2026-01-01",
  end_date: "2026-02-01",
  transactions: [],
  initial_products: ["auth"],
  reason_code: "OTHER",
  processor: "dwolla",
  webhook_code: "DEFAULT_UPDATE",
  verification_status: "automatically_verified",
  amount: 1,
  days_requested: 1,
  item_ids: ["x"],
};

function requestSchema(path: string): { required?: string[]; properties: object } {
  const document = readOpenApiDocument("openapi-subset");
  const schema = document.paths[path]?.post.requestBody?.content["application/json"].schema;
  const name = (schema as { $ref: string }).$ref.split("/").at(-1) ?? "";
  return document.components.schemas[name] as never;
}

test("A path of the description that is not served says so in Plaid's shape", async ({
  sandbox,
}) => {
  const paths = Object.keys(readOpenApiDocument("openapi-subset").paths);
  for (const path of paths.filter((each) => !ENDPOINTS.has(each))) {
    const answer = await raw(sandbox, path, "{}", KEYS);
    checkAnswer(path, answer.status, answer.body);
    expect(answer.body).toMatchObject({
      error_code: "NOT_FOUND",
      error_message: `this stand-in does not serve ${path}`,
    });
  }
});

test("Credentials work in the body as in the headers", async ({ sandbox }) => {
  const keys = { client_id: "c", secret: "s" };
  const created = await raw(
    sandbox,
    "/sandbox/public_token/create",
    JSON.stringify({ ...keys, institution_id: "ins_13", initial_products: ["auth"] }),
  );
  checkAnswer("/sandbox/public_token/create", created.status, created.body);
  const exchanged = await raw(
    sandbox,
    "/item/public_token/exchange",
    JSON.stringify({ ...keys, public_token: created.body.public_token }),
  );
  expect(exchanged.status).toBe(200);
});

test.for([
  [
    "no such path",
    "/item/nothing",
    "{}",
    KEYS,
    404,
    "INVALID_REQUEST",
    "NOT_FOUND",
    "this stand-in does not serve /item/nothing",
  ],
  [
    "not JSON",
    "/item/get",
    "{",
    KEYS,
    400,
    "INVALID_REQUEST",
    "INVALID_BODY",
    "body could not be parsed as JSON",
  ],
  [
    "JSON, but a list",
    "/item/get",
    "[]",
    KEYS,
    400,
    "INVALID_REQUEST",
    "INVALID_BODY",
    "body must be a JSON object",
  ],
  [
    "another content type",
    "/item/get",
    "{}",
    { ...KEYS, "content-type": "text/plain" },
    400,
    "INVALID_REQUEST",
    "INVALID_HEADERS",
    "Content-Type",
  ],
  [
    "no credentials",
    "/item/get",
    '{"access_token":"x"}',
    {},
    400,
    "INVALID_REQUEST",
    "MISSING_FIELDS",
    "the following required fields are missing: client_id, secret",
  ],
  [
    "a missing field",
    "/item/get",
    "{}",
    KEYS,
    400,
    "INVALID_REQUEST",
    "MISSING_FIELDS",
    "missing: access_token",
  ],
  [
    "a missing nested field",
    "/link/token/create",
    '{"client_name":"a","language":"en","country_codes":["US"],"user":{}}',
    KEYS,
    400,
    "INVALID_REQUEST",
    "MISSING_FIELDS",
    "missing: user.client_user_id",
  ],
  [
    "a field nobody knows",
    "/item/get",
    '{"access_token":"x","extra":1}',
    KEYS,
    400,
    "INVALID_REQUEST",
    "UNKNOWN_FIELDS",
    "not recognized by this endpoint: extra",
  ],
  [
    "a wrong type",
    "/item/get",
    '{"access_token":5}',
    KEYS,
    400,
    "INVALID_REQUEST",
    "INVALID_FIELD",
    "access_token must be string",
  ],
  [
    "a wrong value",
    "/link/token/create",
    '{"client_name":"a","language":"en","country_codes":["ZZ"],"user":{"client_user_id":"u"}}',
    KEYS,
    400,
    "INVALID_REQUEST",
    "INVALID_FIELD",
    "country_codes.0 must be one of",
  ],
  [
    "keys that are refused",
    "/item/get",
    '{"access_token":"x"}',
    { ...KEYS, "plaid-secret": "invalid" },
    400,
    "INVALID_INPUT",
    "INVALID_API_KEYS",
    "invalid client_id or secret",
  ],
  [
    "keys that are empty",
    "/item/get",
    '{"access_token":"x"}',
    { ...KEYS, "plaid-secret": "" },
    400,
    "INVALID_REQUEST",
    "INVALID_FIELD",
    "secret must be",
  ],
  [
    "an unknown bank",
    "/institutions/get_by_id",
    '{"institution_id":"ins_0","country_codes":["US"]}',
    KEYS,
    400,
    "INVALID_INPUT",
    "INVALID_INSTITUTION",
    "institution_id",
  ],
  [
    "a link_token that is none",
    "/link/token/get",
    '{"link_token":"nope"}',
    KEYS,
    400,
    "INVALID_INPUT",
    "INVALID_LINK_TOKEN",
    "link_token",
  ],
] as const)(
  "%s returns Plaid's own error",
  async ([_case, path, body, headers, status, type, code, message], { sandbox }) => {
    const answer = await raw(sandbox, path, body, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error_type: type, error_code: code });
    expect(answer.body.error_message).toContain(message);
    expect(answer.body.request_id).toMatch(/^\w{15}$/);
    expect(answer.body).toHaveProperty("display_message");
  },
);

test("A body of 17 MB is rejected, and other connections continue", async ({ sandbox }) => {
  const big = await raw(
    sandbox,
    "/item/get",
    `{"access_token":"${"x".repeat(17 * 1024 * 1024)}"}`,
    KEYS,
  );
  expect(big).toMatchObject({ status: 400, body: { error_code: "INVALID_BODY" } });
  expect((await raw(sandbox, "/item/get", "{}", KEYS)).status).toBe(400);
});

test("GET on an endpoint is not found", async ({ sandbox }) => {
  expect((await fetch(`${sandbox.url}/item/get`)).status).toBe(404);
});

test("There are at least twelve banks, OAuth among them, each with its own drawn PNG", async ({
  plaid,
}) => {
  const { institutions, total } = (
    await plaid.institutionsGet({
      count: 500,
      offset: 0,
      country_codes: [CountryCode.Us],
      options: { include_optional_metadata: true },
    })
  ).data;
  expect(total).toBeGreaterThanOrEqual(12);
  expect(institutions.some(({ oauth }) => oauth)).toBe(true);
  const logos = institutions.map(({ logo }) => logo ?? "");
  expect(new Set(logos).size).toBe(institutions.length);
  for (const logo of logos)
    expect(Buffer.from(logo, "base64").subarray(1, 4).toString()).toBe("PNG");
  for (const { primary_color } of institutions) expect(primary_color).toMatch(/^#[0-9a-f]{6}$/);
});

test("Accounts have every shape that banks have: no mask, no balances, long names, other currencies", async ({
  plaid,
}) => {
  const edge = await plaid.accountsGet(
    await connect(plaid, "ins_900006").then(({ access_token }) => ({ access_token })),
  );
  expect(edge.data.accounts.some(({ mask }) => mask === null)).toBe(true);
  expect(edge.data.accounts.some(({ balances }) => balances.current === null)).toBe(true);
  expect(edge.data.accounts.some(({ name }) => name.length > 100)).toBe(true);
  const { access_token } = await connect(plaid, "ins_900001");
  const currencies = (await plaid.accountsGet({ access_token })).data.accounts.map(
    ({ balances }) => balances.iso_currency_code,
  );
  expect(currencies).toEqual(["USD", "EUR", "GBP"]);
  const single = await connect(plaid, "ins_900004");
  expect(
    (await plaid.accountsGet({ access_token: single.access_token })).data.accounts,
  ).toHaveLength(1);
});

test("user_good at First Platypus Bank has the accounts of Plaid's own Sandbox", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const [checking, saving] = (await plaid.accountsGet({ access_token })).data.accounts;
  expect(checking).toMatchObject({
    name: "Plaid Checking",
    mask: "0000",
    balances: { available: 100, current: 110 },
  });
  expect(saving).toMatchObject({
    name: "Plaid Saving",
    mask: "1111",
    balances: { available: 200, current: 210 },
  });
});
