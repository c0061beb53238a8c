import { expect } from "vitest";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

test("accounts.get returns one account with its bank, as accounts.list shows them", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  const { items } = await app.get("/api/v1/accounts", user);
  const { accounts, ...item } = items[0];
  for (const account of accounts) {
    expect(await app.get(`/api/v1/accounts/${account.id}`, user)).toEqual({ account, item });
  }
});

test("accounts.get returns not_found for an account of another user, and invalid_input for no id", async ({
  app,
}) => {
  const [owner, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, owner);
  const { items } = await app.get("/api/v1/accounts", owner);
  const { error } = await app.get(`/api/v1/accounts/${items[0].accounts[0].id}`, other);
  expect(error.reason).toBe("not_found");
  expect((await app.get("/api/v1/accounts/mine", owner)).error.reason).toBe("invalid_input");
});
