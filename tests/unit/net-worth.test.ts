import { expect, test } from "vitest";
import { difference, netWorth } from "../../app/dashboard/net-worth.ts";
import type { Account } from "../../server/contracts/accounts.ts";

const account = (
  type: string,
  current: string | null,
  currency: string | null = "USD",
  { revoked = false, hidden = false } = {},
): Account => ({
  id: "00000000-0000-4000-8000-000000000000",
  itemId: "00000000-0000-4000-8000-000000000000",
  name: "An account",
  bankName: "An account",
  officialName: null,
  mask: null,
  type,
  subtype: null,
  revoked,
  hidden,
  balances: { current, available: null, limit: null, currency },
});

test("Net worth subtracts debts and never adds currencies to each other", () => {
  const accounts = [
    account("depository", "110.00"),
    account("credit", "410.5"),
    account("loan", "-0.25"),
    account("depository", "7", "EUR"),
  ];
  expect(netWorth(accounts)).toEqual([
    { currency: "USD", amount: "-300.25" },
    { currency: "EUR", amount: "7" },
  ]);
  expect(difference("-300.25", "7")).toBe("-307.25");
});

test("Net worth loses no digit, however many there are", () => {
  const accounts = [
    account("investment", "9007199254740993.0001"),
    account("depository", "0.10"),
    account("depository", "0.2"),
    account("credit", "-0.00000001"),
  ];
  expect(netWorth(accounts)).toEqual([{ currency: "USD", amount: "9007199254740993.30010001" }]);
  expect(netWorth([account("credit", "0.05")])).toEqual([{ currency: "USD", amount: "-0.05" }]);
});

test("Net worth leaves out accounts without a balance, a currency or permission", () => {
  expect(
    netWorth([
      account("depository", null),
      account("depository", "1", null),
      account("depository", "1", "USD", { revoked: true }),
      account("depository", "1", "USD", { hidden: true }),
    ]),
  ).toEqual([]);
});
