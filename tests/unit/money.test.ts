import fc from "fast-check";
import { expect, test } from "vitest";
import { decimal } from "../../server/contracts/accounts.ts";
import { toDecimal } from "../../server/plaid/plaid-door.ts";

test("an amount from Plaid becomes the decimal string the bank wrote", () => {
  expect([110, 100.5, -0.1, 43200.99, 1e-7].map(toDecimal)).toEqual([
    "110",
    "100.5",
    "-0.1",
    "43200.99",
    "0.0000001",
  ]);
});

test("every amount in cents survives", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e13, max: 1e13 }), (cents) => {
      const text = toDecimal(cents / 100);
      expect(decimal.safeParse(text).success).toBe(true);
      expect(Math.round(Number(text) * 100)).toBe(cents);
    }),
  );
});
