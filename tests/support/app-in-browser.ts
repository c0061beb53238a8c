import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { startTestApp, type TestApp } from "./app.ts";
import { launchBrowser } from "./browser.ts";

/** Those of the test file at hand, from its first test to its last: see `startInBrowser`. */
export let app: TestApp;
export let browser: Browser;

/** One for all files that this process runs, and as long as it runs: starting one takes its time. */
let launched: Promise<Browser> | undefined;

/**
 * For a file of browser tests, before its own hooks: starts an `app` for it, gives it a `browser`, and
 * leaves no fault at Plaid and no page behind after a test.
 */
export function startInBrowser(): void {
  beforeAll(async () => {
    launched ??= launchBrowser();
    [app, browser] = await Promise.all([startTestApp(), launched]);
  });
  afterAll(() => app?.close());
  afterEach(async () => {
    await app.clearFaults();
    for (const context of browser.contexts()) await context.close();
  });
}
