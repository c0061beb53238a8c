import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { focusedName } from "../support/keyboard.ts";
import { logIn } from "../support/link.ts";

const test = testInBrowser();

test("Single keys lead to each page and to the search, but not while the user types", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  await addBank(app, user, "Mill Bank", [{ balance: "100" }], [[0, 1, "12.5"]]);
  const witness = await openPage(browser);
  const { page } = witness;
  await logIn(app, page, user);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("g", "t");
  await page.getByRole("heading", { level: 1, name: "Transactions" }).waitFor();
  await press("g", "a");
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  await press("/");
  await page.getByRole("searchbox", { name: "Search" }).waitFor();
  await expect.poll(() => focusedName(page)).toContain("Search");
  await page.keyboard.type("g d?");
  expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe("g d?");
  expect(await page.getByRole("dialog").count()).toBe(0);
  await page.getByRole("link", { name: "Activity" }).focus();
  await press("g", "s");
  await page.waitForURL(/\/settings\/account$/);
  await press("Control+g", "Control+d");
  expect(page.url()).toMatch(/\/settings\/account$/);
  expect([witness.console, witness.pageLoads.length]).toEqual([[], 1]);
});

test("? shows the shortcuts, which stay off once they are turned off (WCAG 2.1.4)", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  await logIn(app, page, await app.signUp());
  await page.getByRole("link", { name: "Activity" }).focus();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await sheet.getByText("Go to the dashboard").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  // A window takes the keys to itself.
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  expect(page.url()).toMatch(/\/dashboard$/);
  await sheet.getByRole("checkbox", { name: "Use keyboard shortcuts" }).uncheck();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await expect.poll(() => focusedName(page)).toContain("Activity");

  await page.reload();
  await page.getByRole("link", { name: "Activity" }).focus();
  await page.keyboard.press("?");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  expect([await sheet.count(), new URL(page.url()).pathname]).toEqual([0, "/dashboard"]);
  // Without a key, they are turned on again.
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await sheet.getByRole("checkbox", { name: "Use keyboard shortcuts" }).check();
  await sheet.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL(/\/activity$/);
});
