import type { Browser } from "playwright-core";
import { awaitLater } from "./await-later.ts";
import { closePages, launchBrowser } from "./browser.ts";
import { testWithApp } from "./fixtures.ts";

/** One for all files of this process, because starting it takes time. */
let launched: Promise<Browser> | undefined;

/** Starts the browser unless it runs already. A start that failed is retried. */
function launchOnce(): Promise<Browser> {
  launched ??= awaitLater(
    launchBrowser().catch((error) => {
      launched = undefined;
      throw error;
    }),
  );
  return launched;
}

/** `testWithApp` with a `browser`. After each test Plaid has no faults, and no page is open. */
export function testInBrowser() {
  // It starts beside the app.
  void launchOnce();
  const test = testWithApp().extend("browser", { scope: "file" }, () => launchOnce());
  test.afterEach(async ({ app, browser }) => {
    await app.clearFaults();
    await closePages(browser);
  });
  return test;
}
