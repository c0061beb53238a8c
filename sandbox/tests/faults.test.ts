import axios from "axios";
import { type PlaidApi, PlaidErrorType, Products } from "plaid";
import { expect } from "vitest";
import type { RequestEntry } from "../src/control/request-log.ts";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { plaidErrorCodes } from "../src/plaid/plaid-error.ts";
import { connect, control, failure, KIND, plaidClient } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox({ ...KIND, seed: 3 });

test.beforeEach(({ sandbox }) => control(sandbox.url, "POST", "reset"));

const faults = (sandbox: RunningSandbox, ...list: object[]) =>
  control(sandbox.url, "POST", "faults", { faults: list });
const requests = async (sandbox: RunningSandbox) =>
  (await control<{ requests: RequestEntry[] }>(sandbox.url, "GET", "requests")).requests;
const EXCHANGE = "/item/public_token/exchange";

async function publicToken(plaid: PlaidApi): Promise<string> {
  const request = { institution_id: "ins_56", initial_products: [Products.Auth] };
  return (await plaid.sandboxPublicTokenCreate(request)).data.public_token;
}
/** Posts without the SDK, which would reject an invalid response. */
async function raw(sandbox: RunningSandbox, path: string, body: object) {
  const answer = await fetch(sandbox.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "plaid-client-id": "test-client",
      "plaid-secret": "s",
    },
    body: JSON.stringify(body),
  });
  const type = answer.headers.get("content-type");
  return { status: answer.status, type, text: await answer.text() };
}
/** The error's code when there was no response, e.g. ECONNRESET. */
async function broken(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => null).catch((thrown: unknown) => thrown);
  if (!axios.isAxiosError(error) || error.response) throw new Error("a response came");
  return error.code ?? error.message;
}

test.for([
  ["RATE_LIMIT_EXCEEDED", 429, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT"],
  ["TRANSACTIONS_SYNC_LIMIT", 429, "RATE_LIMIT_EXCEEDED", "TRANSACTIONS_SYNC_LIMIT"],
  ["INSTITUTION_DOWN", 400, "INSTITUTION_ERROR", "INSTITUTION_DOWN"],
  ["INTERNAL_SERVER_ERROR", 500, "API_ERROR", "INTERNAL_SERVER_ERROR"],
  ["ITEM_LOGIN_REQUIRED", 400, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED"],
] as const)(
  "%s is returned once with its status and type, then not",
  async ([code, status, type, answered], { sandbox, plaid }) => {
    const { access_token } = await connect(plaid);
    await faults(sandbox, { path: "/accounts/get", times: 1, do: { error: code } });
    const refused = await failure(plaid.accountsGet({ access_token }));
    expect(refused).toMatchObject({ status, error_type: type, error_code: answered });
    await plaid.accountsGet({ access_token });
  },
);

test("Every code that a fault may name is returned in Plaid's shape", async ({
  sandbox,
  plaid,
}) => {
  for (const code of plaidErrorCodes()) {
    await faults(sandbox, { path: "/item/get", times: 1, do: { error: code } });
    const answered = await failure(plaid.itemGet({ access_token: "x" }));
    expect(answered).toMatchObject({ error_code: code });
    expect(Object.values(PlaidErrorType)).toContain(answered.error_type);
    expect(answered.status).toBeGreaterThanOrEqual(400);
  }
});

test("An error fault acts before the call, so that the public_token stays valid", async ({
  sandbox,
  plaid,
}) => {
  const public_token = await publicToken(plaid);
  await faults(sandbox, { path: EXCHANGE, times: 1, do: { error: "INTERNAL_SERVER_ERROR" } });
  await failure(plaid.itemPublicTokenExchange({ public_token }));
  await plaid.itemPublicTokenExchange({ public_token });
});

test("retry_after becomes a Retry-After header", async ({ sandbox }) => {
  await faults(sandbox, { path: "*", times: 1, do: { error: "RATE_LIMIT", retry_after: 7 } });
  const answer = await fetch(`${sandbox.url}/item/get`, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
});

test("drop before breaks the connection before anything happens", async ({ sandbox, plaid }) => {
  const public_token = await publicToken(plaid);
  await faults(sandbox, { path: EXCHANGE, times: 1, do: { drop: "before" } });
  expect(await broken(plaid.itemPublicTokenExchange({ public_token }))).toBe("ECONNRESET");
  await plaid.itemPublicTokenExchange({ public_token });
});

test("drop after breaks the connection after the Item has its access_token", async ({
  sandbox,
  plaid,
}) => {
  const public_token = await publicToken(plaid);
  await faults(sandbox, { path: EXCHANGE, times: 1, do: { drop: "after" } });
  expect(await broken(plaid.itemPublicTokenExchange({ public_token }))).toBe("ECONNRESET");
  const { items } = await control<{ items: { access_token_issued: boolean }[] }>(
    sandbox.url,
    "GET",
    "items",
  );
  expect(items).toMatchObject([{ access_token_issued: true }]);
  expect((await failure(plaid.itemPublicTokenExchange({ public_token }))).error_code).toBe(
    "INVALID_PUBLIC_TOKEN",
  );
});

test("delay waits, then acts", async ({ sandbox, plaid }) => {
  const { access_token } = await connect(plaid);
  await faults(sandbox, { path: "/item/get", times: 1, do: { delay: 300 } });
  const started = performance.now();
  await plaid.itemGet({ access_token });
  expect(performance.now() - started).toBeGreaterThan(295);
});

test("hang never responds, and the sandbox still closes", async () => {
  const own = await startSandbox(KIND);
  await control(own.url, "POST", "faults", {
    faults: [{ path: "/item/get", times: 1, do: { hang: true } }],
  });
  const hanging = broken(plaidClient(own.url).itemGet({ access_token: "x" }, { timeout: 30_000 }));
  const first = await Promise.race([
    hanging,
    new Promise((resolve) => setTimeout(() => resolve("silence"), 400)),
  ]);
  expect(first).toBe("silence");
  await own.close();
  expect(await hanging).toBe("ECONNRESET");
});

test("malformed acts and sends half a body", async ({ sandbox, plaid }) => {
  const public_token = await publicToken(plaid);
  await faults(sandbox, { path: EXCHANGE, times: 1, do: { malformed: true } });
  const { status, text } = await raw(sandbox, EXCHANGE, { public_token });
  expect(status).toBe(200);
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
});

test("patch changes the response and nothing that the sandbox stores", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const patch = [
    { op: "replace", path: "/accounts/0/name", value: "A\u0000B \ud800" },
    { op: "add", path: "/accounts/1/balances/current", value: null },
    { op: "remove", path: "/accounts/2/subtype" },
    { op: "replace", path: "/accounts/3/type", value: "of a kind nobody knows" },
    { op: "replace", path: "/accounts/3/balances/current", value: 1e300 },
    { op: "copy", from: "/accounts/0", path: "/accounts/-" },
    { op: "replace", path: "/accounts/4/account_id", value: "another Item's" },
  ];
  await faults(sandbox, { path: "/accounts/get", times: 1, do: { patch } });
  const changed = await raw(sandbox, "/accounts/get", { access_token });
  expect(changed.status).toBe(200);
  const { accounts } = JSON.parse(changed.text);
  expect(accounts[0].name).toBe("A\u0000B \ud800");
  expect(accounts[1].balances.current).toBeNull();
  expect(accounts[2]).not.toHaveProperty("subtype");
  expect(accounts[3]).toMatchObject({ type: "of a kind nobody knows" });
  expect(accounts[3].balances.current).toBe(1e300);
  expect(accounts[4]).toMatchObject({ account_id: "another Item's" });
  const [after] = (await plaid.accountsGet({ access_token })).data.accounts;
  expect(after?.name).toBe("Plaid Checking");
});

test("patch keeps an Item's history when it changes a page of it", async ({ sandbox, plaid }) => {
  const { access_token } = await connect(plaid);
  const patch = [{ op: "replace", path: "/added/0/amount", value: null }];
  await faults(sandbox, { path: "/transactions/sync", times: 1, do: { patch } });
  const page = JSON.parse((await raw(sandbox, "/transactions/sync", { access_token })).text);
  expect(page.added[0].amount).toBeNull();
  const { added } = (await plaid.transactionsSync({ access_token })).data;
  expect(typeof added[0]?.amount).toBe("number");
});

test("patch waits for a response that it matches, and the list says why it did not match", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const patch = [{ op: "remove", path: "/added/0/name" }];
  await faults(sandbox, { path: "*", times: 1, do: { patch } });
  await plaid.transactionsGet({ access_token, start_date: "2020-01-01", end_date: "2020-01-02" });
  const listed = await control<{ faults: object[] }>(sandbox.url, "GET", "faults");
  expect(listed.faults).toMatchObject([{ applied: 0, unfit: expect.stringContaining("/added/0") }]);
  const page = JSON.parse((await raw(sandbox, "/transactions/sync", { access_token })).text);
  expect(page.added[0]).not.toHaveProperty("name");
});

test("status and body replace the call: an unknown error, an HTML page, a huge number", async ({
  sandbox,
  plaid,
}) => {
  const public_token = await publicToken(plaid);
  const unknown = { error_type: "ITEM_ERROR", error_code: "NEVER_HEARD_OF", display_message: "Hm" };
  await faults(
    sandbox,
    { path: EXCHANGE, times: 1, do: { status: 418, body: unknown } },
    { path: EXCHANGE, times: 1, do: { status: 502, body: "<html>Bad gateway</html>" } },
    { path: EXCHANGE, times: 1, do: { status: 200, body: '{"amount":1e400}' } },
  );
  const answers = [];
  for (let index = 0; index < 3; index += 1)
    answers.push(await raw(sandbox, EXCHANGE, { public_token }));
  expect(answers.map(({ status, type }) => [status, type])).toEqual([
    [418, "application/json; charset=utf-8"],
    [502, "text/html; charset=utf-8"],
    [200, "application/json; charset=utf-8"],
  ]);
  expect(JSON.parse(answers[0]?.text ?? "")).toEqual(unknown);
  expect(answers[2]?.text).toBe('{"amount":1e400}');
  await plaid.itemPublicTokenExchange({ public_token });
  expect((await requests(sandbox)).slice(1, 4).map(({ fault }) => fault)).toEqual([
    "status 418",
    "status 502",
    "status 200",
  ]);
});

test("after lets requests pass first, and * means every path", async ({ sandbox, plaid }) => {
  const { access_token } = await connect(plaid);
  await faults(sandbox, { path: "*", times: 2, after: 1, do: { error: "INSTITUTION_DOWN" } });
  await plaid.itemGet({ access_token });
  await failure(plaid.itemGet({ access_token }));
  await failure(plaid.accountsGet({ access_token }));
  await plaid.accountsGet({ access_token });
});

test("probability applies to about that share, and to the same calls for the same seed", async ({
  sandbox,
}) => {
  const run = async () => {
    await control(sandbox.url, "POST", "reset");
    await faults(sandbox, {
      path: "/institutions/search",
      probability: 0.3,
      do: { error: "INTERNAL_SERVER_ERROR" },
    });
    const statuses: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      const answer = await fetch(`${sandbox.url}/institutions/search`, { method: "POST" });
      statuses.push(answer.status);
    }
    return statuses;
  };
  const first = await run();
  const hit = first.filter((status) => status === 500).length;
  expect(hit).toBeGreaterThan(35);
  expect(hit).toBeLessThan(85);
  expect(await run()).toEqual(first);
});

test("Faults are appended, listed and cleared", async ({ sandbox }) => {
  await faults(sandbox, { path: "/item/get", times: 1, do: { hang: true } });
  await faults(sandbox, { path: "*", probability: 1, do: { delay: 1 } });
  const listed = await control<{ faults: object[] }>(sandbox.url, "GET", "faults");
  expect(listed.faults).toMatchObject([{ path: "/item/get", applied: 0 }, { path: "*" }]);
  await control(sandbox.url, "DELETE", "faults");
  expect(await control(sandbox.url, "GET", "faults")).toEqual({ faults: [] });
});

test.for([
  ["not a list", "x", '"faults" must be a list'],
  ["a path that is not one", [{ path: "/nope", times: 1, do: { hang: true } }], "faults[0].path"],
  ["neither times nor probability", [{ path: "*", do: { hang: true } }], "exactly one of"],
  [
    "both times and probability",
    [{ path: "*", times: 1, probability: 1, do: { hang: true } }],
    "exactly one of",
  ],
  ["times of 0", [{ path: "*", times: 0, do: { hang: true } }], "faults[0].times"],
  ["a probability of 2", [{ path: "*", probability: 2, do: { hang: true } }], "from 0 to 1"],
  ["a negative after", [{ path: "*", times: 1, after: -1, do: { hang: true } }], "faults[0].after"],
  ["no action", [{ path: "*", times: 1 }], "faults[0].do must be an object"],
  ["two actions", [{ path: "*", times: 1, do: { hang: true, delay: 1 } }], "exactly one of error"],
  [
    "an error nobody knows",
    [{ path: "*", times: 1, do: { error: "OOPS" } }],
    "must be one of ACCESS_NOT_GRANTED",
  ],
  ["a delay that is text", [{ path: "*", times: 1, do: { delay: "5" } }], "0 to 600000 ms"],
  ["a drop in between", [{ path: "*", times: 1, do: { drop: "while" } }], '"before" or "after"'],
  [
    "an unknown key",
    [{ path: "*", times: 1, colour: "red", do: { hang: true } }],
    "unknown colour",
  ],
  ["a patch that is empty", [{ path: "*", times: 1, do: { patch: [] } }], "must be a list of JSON"],
  [
    "an operation nobody knows",
    [{ path: "*", times: 1, do: { patch: [{ op: "swap", path: "/a" }] } }],
    "patch[0].op must be one of add",
  ],
  [
    "an operation without its value",
    [{ path: "*", times: 1, do: { patch: [{ op: "add", path: "/a" }] } }],
    'patch[0] needs "value"',
  ],
  [
    "a pointer that is none",
    [{ path: "*", times: 1, do: { patch: [{ op: "remove", path: "a.b" }] } }],
    "patch[0].path must be a JSON pointer",
  ],
  ["a status of 99", [{ path: "*", times: 1, do: { status: 99, body: {} } }], "200 to 599"],
  ["a status without a body", [{ path: "*", times: 1, do: { status: 500 } }], 'needs a "body"'],
  ["a good one and a bad one", [{ path: "*", times: 1, do: { hang: true } }, {}], "faults[1]"],
] as const)(
  "A fault with %s is rejected with the reason, and none is added",
  async ([_case, list, reason], { sandbox }) => {
    const refused = control(sandbox.url, "POST", "faults", { faults: list });
    await expect(refused).rejects.toThrow(reason);
    expect(await control(sandbox.url, "GET", "faults")).toEqual({ faults: [] });
  },
);

test("The request log has path, status, code, Item and fault, and no token or secret", async ({
  sandbox,
  plaid,
}) => {
  const { access_token, item_id } = await connect(plaid, "ins_56");
  await faults(sandbox, { path: "/item/get", times: 1, do: { error: "INSTITUTION_DOWN" } });
  await failure(plaid.itemGet({ access_token }));
  await plaid.accountsGet({ access_token });
  const log = await requests(sandbox);
  expect(
    log.map(({ path, status, error_code, fault }) => [path, status, error_code, fault]),
  ).toEqual([
    ["/sandbox/public_token/create", 200, null, null],
    [EXCHANGE, 200, null, null],
    ["/item/get", 400, "INSTITUTION_DOWN", "INSTITUTION_DOWN"],
    ["/accounts/get", 200, null, null],
  ]);
  expect(log[3]?.item_id).toBe(item_id);
  expect(JSON.stringify(log)).not.toMatch(/(access|public|link)-sandbox-|test-secret/);
});

test("Rate limits apply for each Item and client only when switched on, and reset after a minute", async ({
  plaid,
}) => {
  const limited = await startSandbox({ ...KIND, rateLimits: true });
  const sdk = plaidClient(limited.url);
  const [one, other] = [await connect(sdk), await connect(sdk)];
  for (let index = 0; index < 15; index += 1)
    await sdk.accountsGet({ access_token: one.access_token });
  const refused = await failure(sdk.accountsGet({ access_token: one.access_token }));
  expect(refused).toMatchObject({
    status: 429,
    error_type: "RATE_LIMIT_EXCEEDED",
    error_code: "ACCOUNTS_LIMIT",
  });
  await sdk.accountsGet({ access_token: other.access_token });
  await control(limited.url, "POST", "clock", { advance_seconds: 60 });
  await sdk.accountsGet({ access_token: one.access_token });
  const search = () =>
    failure(sdk.institutionsGet({ count: 1, offset: 0, country_codes: ["US" as never] }));
  for (let index = 0; index < 50; index += 1)
    await sdk.institutionsGet({ count: 1, offset: 0, country_codes: ["US" as never] });
  expect((await search()).error_code).toBe("INSTITUTIONS_GET_LIMIT");
  await limited.close();

  const { access_token } = await connect(plaid);
  for (let index = 0; index < 20; index += 1) await plaid.accountsGet({ access_token });
});
