import type { Browser } from "playwright-core";
import { closePages, launchBrowser } from "./browser.ts";
import { testWithApp } from "./fixtures.ts";

/** One for all files of this process, because starting it takes time. */
let launched: Promise<Browser> | undefined;

/** `testWithApp` with a `browser`. After each test Plaid has no faults, and no page is open. */
export function testInBrowser() {
  launched ??= launchBrowser();
  const browser = launched;
  const test = testWithApp().extend("browser", { scope: "file" }, () => browser);
  test.afterEach(async ({ app, browser }) => {
    await app.clearFaults();
    await closePages(browser);
  });
  return test;
}
