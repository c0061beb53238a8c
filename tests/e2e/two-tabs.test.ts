import type { Page } from "playwright-core";
import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import { card, closeLink, link, logIn, openOAuthBank } from "../support/link.ts";
import { casesOf } from "../support/matrix.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

/** Logs in on the bank's own page. */
async function logInAs(page: Page, username: string): Promise<void> {
  await page.getByRole("textbox", { name: "Username" }).fill(username);
  await page.getByRole("textbox", { name: "Password" }).fill("pass_good");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/connect/oauth?oauth_state_id=**");
}

const connectAccounts = (page: Page) =>
  link(page).getByRole("button", { name: "Connect accounts" }).click();

test.for(casesOf([1280, 390], (width) => width === 1280))(
  "Each tab returns from its OAuth bank to its own Link, and an address that is opened again shows the state of its Link, at %i px (I1, I2)",
  async (width, { app, browser }) => {
    const user = await app.signUp("cfo");
    const first = await openPage(browser, { width });
    await logIn(app, first.page, user);
    const openTab = async () => {
      const tab = await openPage(browser, { from: first.page });
      await tab.page.goto(`${app.url}/dashboard`);
      return tab;
    };
    const second = await openTab();
    const third = await openTab();
    await openOAuthBank(first.page);
    await openOAuthBank(second.page);
    await third.page.getByRole("button", { name: "Connect a bank" }).click();
    await link(third.page).getByRole("button", { name: "Continue" }).waitFor();

    await logInAs(first.page, "user_good");
    const firstAddress = first.page.url();
    await connectAccounts(first.page);
    await card(first.page).waitFor();

    await logInAs(second.page, "user_yuppie");
    const secondAddress = second.page.url();
    await link(second.page).getByRole("button", { name: "Connect accounts" }).waitFor();
    // The link_token is in no address, no storage and no page.
    expect(await second.page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain("link-");

    // A Link that is open in another tab is left to that tab.
    await third.page.goto(secondAddress);
    await third.page.getByRole("heading", { name: "This page was opened before" }).waitFor();
    expect(await third.page.content()).not.toContain("link-sandbox");
    // Plaid accepts an address once: a user who continues here anyway sees why it fails, and breaks nothing.
    await third.page.getByRole("button", { name: "Continue here" }).click();
    await closeLink(third.page, "Exit");
    await third.page.getByText("The way back from your bank works once").waitFor();
    await third.page.getByRole("heading", { name: "You are back from your bank" }).waitFor();
    await connectAccounts(second.page);
    await card(second.page).nth(1).waitFor();

    for (const address of [firstAddress, secondAddress]) {
      await third.page.goto(address);
      await third.page.getByRole("heading", { name: "Platypus OAuth Bank is connected" }).waitFor();
      expect(await link(third.page).owner().count()).toBe(0);
    }
    await third.page.getByRole("link", { name: "Back to the dashboard" }).click();
    await card(third.page).nth(1).waitFor();
    expect([first.console, second.console, third.console]).toEqual([[], [], []]);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
  },
);
