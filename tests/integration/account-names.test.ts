import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { addBank } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

async function accountsOf(app: TestApp, user: TestUser) {
  const cookie = { cookie: user.cookie };
  const response = await fetch(`${app.url}/api/v1/accounts`, { headers: cookie });
  return (await response.json()).items[0].accounts;
}

test("accounts.update renames an account, hides it from totals, and undoes both (I5)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await addBank(
    app,
    user,
    "Bank",
    [{ name: "CHK", balance: "5" }, { balance: "2" }],
    [
      [0, 3, "10"],
      [1, 3, "20"],
    ],
  );
  const [{ id }] = await accountsOf(app, user);
  const update = async (change: object) => {
    const response = await app.post(
      "/api/v1/account-settings",
      { account_id: id, ...change },
      user,
    );
    expect(response.status).toBe(200);
    const [account] = await accountsOf(app, user);
    expect(account).toEqual(response.body.account);
    const { name, bank_name, hidden } = account;
    return { name, bank_name, hidden };
  };
  const totals = async () => {
    const cookie = { cookie: user.cookie };
    const [worth, flow] = await Promise.all(
      ["net-worth", "cash-flow"].map(async (name) => {
        const response = await fetch(`${app.url}/api/v1/insights/${name}`, { headers: cookie });
        return (await response.json()).currencies[0];
      }),
    );
    return [worth.days.at(-1).amount, flow.months[0].out];
  };

  expect(await totals()).toEqual(["7", "30"]);
  const named = { name: "Household", bank_name: "CHK" };
  expect(await update({ name: " Household " })).toEqual({ ...named, hidden: false });
  expect(await update({ hidden: true })).toEqual({ ...named, hidden: true });
  expect(await totals()).toEqual(["2", "20"]);
  expect(await update({ name: null, hidden: false })).toEqual({
    name: "CHK",
    bank_name: "CHK",
    hidden: false,
  });
  expect(await totals()).toEqual(["7", "30"]);
  for (const name of ["", "   ", "x".repeat(101), 7]) {
    const refused = await app.post("/api/v1/account-settings", { account_id: id, name }, user);
    expect([name, refused.status]).toEqual([name, 400]);
  }
});
