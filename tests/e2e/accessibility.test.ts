import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { card, finishLink, logIn, openBank } from "../support/link.ts";
import { schemes } from "../support/matrix.ts";
import { deleteStepUps } from "../support/rows.ts";

const test = testInBrowser();

test.for(schemes)(
  "axe finds nothing on any page (%s, %i px)",
  async ([colorScheme, width], { app, browser }) => {
    const user = await app.signUp("analyst");
    const { page } = await openPage(browser, { colorScheme, width });
    const found: string[] = [];
    const audit = async (where: string) => {
      found.push(...(await axeViolations(page)).map((violation) => `${where}: ${violation}`));
    };
    await page.goto(`${app.url}/signup`);
    await audit("sign-up");
    await page.locator("form button[type=submit]").click();
    await page.getByText("Enter your name").waitFor();
    await audit("sign-up, refused");
    await page.goto(`${app.url}/login`);
    await audit("log-in");
    await page.getByLabel("Email").fill("nobody@example.com");
    await page.getByLabel("Password", { exact: true }).fill("not a password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
    await audit("log-in, refused");

    await logIn(app, page, user);
    await audit("dashboard, empty");
    await page.goto(`${app.url}/activity`);
    await audit("activity, empty");
    await page.goto(`${app.url}/dashboard`);
    await app.fault({
      path: "/link/token/create",
      times: 3,
      do: { error: "INTERNAL_SERVER_ERROR" },
    });
    await page.getByRole("button", { name: "Connect a bank" }).click();
    await page.getByText("The bank connection did not open").waitFor();
    await audit("dashboard, a problem");
    await page.getByRole("button", { name: "Dismiss" }).click();
    await openBank(page);
    await finishLink(page);
    await card(page).waitFor();
    await page.getByText(/First Platypus Bank connected/).waitFor();
    await audit("dashboard with accounts and a toast");
    await page.getByRole("button", { name: "Your account" }).click();
    await audit("the account menu");

    await deleteStepUps(app, user);
    // Not by a link: the toast would close with the page, and while it fades its contrast is too low.
    await page.goto(`${app.url}/settings/api-keys`);
    await page.getByText("No keys yet").waitFor();
    await audit("API keys, empty");
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Nightly export");
    await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill(user.password);
    await audit("the new key's form");
    await page.getByRole("dialog").getByRole("button", { name: "Make a key" }).click();
    await page.getByRole("button", { name: "Done" }).waitFor();
    await audit("the new key");
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Revoke Nightly export" }).waitFor();
    await audit("API keys");
    for (const path of ["/activity", "/connect/oauth", "/api/docs", "/nowhere"]) {
      await page.goto(app.url + path);
      await audit(path);
    }
    expect(found).toEqual([]);
  },
);
