import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { card, logIn, manage } from "../support/link.ts";

const test = testInBrowser();

test("A user renames an account and excludes it from totals, and undoes both", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  const accounts = [
    { name: "CHK 0042 PREM", balance: "100" },
    { name: "Savings", balance: "900" },
  ];
  await addBank(app, user, "Mill Bank", accounts, []);
  const witness = await openPage(browser, { width: 390 });
  const { page } = witness;
  await logIn(app, page, user);
  await page.getByText("$1,000.00").first().waitFor();
  const dialog = page.getByRole("dialog", { name: "Names at Mill Bank" });

  await manage(page, "Rename or hide accounts", "Mill Bank");
  await dialog.getByRole("textbox").first().fill("  Household  ");
  await dialog.getByRole("checkbox", { name: /^In totals CHK/ }).uncheck();
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Accounts at Mill Bank changed").waitFor();
  await card(page).getByText("Household").waitFor();
  await card(page).getByText("Not in totals").waitFor();
  await page.getByRole("region", { name: "Net worth" }).getByText("$900.00").first().waitFor();

  await manage(page, "Rename or hide accounts", "Mill Bank");
  await dialog.getByRole("textbox").first().fill("");
  await dialog.getByRole("checkbox", { name: /^In totals Household/ }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await card(page).getByText("CHK 0042 PREM").waitFor();
  await page.getByRole("region", { name: "Net worth" }).getByText("$1,000.00").first().waitFor();
  expect([witness.console, witness.pageLoads.length]).toEqual([[], 1]);
});
