import { type PlaidApi, Products } from "plaid";
import { expect } from "vitest";
import type { RunningSandbox } from "../src/index.ts";
import {
  connect,
  control,
  failure,
  KIND,
  LINK_TOKEN_REQUEST,
  plaidClient,
} from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox(KIND);

test.beforeEach(({ sandbox }) => control(sandbox.url, "POST", "reset"));

async function publicToken(plaid: PlaidApi): Promise<string> {
  const request = { institution_id: "ins_109508", initial_products: [Products.Transactions] };
  return (await plaid.sandboxPublicTokenCreate(request)).data.public_token;
}
const advance = (sandbox: RunningSandbox, seconds: number) =>
  control(sandbox.url, "POST", "clock", { advance_seconds: seconds });
const MINUTE = 60;

test("A public_token works once", async ({ plaid }) => {
  const public_token = await publicToken(plaid);
  expect(public_token).toMatch(/^public-sandbox-[0-9a-f-]{36}$/);
  await plaid.itemPublicTokenExchange({ public_token });
  expect(await failure(plaid.itemPublicTokenExchange({ public_token }))).toMatchObject({
    status: 400,
    error_type: "INVALID_INPUT",
    error_code: "INVALID_PUBLIC_TOKEN",
    error_message: "could not find matching public token",
  });
});

test("A public_token is exchanged once when fifty exchanges race", async ({ plaid }) => {
  const public_token = await publicToken(plaid);
  const all = await Promise.allSettled(
    Array.from({ length: 50 }, () => plaid.itemPublicTokenExchange({ public_token })),
  );
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("A public_token lives 30 minutes", async ({ sandbox, plaid }) => {
  const [young, old] = [await publicToken(plaid), await publicToken(plaid)];
  await advance(sandbox, 29 * MINUTE);
  await plaid.itemPublicTokenExchange({ public_token: young });
  await advance(sandbox, MINUTE);
  const late = await failure(plaid.itemPublicTokenExchange({ public_token: old }));
  expect(late.error_code).toBe("INVALID_PUBLIC_TOKEN");
  expect(late.error_message).toContain("expired");
});

test.for([
  ["empty", "", "invalid format"],
  ["of another kind", "access-sandbox-0b7a1f4e-1f0c-4a3e-9a52-000000000000", "invalid format"],
  [
    "of another environment",
    "public-production-0b7a1f4e-1f0c-4a3e-9a52-000000000000",
    'expected "sandbox", got "production"',
  ],
  ["unknown", "public-sandbox-0b7a1f4e-1f0c-4a3e-9a52-000000000000", "could not find"],
] as const)(
  "A public_token that is %s is rejected",
  async ([_case, public_token, message], { plaid }) => {
    const refused = await failure(plaid.itemPublicTokenExchange({ public_token }));
    expect(refused).toMatchObject({ status: 400, error_code: "INVALID_PUBLIC_TOKEN" });
    expect(refused.error_message).toContain(message);
  },
);

test("A link_token lives four hours, and 30 minutes in update mode", async ({ plaid }) => {
  const life = async (extra: object) => {
    const { expiration } = (await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, ...extra })).data;
    return (Date.parse(expiration) - Date.now()) / 60_000;
  };
  expect(await life({})).toBeCloseTo(240, 0);
  const { access_token } = await connect(plaid);
  expect(await life({ access_token, products: undefined })).toBeCloseTo(30, 0);
});

test("A link_token requires products, and in update mode a valid access_token", async ({
  plaid,
}) => {
  const none = await failure(plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, products: [] }));
  expect(none.error_code).toBe("INVALID_FIELD");
  const bad = await failure(
    plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, access_token: "access-sandbox-x" }),
  );
  expect(bad.error_code).toBe("INVALID_ACCESS_TOKEN");
});

test("A removed Item returns ITEM_NOT_FOUND on every endpoint", async ({ plaid }) => {
  const { access_token } = await connect(plaid);
  await plaid.itemRemove({ access_token });
  const again = await failure(plaid.itemRemove({ access_token }));
  expect(again).toMatchObject({
    status: 400,
    error_type: "ITEM_ERROR",
    error_code: "ITEM_NOT_FOUND",
  });
  expect((await failure(plaid.accountsGet({ access_token }))).error_code).toBe("ITEM_NOT_FOUND");
});

test("Tokens belong to the client that made them", async ({ sandbox, plaid }) => {
  const stranger = plaidClient(sandbox.url, "another-client");
  const public_token = await publicToken(plaid);
  expect((await failure(stranger.itemPublicTokenExchange({ public_token }))).error_code).toBe(
    "INVALID_PUBLIC_TOKEN",
  );
  const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  expect((await failure(stranger.accountsGet({ access_token }))).error_code).toBe(
    "INVALID_ACCESS_TOKEN",
  );
});

test("An Item that needs its user rejects data calls, but can be read and removed", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  await plaid.sandboxItemResetLogin({ access_token });
  for (const refused of [
    plaid.accountsGet({ access_token }),
    plaid.transactionsSync({ access_token }),
    plaid.authGet({ access_token }),
    plaid.identityGet({ access_token }),
  ]) {
    expect((await failure(refused)).error_code).toBe("ITEM_LOGIN_REQUIRED");
  }
  expect((await plaid.itemGet({ access_token })).data.item.error?.error_code).toBe(
    "ITEM_LOGIN_REQUIRED",
  );
  await plaid.itemRemove({ access_token });
});
