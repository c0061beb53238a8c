import { test } from "vitest";

/** `npm run matrix` runs every case; `npm test` those that leave no behavior without a test. */
export const isMatrix = process.env.MATRIX === "1";

/** A test of the matrix alone. */
export const matrixTest = test.skipIf(!isMatrix);

/** All cases in the matrix, else those that every run needs. */
export const casesOf = <T>(cases: readonly T[], everyRun: (one: T) => boolean): T[] =>
  cases.filter((one) => isMatrix || everyRun(one));
