import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import {
  card,
  finishLink,
  link,
  logIn,
  logInAtBank,
  manage,
  openBank,
  openOAuthBank,
} from "../support/link.ts";
import { casesOf, isMatrix } from "../support/matrix.ts";

const test = testInBrowser();
const matrixTest = test.skipIf(!isMatrix);
test.beforeEach(({ app }) => startOver(app));

const dialog = (page: Page) => page.getByRole("dialog");
const box = (page: Page, name: string) => dialog(page).getByRole("checkbox", { name });

/** Connects two of the four accounts of First Platypus Bank. */
async function connectTwo(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await logIn(app, page, user);
  await openBank(page);
  await finishLink(page);
  await dialog(page).getByRole("button", { name: "Connect 2 accounts" }).click();
  await page.getByText("First Platypus Bank connected: 2 accounts").waitFor();
  await card(page).waitFor();
}

/** The browser's console message for the one refused response. */
const refusal = [expect.stringContaining("403")];

/** Counts clicks on buttons and links, in the page and in Link. */
async function countClicks(page: Page): Promise<() => Promise<number>> {
  let clicks = 0;
  await page.exposeFunction("countClick", () => {
    clicks += 1;
  });
  await page.addInitScript(() => {
    addEventListener(
      "click",
      ({ isTrusted, target }) => {
        const pressed = (target as Element).closest("button, a, [type=submit]");
        if (isTrusted && pressed) (window as unknown as { countClick(): void }).countClick();
      },
      true,
    );
  });
  return async () => clicks;
}

test.for(casesOf([1280, 390] as const, (width) => width === 1280))(
  "A new user on the default plan connects the first bank in Link's list with at most eight clicks (%i px, E5, C1)",
  async (width, { app, browser }) => {
    const witness = await openPage(browser, { width });
    const { page } = witness;
    const clicks = await countClicks(page);
    await page.goto(`${app.url}/signup`);
    await page.getByLabel("Name").fill("Grace Hopper");
    await page.getByLabel("Email").fill(`grace${width}@example.com`);
    await page.getByLabel("Password", { exact: true }).fill("a long enough one");
    await page.locator("form button[type=submit]").click();
    await page.getByText("Check your email to finish signing up").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("a long enough one");
    await page.locator("form button[type=submit]").click();
    await page.getByRole("button", { name: "Connect a bank" }).click();
    await link(page).getByRole("button", { name: "Continue" }).click();
    await link(page).locator("button.bank").first().click();
    await finishLink(page);
    await dialog(page)
      .getByRole("heading", { name: /^Your plan has room for 2 of these \d+ accounts$/ })
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await dialog(page).getByRole("button", { name: "Connect 2 accounts" }).click();
    await page.getByText(/connected: 2 accounts/).waitFor();
    await card(page).waitFor();
    expect(await clicks()).toBeLessThanOrEqual(8);
    expect(await clicks()).toBeGreaterThan(5);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
    expect(witness.console).toEqual(refusal);
  },
);

test.for(casesOf([1280, 390] as const, (width) => width === 390))(
  "The dialog connects the accounts that the user chose, and the card names the others (%i px, E5, I3)",
  async (width, { app, browser }) => {
    const witness = await openPage(browser, { width });
    const { page } = witness;
    await logIn(app, page, await app.signUp("intern"));
    // Shifts within half a second of a click are not counted. The delay makes them count.
    await page.route("**/trpc/connectAccount*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await openBank(page);
    await finishLink(page);
    await dialog(page).waitFor();
    // As many accounts as fit are chosen. Another can be chosen once one of them is not.
    expect(await box(page, "Plaid Checking").isChecked()).toBe(true);
    expect(await box(page, "Plaid CD").isDisabled()).toBe(true);
    await box(page, "Plaid Checking").uncheck();
    await box(page, "Plaid CD").check();
    await dialog(page).getByRole("button", { name: "Connect 2 accounts" }).click();
    await card(page).waitFor();
    const rows = card(page)
      .getByRole("listitem")
      .filter({ has: page.getByRole("link") });
    expect(await rows.count()).toBe(2);
    const others = card(page).getByRole("region", { name: "Not connected" });
    expect(await others.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringContaining("Plaid Checking"),
      expect.stringContaining("Plaid Credit Card"),
    ]);
    expect(await axeViolations(page)).toEqual([]);
    // From the page without a bank to the card.
    expect(await witness.layoutShift()).toBeLessThan(0.02);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test("The dialog keeps the bank log-in when the user cancels, and opens again (E5)", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  await logIn(app, page, await app.signUp("intern"));
  await openBank(page);
  await finishLink(page);
  // The dialog has the focus, so typing goes there.
  const hasFocus = () =>
    page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null);
  await expect.poll(hasFocus).toBe(true);
  await page.keyboard.press("Escape");
  const toast = page.locator("[data-sonner-toast]");
  await toast.getByText(/The Intern plan holds 2 accounts/).waitFor();
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
  await toast.getByRole("button", { name: "Choose accounts" }).click();
  await dialog(page).getByRole("button", { name: "Connect 2 accounts" }).click();
  await card(page).waitFor();
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

matrixTest(
  "The dialog opens after an OAuth bank's own site as well (S2, E5)",
  async ({ app, browser }) => {
    const { page } = await openPage(browser);
    await logIn(app, page, await app.signUp("intern"));
    await openOAuthBank(page);
    await logInAtBank(page);
    await page.waitForURL(`${app.url}/connect/oauth?oauth_state_id=**`);
    await link(page).getByRole("button", { name: "Connect accounts" }).click();
    await dialog(page).getByRole("button", { name: "Connect 2 accounts" }).click();
    await page.getByText("Platypus OAuth Bank connected: 2 accounts").waitFor();
    await card(page).waitFor();
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test("The card swaps accounts without Link, by keyboard alone (I3, I5)", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page } = witness;
  await connectTwo(app, page, await app.signUp("intern"));
  await card(page)
    .getByRole("button", { name: /^Manage/ })
    .focus();
  for (const key of ["Enter", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await dialog(page).getByRole("heading", { name: "Accounts at First Platypus Bank" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const focus = () =>
    page.evaluate(() => (document.activeElement as HTMLInputElement)?.labels?.[0]?.textContent);
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 12; presses += 1) {
      if ((await focus())?.includes(name)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab never came to ${name}`);
  };
  await tabTo("Plaid Checking");
  await page.keyboard.press("Space");
  await dialog(page)
    .getByText(/This account will be taken out/)
    .waitFor();
  await tabTo("Plaid CD");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.getByText("Accounts at First Platypus Bank changed").waitFor();
  await card(page)
    .getByRole("link", { name: /Plaid CD/ })
    .waitFor();
  const others = card(page).getByRole("region", { name: "Not connected" });
  await others.getByText("Plaid Checking").waitFor();
  expect(await page.locator("iframe").count()).toBe(0);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.getByText("Accounts at First Platypus Bank changed").first().waitFor();
  expect(witness.console.filter((line) => !line.includes("403"))).toEqual([]);
});

matrixTest(
  "The dialog says what was refused, and keeps the choice, when another tab took the room (I3)",
  async ({ app, browser }) => {
    const { page } = await openPage(browser);
    const user = await app.signUp("intern");
    await connectTwo(app, page, user);
    await app.query("update plans set max_accounts = 3 where id = 'intern'");
    try {
      await page.reload();
      await manage(page, "Add or remove accounts");
      await box(page, "Plaid CD").check();
      await app.query("update plans set max_accounts = 2 where id = 'intern'");
      await dialog(page).getByRole("button", { name: "Save" }).click();
      await dialog(page).getByRole("alert").filter({ hasText: "no room" }).waitFor();
      await dialog(page).getByRole("button", { name: "Cancel" }).click();
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.textContent))
        .toContain("Manage");
    } finally {
      await app.query("update plans set max_accounts = 2 where id = 'intern'");
    }
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test("The dialog that chooses accounts keeps what another device connected meanwhile, and does not open again by itself", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  const user = await app.signUp("intern");
  await connectTwo(app, page, user);
  await app.query("update users set plan = 'cfo', data_version = data_version + 1 where id = $1", [
    user.id,
  ]);
  await page.reload();
  await manage(page, "Add or remove accounts");
  await box(page, "Plaid CD").check();
  const [{ id, accounts, notConnected }] = (await app.get("/trpc/accounts.list", user)).result.data
    .items;
  const card4 = notConnected.find(({ name }: { name: string }) => name === "Plaid Credit Card");
  const accountIds = [...accounts, card4].map((account: { id: string }) => account.id);
  await app.post("/trpc/items.chooseAccounts", { itemId: id, accountIds }, user);
  await expect.poll(() => box(page, "Plaid Credit Card").isChecked()).toBe(true);
  await box(page, "Plaid Saving").uncheck();
  await dialog(page).getByRole("button", { name: "Save" }).click();
  const rows = card(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("link") });
  await expect.poll(() => rows.count()).toBe(3);
  await rows.getByText("Plaid Credit Card").waitFor();

  const activity = page.getByRole("heading", { level: 1, name: "Activity" });
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await activity.waitFor();
  await page.getByRole("link", { name: "Dashboard", exact: true }).click();
  await manage(page, "Add or remove accounts");
  await page.goBack();
  await activity.waitFor();
  await page.getByRole("link", { name: "Dashboard", exact: true }).click();
  await card(page).waitFor();
  expect(await dialog(page).count()).toBe(0);
});
