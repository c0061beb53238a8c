import { test } from "vitest";

/** The large matrices run as well: `MATRIX=1`. */
export const isMatrix = process.env.MATRIX === "1";

/** A test that runs only with `MATRIX=1`. */
export const matrixTest = test.skipIf(!isMatrix);
