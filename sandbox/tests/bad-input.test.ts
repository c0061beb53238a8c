import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { readOpenApiDocument } from "../src/plaid/openapi-schemas.ts";
import {
  checkAnswer,
  checkRequest,
  connect,
  KIND,
  LINK_TOKEN_REQUEST,
  plaidClient,
} from "./support/client.ts";

let sandbox: RunningSandbox;
/** A valid body for every path, by name. */
let good: Record<string, Record<string, unknown>>;
const PATHS = Object.keys(readOpenApiDocument("openapi-subset").paths);

beforeAll(async () => {
  sandbox = await startSandbox({ ...KIND, seed: 9 });
});
beforeEach(async () => {
  const plaid = plaidClient(sandbox.url);
  const { access_token } = await connect(plaid);
  const { link_token } = (await plaid.linkTokenCreate(LINK_TOKEN_REQUEST)).data;
  const dates = { start_date: "2026-01-01", end_date: "2026-02-01" };
  const country_codes = ["US"];
  const posted = { date_transacted: "2026-01-01", date_posted: "2026-01-02" };
  good = {
    "/link/token/create": { ...LINK_TOKEN_REQUEST, webhook: "http://localhost:9/x" },
    "/link/token/get": { link_token },
    "/item/public_token/exchange": { public_token: "public-sandbox-x" },
    "/item/webhook/update": { access_token, webhook: "http://localhost:9/x" },
    "/transactions/sync": { access_token, cursor: "", count: 5, options: {} },
    "/transactions/get": { access_token, ...dates, options: { count: 5, offset: 0 } },
    "/institutions/get": { count: 3, offset: 0, country_codes, options: { products: ["auth"] } },
    "/institutions/get_by_id": { institution_id: "ins_13", country_codes },
    "/institutions/search": { query: "bank", country_codes, products: ["auth"] },
    "/webhook_verification_key/get": { key_id: "x" },
    "/user/create": { client_user_id: "u", identity: { name: null } },
    "/investments/holdings/get": { access_token, options: { account_ids: [] } },
    "/investments/transactions/get": { access_token, ...dates, options: { count: 5, offset: 0 } },
    "/liabilities/get": { access_token, options: {} },
    "/item/products/terminate": { access_token, reason_code: "OTHER", reason_note: null },
    "/processor/token/create": { access_token, account_id: "x", processor: "dwolla" },
    "/sandbox/item/set_verification_status": {
      access_token,
      account_id: "x",
      verification_status: "automatically_verified",
    },
    "/sandbox/public_token/create": {
      institution_id: "ins_13",
      initial_products: ["auth"],
      options: { override_username: "user_custom", override_password: "{}" },
    },
    "/sandbox/item/fire_webhook": { access_token, webhook_code: "DEFAULT_UPDATE" },
    "/sandbox/transactions/create": {
      access_token,
      transactions: [{ ...posted, amount: 1, description: "x" }],
    },
  };
  for (const path of PATHS) good[path] ??= { access_token };
});
afterAll(() => sandbox.close());

async function post(path: string, body: unknown) {
  const answer = await fetch(sandbox.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "plaid-client-id": "test-client",
      "plaid-secret": "s",
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

/** A copy with `value` instead of one of the values inside, chosen by `pick`. */
function spoiled(body: unknown, pick: number, value: unknown): unknown {
  const copy = structuredClone(body);
  const places: [Record<string, unknown>, string][] = [];
  const walk = (part: unknown) => {
    if (part === null || typeof part !== "object") return;
    for (const key of Object.keys(part)) {
      places.push([part as Record<string, unknown>, key]);
      walk((part as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const place = places[pick % places.length];
  if (place) place[0][place[1]] = value;
  return copy;
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "\u0000", -0, 1e308, "9999-99-99", [], {}, [null]),
);

test.each(PATHS)("%s never fails the sandbox, whatever the value of a field", async (path) => {
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await fc.assert(
    fc.asyncProperty(fc.nat(40), odd, async (pick, value) => {
      const body = spoiled(good[path], pick, value);
      const answer = await post(path, body);
      expect(answer.status).toBeLessThan(500);
      // The other direction: what does not match the description is rejected.
      if (answer.status === 200) checkRequest(path, body);
      checkAnswer(path, answer.status, answer.body);
    }),
    { numRuns: 60, seed: 4 },
  );
  expect(stderr.mock.calls).toEqual([]);
  stderr.mockRestore();
});

test("The sandbox never fails for any configuration of user_custom", async () => {
  const account = { type: "depository", subtype: "checking", starting_balance: 5, currency: "USD" };
  const transaction = {
    date_transacted: "2026-01-01",
    date_posted: "2026-01-02",
    amount: 1,
    description: "x",
    currency: "USD",
  };
  const meta = { name: "n", official_name: "o", mask: "1234", limit: 10 };
  const custom = { override_accounts: [{ ...account, meta, transactions: [transaction] }] };
  const plaid = plaidClient(sandbox.url);
  await fc.assert(
    fc.asyncProperty(fc.nat(40), odd, async (pick, value) => {
      const password = JSON.stringify(spoiled(custom, pick, value));
      const created = await post("/sandbox/public_token/create", {
        institution_id: "ins_109508",
        initial_products: ["transactions"],
        options: { override_username: "user_custom", override_password: password },
      });
      expect(created.status).toBeLessThan(500);
      if (created.status !== 200) return;
      const { public_token } = created.body;
      const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
      await plaid.accountsGet({ access_token });
      await plaid.identityGet({ access_token });
      // An Item without such accounts is rejected, which is not a failure of the sandbox.
      for (const path of ["/auth/get", "/transactions/sync"]) {
        const answer = await post(path, { access_token });
        expect(answer.status).toBeLessThan(500);
        checkAnswer(path, answer.status, answer.body);
      }
    }),
    { numRuns: 300, seed: 4 },
  );
});

test("The sandbox serves other requests when one stops halfway", async () => {
  const broken = new AbortController();
  const call = fetch(`${sandbox.url}/item/get`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('{"access_'));
        setTimeout(() => broken.abort(), 50);
      },
    }),
    duplex: "half",
    signal: broken.signal,
  } as RequestInit);
  await expect(call).rejects.toThrow();
  expect((await post("/item/get", {})).status).toBe(400);
});
