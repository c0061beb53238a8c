import { expect, test } from "vitest";
import { countOfFirst } from "../../app/dashboard/card-columns.tsx";

test.each([
  [[], 1],
  [[3], 1],
  [[3, 3], 1],
  [[9, 3, 3, 3], 1],
  [[3, 3, 3, 9], 3],
  [[3, 6, 9, 5, 8, 4, 7, 3], 4],
])(
  "The dashboard divides cards of %j rows after %i of them, so that its columns are about as high",
  (rows, first) => {
    expect(countOfFirst(rows)).toBe(first);
  },
);
