import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { type AccountOf, addBank, daysAgo, type TransactionRow } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { raiseDataVersion, updateAccounts } from "../support/rows.ts";

const test = testWithApp();

/** A user with one bank with these accounts and transactions. */
async function userWith(
  app: TestApp,
  accounts: AccountOf[],
  moved: TransactionRow[],
): Promise<TestUser> {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Bank", accounts, moved);
  return user;
}

async function get(app: TestApp, path: string, user: TestUser) {
  const response = await fetch(`${app.url}/api/v1/insights/${path}`, {
    headers: { cookie: user.cookie },
  });
  expect(response.status).toBe(200);
  return (await response.json()).currencies;
}

test("insights.netWorth subtracts the transactions from the balances, in each currency", async ({
  app,
}) => {
  const user = await userWith(
    app,
    [
      { balance: "1000.10" },
      { balance: "300", type: "credit" },
      { balance: "50.5", currency: "EUR" },
      { balance: null },
      { balance: "9", revoked: true },
    ],
    [
      [0, 1, "100.05"],
      [0, 3, "-2000"],
      [1, 2, "40"],
      [1, 2, "-15", { pending: true }],
      [2, 1, "-0.25"],
      [3, 1, "7"],
      [4, 1, "7"],
    ],
  );
  const [dollars, euros, ...others] = await get(app, "net-worth", user);
  expect(others).toEqual([]);
  expect(dollars).toEqual({
    currency: "USD",
    days: [
      { date: daysAgo(4), amount: "-1159.85" },
      { date: daysAgo(3), amount: "840.15" },
      { date: daysAgo(2), amount: "800.15" },
      { date: daysAgo(1), amount: "700.10" },
      { date: daysAgo(0), amount: "700.10" },
    ],
  });
  expect(euros.currency).toBe("EUR");
  expect(euros.days.map(({ amount }: { amount: string }) => amount)).toEqual([
    "50.25",
    "50.5",
    "50.5",
  ]);
});

test("insights.netWorth has only today without transactions, and at most a year", async ({
  app,
}) => {
  const still = await userWith(app, [{ balance: "5" }], []);
  expect(await get(app, "net-worth", still)).toEqual([
    { currency: "USD", days: [{ date: daysAgo(0), amount: "5" }] },
  ]);
  expect(await get(app, "cash-flow", still)).toEqual([]);
  const old = await userWith(
    app,
    [{ balance: "5" }],
    [
      [0, 400, "1"],
      [0, 300, "2"],
      // In the bank's time zone it may be tomorrow already.
      [0, -1, "4"],
    ],
  );
  const [{ days }] = await get(app, "net-worth", old);
  expect(days[0]).toEqual({ date: daysAgo(301), amount: "11" });
  expect(days.at(-2)).toEqual({ date: daysAgo(1), amount: "9" });
  expect(days.at(-1)).toEqual({ date: daysAgo(0), amount: "5" });
  const far = await userWith(
    app,
    [{ balance: "5" }],
    Array.from({ length: 380 }, (_, day): TransactionRow => [0, day, "1"]),
  );
  const [line] = await get(app, "net-worth", far);
  expect(line.days).toHaveLength(365);
  expect(line.days[0]).toEqual({ date: daysAgo(364), amount: "369" });
});

test("insights.netWorth goes back as far as the range says", async ({ app }) => {
  const moved = Array.from({ length: 500 }, (_, day): TransactionRow => [0, day, "1"]);
  const user = await userWith(app, [{ balance: "5" }], moved);
  for (const [range, days] of Object.entries({ "1m": 31, "3m": 92, "1y": 365, all: 501 })) {
    const [line] = await get(app, `net-worth?range=${range}`, user);
    expect([range, line.days.length]).toEqual([range, days]);
    expect(line.days[0]).toEqual({ date: daysAgo(days - 1), amount: String(5 + days - 1) });
  }
});

test("insights.categories adds up to the month of insights.cashFlow", async ({ app }) => {
  const user = await userWith(
    app,
    [{ balance: "100" }, { balance: "100" }, { balance: "9", currency: "EUR" }],
    [
      [0, 40, "-1000", { category: "INCOME" }],
      [0, 40, "12.34", { category: "FOOD_AND_DRINK" }],
      [0, 40, "7.66", { category: "FOOD_AND_DRINK" }],
      [0, 40, "30"],
      [0, 40, "250", { category: "TRANSFER_OUT" }],
      [1, 40, "-250", { category: "TRANSFER_IN" }],
      [2, 40, "3", { category: "TRAVEL" }],
    ],
  );
  const month = daysAgo(40).slice(0, 7);
  const [euros, dollars] = await get(app, `categories?month=${month}`, user);
  expect(dollars).toEqual({
    currency: "USD",
    categories: [
      { category: "INCOME", in: "1000", out: "0", count: 1 },
      { category: null, in: "0", out: "30", count: 1 },
      { category: "FOOD_AND_DRINK", in: "0", out: "20.00", count: 2 },
    ],
  });
  expect(euros.categories).toEqual([{ category: "TRAVEL", in: "0", out: "3", count: 1 }]);
  const flow = await get(app, "cash-flow", user);
  expect(flow[0].months[0]).toEqual({ month, in: "1000", out: "50.00" });
  expect(await get(app, "categories?month=2001-01", user)).toEqual([]);
});

test("insights.cashFlow excludes pending transactions and transfers between own accounts", async ({
  app,
}) => {
  const user = await userWith(
    app,
    [{ balance: "100" }, { balance: "100" }, { balance: "100", type: "credit" }],
    [
      [0, 40, "-1000", { category: "INCOME" }],
      [0, 40, "12.34"],
      [0, 40, "99", { pending: true }],
      // To the savings account, where it arrives two days later; and to a friend.
      [0, 40, "250", { category: "TRANSFER_OUT" }],
      [1, 38, "-250", { category: "TRANSFER_IN" }],
      [0, 40, "60", { category: "TRANSFER_OUT" }],
      // Paid to the card from a bank that is not connected; and a purchase with the card.
      [2, 40, "-500", { category: "LOAN_PAYMENTS" }],
      [2, 40, "0.66", { category: "FOOD_AND_DRINK" }],
      // Two purchases of the same amount and a refund are no transfer.
      [0, 40, "7", { category: "FOOD_AND_DRINK" }],
      [1, 40, "-7", { category: "FOOD_AND_DRINK" }],
    ],
  );
  const [{ currency, months }] = await get(app, "cash-flow", user);
  expect(currency).toBe("USD");
  expect(months[0]).toEqual({ month: daysAgo(40).slice(0, 7), in: "1007", out: "80.00" });
  expect(months.at(-1)).toEqual({ month: daysAgo(0).slice(0, 7), in: "0", out: "0" });
});

test("Insights show a change in the next response, and nothing of another user (I5, R5)", async ({
  app,
}) => {
  const user = await userWith(app, [{ balance: "100" }], [[0, 1, "10"]]);
  const eve = await app.signUp();
  expect((await get(app, "net-worth", user))[0].days[0].amount).toBe("110");
  await updateAccounts(app, { current_balance: "90" }, user);
  await raiseDataVersion(app, user);
  expect((await get(app, "net-worth", user))[0].days[0].amount).toBe("100");
  expect([await get(app, "net-worth", eve), await get(app, "cash-flow", eve)]).toEqual([[], []]);
});
