import { expect, test } from "vitest";
import { addressOf, negated, readFilter, toInput } from "../../app/transactions/filter.ts";

test("Empty fields of the form are not filters, and the others make up the address", () => {
  const filter = readFilter(new URLSearchParams("search=+rent+&account=&min=&from=2026-01-01"));
  expect(filter).toEqual({ search: "rent", from: "2026-01-01" });
  expect(addressOf(filter)).toBe("/transactions?search=rent&from=2026-01-01");
  expect(addressOf({})).toBe("/transactions");
});

test.each([
  ["12.50", "-12.50"],
  ["-12.50", "12.50"],
  ["0", "0"],
  ["-0.00", "0.00"],
  ["90071992547409931234.5678", "-90071992547409931234.5678"],
])("%s with the other sign is %s, digit by digit", (amount, other) => {
  expect(negated(amount)).toBe(other);
});

test("A range with money out as negative is converted to Plaid's signs", () => {
  expect(toInput({ min: "-1,000", max: "−$50.5" }, null)).toEqual({
    minAmount: "50.5",
    maxAmount: "1000",
  });
});
