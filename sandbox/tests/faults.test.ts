import axios from "axios";
import { type PlaidApi, PlaidErrorType, Products } from "plaid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RequestEntry } from "../src/control/request-log.ts";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { plaidErrorCodes } from "../src/plaid/plaid-error.ts";
import { connect, control, failure, plaidClient } from "./support/client.ts";

let sandbox: RunningSandbox;
let plaid: PlaidApi;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3 });
  plaid = plaidClient(sandbox.url);
});
beforeEach(() => control(sandbox.url, "POST", "reset"));
afterAll(() => sandbox.close());

const faults = (...list: object[]) => control(sandbox.url, "POST", "faults", { faults: list });
const requests = async () =>
  (await control<{ requests: RequestEntry[] }>(sandbox.url, "GET", "requests")).requests;
const EXCHANGE = "/item/public_token/exchange";

async function publicToken(): Promise<string> {
  const request = { institution_id: "ins_56", initial_products: [Products.Auth] };
  return (await plaid.sandboxPublicTokenCreate(request)).data.public_token;
}
/** The error's code when no answer came, e.g. ECONNRESET. */
async function broken(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => null).catch((thrown: unknown) => thrown);
  if (!axios.isAxiosError(error) || error.response) throw new Error("an answer came");
  return error.code ?? error.message;
}

test.each([
  ["RATE_LIMIT_EXCEEDED", 429, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT"],
  ["TRANSACTIONS_SYNC_LIMIT", 429, "RATE_LIMIT_EXCEEDED", "TRANSACTIONS_SYNC_LIMIT"],
  ["INSTITUTION_DOWN", 400, "INSTITUTION_ERROR", "INSTITUTION_DOWN"],
  ["INTERNAL_SERVER_ERROR", 500, "API_ERROR", "INTERNAL_SERVER_ERROR"],
  ["ITEM_LOGIN_REQUIRED", 400, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED"],
])(
  "%s is answered once with its status and type, then not",
  async (code, status, type, answered) => {
    const { access_token } = await connect(plaid);
    await faults({ path: "/accounts/get", times: 1, do: { error: code } });
    const refused = await failure(plaid.accountsGet({ access_token }));
    expect(refused).toMatchObject({ status, error_type: type, error_code: answered });
    await plaid.accountsGet({ access_token });
  },
);

test("every code that a fault may name is answered in Plaid's shape", async () => {
  for (const code of plaidErrorCodes()) {
    await faults({ path: "/item/get", times: 1, do: { error: code } });
    const answered = await failure(plaid.itemGet({ access_token: "x" }));
    expect(answered).toMatchObject({ error_code: code });
    expect(Object.values(PlaidErrorType)).toContain(answered.error_type);
    expect(answered.status).toBeGreaterThanOrEqual(400);
  }
});

test("an error comes before the act: the public_token stays good", async () => {
  const public_token = await publicToken();
  await faults({ path: EXCHANGE, times: 1, do: { error: "INTERNAL_SERVER_ERROR" } });
  await failure(plaid.itemPublicTokenExchange({ public_token }));
  await plaid.itemPublicTokenExchange({ public_token });
});

test("retry_after becomes a Retry-After header", async () => {
  await faults({ path: "*", times: 1, do: { error: "RATE_LIMIT", retry_after: 7 } });
  const answer = await fetch(`${sandbox.url}/item/get`, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
});

test("drop before: the connection breaks and nothing has happened", async () => {
  const public_token = await publicToken();
  await faults({ path: EXCHANGE, times: 1, do: { drop: "before" } });
  expect(await broken(plaid.itemPublicTokenExchange({ public_token }))).toBe("ECONNRESET");
  await plaid.itemPublicTokenExchange({ public_token });
});

test("drop after: the connection breaks, and the Item has its access_token all the same", async () => {
  const public_token = await publicToken();
  await faults({ path: EXCHANGE, times: 1, do: { drop: "after" } });
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

test("delay waits, then acts", async () => {
  const { access_token } = await connect(plaid);
  await faults({ path: "/item/get", times: 1, do: { delay: 300 } });
  const started = performance.now();
  await plaid.itemGet({ access_token });
  expect(performance.now() - started).toBeGreaterThan(295);
});

test("hang never answers; the sandbox still closes", async () => {
  const own = await startSandbox();
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

test("malformed acts and answers half a body", async () => {
  const public_token = await publicToken();
  await faults({ path: EXCHANGE, times: 1, do: { malformed: true } });
  const answer = await fetch(sandbox.url + EXCHANGE, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "plaid-client-id": "test-client",
      "plaid-secret": "s",
    },
    body: JSON.stringify({ public_token }),
  });
  expect(answer.status).toBe(200);
  await expect(answer.json()).rejects.toThrow(SyntaxError);
});

test("after lets requests pass first; * means every path", async () => {
  const { access_token } = await connect(plaid);
  await faults({ path: "*", times: 2, after: 1, do: { error: "INSTITUTION_DOWN" } });
  await plaid.itemGet({ access_token });
  await failure(plaid.itemGet({ access_token }));
  await failure(plaid.accountsGet({ access_token }));
  await plaid.accountsGet({ access_token });
});

test("probability hits about that share, the same ones for the same seed", async () => {
  const run = async () => {
    await control(sandbox.url, "POST", "reset");
    await faults({
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

test("rules are appended, listed and cleared", async () => {
  await faults({ path: "/item/get", times: 1, do: { hang: true } });
  await faults({ path: "*", probability: 1, do: { delay: 1 } });
  const listed = await control<{ faults: object[] }>(sandbox.url, "GET", "faults");
  expect(listed.faults).toMatchObject([{ path: "/item/get", applied: 0 }, { path: "*" }]);
  await control(sandbox.url, "DELETE", "faults");
  expect(await control(sandbox.url, "GET", "faults")).toEqual({ faults: [] });
});

test.each([
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
  ["a good one and a bad one", [{ path: "*", times: 1, do: { hang: true } }, {}], "faults[1]"],
])("a rule with %s is refused with the reason, and none is added", async (_case, list, reason) => {
  const refused = control(sandbox.url, "POST", "faults", { faults: list });
  await expect(refused).rejects.toThrow(reason);
  expect(await control(sandbox.url, "GET", "faults")).toEqual({ faults: [] });
});

test("the request log tells path, status, code, Item and fault, and holds no token or secret", async () => {
  const { access_token, item_id } = await connect(plaid, "ins_56");
  await faults({ path: "/item/get", times: 1, do: { error: "INSTITUTION_DOWN" } });
  await failure(plaid.itemGet({ access_token }));
  await plaid.accountsGet({ access_token });
  const log = await requests();
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

test("rate limits: per Item and per client, only when switched on, and over after a minute", async () => {
  const limited = await startSandbox({ rateLimits: true });
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
