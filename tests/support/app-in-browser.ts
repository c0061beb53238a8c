import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { startTestApp, type TestApp } from "./app.ts";
import { launchBrowser } from "./browser.ts";

/** Those of the test file at hand, from its first test to its last: see `startInBrowser`. */
export let app: TestApp;
export let browser: Browser;

/**
 * For a file of browser tests, before its own hooks: starts one `app` and one `browser` for it, and
 * leaves no fault at Plaid and no page behind after a test.
 */
export function startInBrowser(): void {
  beforeAll(async () => {
    [app, browser] = await Promise.all([startTestApp(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });
  afterEach(async () => {
    await app.clearFaults();
    for (const context of browser.contexts()) await context.close();
  });
}
