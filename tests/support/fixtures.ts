import { test } from "vitest";
import { startTestApp, type TestApp } from "./app.ts";
import { deleteUsers } from "./rows.ts";

/**
 * `test` with an `app`, shared by all tests and hooks of the file and started by the first that uses it.
 * Parameters as in `startTestApp`.
 */
export const testWithApp = (...settings: Parameters<typeof startTestApp>) =>
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures this one needs.
  test.extend("app", { scope: "file" }, async ({}, { onCleanup }) => {
    const app = await startTestApp(...settings);
    onCleanup(() => app.close());
    return app;
  });

/** For a hook: removes the faults, Plaid's Items and the users of earlier tests. */
export async function startOver(app: TestApp): Promise<void> {
  await app.clearFaults();
  await app.resetPlaid();
  await deleteUsers(app);
}
