import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { testWithApp } from "./fixtures.ts";

/** One for all files that this process runs, and as long as it runs: starting one takes its time. */
let launched: Promise<Browser> | undefined;

/** `testWithApp` with a `browser` as well. After each test no fault is left at Plaid, and no page open. */
export function testInBrowser() {
  launched ??= launchBrowser();
  const browser = launched;
  const test = testWithApp().extend("browser", { scope: "file" }, () => browser);
  test.afterEach(async ({ app, browser }) => {
    await app.clearFaults();
    for (const context of browser.contexts()) await context.close();
  });
  return test;
}
