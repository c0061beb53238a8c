import { test } from "vitest";
import { startTestApp, type TestApp } from "./app.ts";
import { deleteUsers } from "./rows.ts";

/**
 * `test` with an `app`, which all tests and hooks of the file share and the first that names it starts.
 * Parameters as `startTestApp`.
 */
export const testWithApp = (...settings: Parameters<typeof startTestApp>) =>
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures this one needs.
  test.extend("app", { scope: "file" }, async ({}, { onCleanup }) => {
    const app = await startTestApp(...settings);
    onCleanup(() => app.close());
    return app;
  });

/** For a hook: leaves no fault, no Item at Plaid and no user of an earlier test. */
export async function startOver(app: TestApp): Promise<void> {
  await app.clearFaults();
  await app.resetPlaid();
  await deleteUsers(app);
}
