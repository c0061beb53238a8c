import { test } from "vitest";

/** `npm run matrix` runs every case; `npm test` only enough to cover every behavior. */
export const isMatrix = process.env.MATRIX === "1";

/** A test that runs only in the matrix. */
export const matrixTest = test.skipIf(!isMatrix);

/** Returns all cases in the matrix, else those that every run needs. */
export const casesOf = <T>(cases: readonly T[], everyRun: (one: T) => boolean): T[] =>
  cases.filter((one) => isMatrix || everyRun(one));

/** A color scheme and the width of its pages, for what does not depend on how the two are combined. */
export const schemes = casesOf(
  [
    ["light", 1280],
    ["dark", 390],
  ] as const,
  ([scheme]) => scheme === "dark",
);
