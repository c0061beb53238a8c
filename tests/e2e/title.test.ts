import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage } from "../support/browser.ts";
import { card, logIn } from "../support/link.ts";

const test = testInBrowser();

/** Runs in the page: reports its tab as visible or hidden, which headless Chromium does not do itself. */
function setVisibility(state: string): void {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

test("A tab in the background says in its title that its accounts have changed, until the user views it", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  expect(await page.title()).toBe("Dashboard · Fiscility");
  await page.evaluate(setVisibility, "hidden");
  const body = { public_token: await app.publicToken() };
  expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
  await expect.poll(() => page.title()).toBe("Updated · Dashboard · Fiscility");
  await page.evaluate(setVisibility, "visible");
  await expect.poll(() => page.title()).toBe("Dashboard · Fiscility");
  await card(page).waitFor();
  // The title does not announce a change that the user sees happen.
  await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken("ins_109510") },
    user,
  );
  await card(page).nth(1).waitFor();
  expect(await page.title()).toBe("Dashboard · Fiscility");
});
