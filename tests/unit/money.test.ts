import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSteps } from "../../app/components/money.ts";
import { decimal } from "../../server/contracts/accounts.ts";
import { toDecimal } from "../../server/plaid/readable.ts";

test("An amount from Plaid becomes the decimal string that the bank wrote", () => {
  expect([110, 100.5, -0.1, 43200.99, 1e-7].map(toDecimal)).toEqual([
    "110",
    "100.5",
    "-0.1",
    "43200.99",
    "0.0000001",
  ]);
});

test("Every amount in cents is unchanged", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e13, max: 1e13 }), (cents) => {
      const text = toDecimal(cents / 100);
      expect(decimal.safeParse(text).success).toBe(true);
      expect(Math.round(Number(text) * 100)).toBe(cents);
    }),
  );
});

test.each([
  [[0, 20_000, 40_000], "USD", ["$0", "$20K", "$40K"]],
  [[0, 500, 1000, 1500], "USD", ["$0", "$500", "$1K", "$1.5K"]],
  [[12_300, 12_350, 12_400], "USD", ["$12.3K", "$12.35K", "$12.4K"]],
  [[12_345, 12_346, 12_347], "USD", ["$12,345", "$12,346", "$12,347"]],
  [[1_205_000, 1_210_000], "USD", ["$1.205M", "$1.21M"]],
  [[995_000, 1_000_000], "USD", ["$995K", "$1M"]],
  [[-0.05, 0, 0.05], "USD", ["-$0.05", "$0.00", "$0.05"]],
  [[12_345.2, 12_345.4], "USD", ["$12,345.20", "$12,345.40"]],
  [[0.0005, 0.001], "BTC", ["0.0005", "0.0010"]],
  [[7], "USD", ["$7"]],
])("The labels of a chart are as short as possible (%j %s)", (amounts, currency, labels) => {
  expect(formatSteps(amounts, currency)).toEqual(labels);
});

test("Each line of a chart has its own label, however little the amounts differ", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e11, max: 1e11 }),
      fc.constantFrom(1, 2, 5),
      fc.integer({ min: -2, max: 9 }),
      (from, factor, power) => {
        const step = factor * 10 ** power;
        const first = Math.round(from / 100 / step);
        const amounts = [0, 1, 2, 3].map((more) => (first + more) * step);
        expect(new Set(formatSteps(amounts, "USD")).size).toBe(4);
      },
    ),
  );
});
