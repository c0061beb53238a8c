import type { Page } from "playwright-core";
import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { card, closeLink, finishLink, link, logIn } from "../support/link.ts";
import { deleteUsers } from "../support/rows.ts";

/** "Bank or card", "Investments" or "Loan" is chosen next to "Connect a bank". */
const test = testInBrowser();
test.beforeEach(async ({ app }) => {
  await app.resetPlaid();
  await deleteUsers(app);
});

/** Chooses the kind and opens Link, by keyboard alone. */
async function openFor(page: Page, kind: string): Promise<void> {
  const radio = page.getByRole("radio", { name: "Bank or card" });
  for (let n = 0; n < 30; n += 1) {
    if (await radio.evaluate((at) => at === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  const wanted = page.getByRole("radio", { name: kind });
  for (let n = 0; n < 3 && !(await wanted.isChecked()); n += 1) {
    await page.keyboard.press("ArrowRight");
  }
  expect(await wanted.isChecked()).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await link(page).getByRole("button", { name: "Continue" }).click();
}

test.for([
  ["Investments", "Meridian Brokerage", 1280],
  ["Loan", "Homestead Mortgage Company", 390],
] as const)(
  "%s offers %s, whose card mentions no transactions, at %i px by keyboard",
  async ([kind, bank, width], { app, browser }) => {
    const user = await app.signUp("cfo");
    const { page, console } = await openPage(browser, { width });
    await logIn(app, page, user);
    await openFor(page, "Bank or card");
    const search = link(page).getByRole("searchbox", { name: "Search for your bank" });
    await search.fill(bank);
    expect(await link(page).getByRole("button", { name: bank }).count()).toBe(0);
    await closeLink(page);
    await page.locator("iframe").waitFor({ state: "detached" });

    await page.reload();
    await openFor(page, kind);
    await search.fill(bank);
    await link(page).getByRole("button", { name: bank }).click();
    await finishLink(page);
    await card(page).waitFor();
    await card(page).getByText("Up to date · balances only").waitFor();
    expect(await card(page).getByText("ransaction").count()).toBe(0);
    expect(await card(page).getByRole("link").count()).toBe(0);
    await page.getByText("Your connections give balances only.").first().waitFor();
    expect(console).toEqual([]);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);
