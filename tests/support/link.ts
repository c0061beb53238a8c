import type { FrameLocator, Page } from "playwright-core";
import type { TestApp, TestUser } from "./app.ts";
import { browserCookies } from "./test-users.ts";

/** What a user does in the browser to connect a bank. */

/** Gives the browser the cookie of the user's session. */
export async function bringSession(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await page.context().addCookies(browserCookies(user.cookie, app.url));
}

/** Opens the dashboard with that cookie. */
export async function logIn(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await bringSession(app, page, user);
  await page.goto(`${app.url}/dashboard`);
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
}

/** Logs in with the form, as a user does. */
export async function logInByForm(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await page.goto(`${app.url}/login`);
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
}

export const link = (page: Page): FrameLocator => page.frameLocator("iframe");

/** The cards of connected banks. */
export const card = (page: Page) => page.locator("[data-item-id]");

/** Clicks the item with this name in a bank's menu. */
export async function manage(page: Page, action: string, bank = ""): Promise<void> {
  await page.getByRole("button", { name: `Manage ${bank}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

/**
 * Presses the button that closes Link. Not with a mouse: Chromium may never report a click that removes its
 * frame.
 */
export const closeLink = (page: Page, name: "Close" | "Exit" = "Close"): Promise<void> =>
  link(page).getByRole("button", { name }).first().dispatchEvent("click");

/** Opens Link and stops at the bank's log-in. */
export async function openBank(page: Page, bank = "First Platypus Bank"): Promise<void> {
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await link(page).getByRole("searchbox", { name: "Search for your bank" }).fill(bank);
  await link(page).getByRole("button", { name: bank }).click();
}

/** Finishes Link from there. */
export async function finishLink(page: Page, username = "user_good"): Promise<void> {
  await link(page).getByRole("textbox", { name: "Username" }).fill(username);
  await link(page).getByLabel("Password", { exact: true }).fill("pass_good");
  await link(page).getByRole("button", { name: "Log in" }).click();
  await link(page).getByRole("button", { name: "Connect accounts" }).click();
}

/** Finishes the log-in of update mode. */
export async function finishUpdateMode(page: Page): Promise<void> {
  await link(page).getByRole("textbox", { name: "Username" }).fill("user_good");
  await link(page).getByLabel("Password", { exact: true }).fill("pass_good");
  await link(page).getByRole("button", { name: "Log in" }).click();
}

/** Goes through Link to the page of a bank that logs users in on its own site. */
export async function openOAuthBank(page: Page): Promise<void> {
  await openBank(page, "Platypus OAuth Bank");
  await link(page).getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/\/link\/oauth\.html/);
}

export async function logInAtBank(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Username" }).fill("user_good");
  await page.getByRole("textbox", { name: "Password" }).fill("pass_good");
  await page.getByRole("button", { name: "Log in" }).click();
}
