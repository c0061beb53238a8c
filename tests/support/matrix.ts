import { test } from "vitest";

/** Whether the whole matrices run, beside the row of each class that `npm test` has. */
export const isMatrix = process.env.MATRIX === "1";

/** `test` for what runs under `MATRIX=1` alone. */
export const matrixTest = test.skipIf(!isMatrix);
