import type { Page } from "playwright-core";
import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { logIn } from "../support/link.ts";
import { schemes } from "../support/matrix.ts";
import { setPlan } from "../support/rows.ts";

const test = testInBrowser();

const pages = [
  ["Account", "/settings/account", "Your account"],
  ["Security", "/settings/security", "Security"],
  ["Notifications", "/settings/notifications", "Notifications"],
  ["API keys", "/settings/api-keys", "API keys"],
  ["Webhooks", "/settings/webhooks", "Webhooks"],
  ["Plan", "/settings/plan", "Plan"],
] as const;
const settings = (page: Page) => page.getByRole("navigation", { name: "Settings" });

test.for(schemes)(
  "The settings pages share one navigation that marks the current page, by keyboard alone (%s, %i px)",
  async ([colorScheme, width], { app, browser }) => {
    const user = await app.signUp("accountant");
    const witness = await openPage(browser, { colorScheme, width });
    const { page } = witness;
    await logIn(app, page, user);
    await page.goto(`${app.url}/settings`);
    await page.waitForURL(`${app.url}/settings/account`);
    witness.pageLoads.length = 0;
    const links = settings(page).getByRole("link");
    expect(await links.allInnerTexts()).toEqual(pages.map(([name]) => name));
    await links.first().focus();
    for (const [at, [name, path, title]] of pages.entries()) {
      await page.keyboard.press("Enter");
      await page.waitForURL(app.url + path);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      expect(await settings(page).locator("[aria-current=page]").allInnerTexts()).toEqual([name]);
      expect(await links.nth(at).evaluate((link) => link === document.activeElement)).toBe(true);
      const { over, cut } = await page.evaluate(() => ({
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        cut: [...document.querySelectorAll("nav a")].filter(
          (link) => link.getBoundingClientRect().right > window.innerWidth,
        ).length,
      }));
      expect([Math.max(over, 0), cut]).toEqual([0, 0]);
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press("Tab");
    }
    expect([witness.pageLoads, witness.console]).toEqual([[], []]);
  },
);

const rowOf = (page: Page, plan: string) =>
  page.getByRole("region", { name: "Plans" }).getByRole("listitem").filter({ hasText: plan });

test("The plan page marks the user's plan and says what each larger one offers, also without JavaScript", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("accountant");
  const { body } = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  const used = body.accounts.length as number;
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/plan`);
  expect(await page.getByRole("meter").getAttribute("aria-valuetext")).toBe(
    `${used} of 10 accounts · Accountant`,
  );
  const names = await page
    .getByRole("region", { name: "Plans" })
    .getByRole("listitem")
    .allInnerTexts();
  expect(names.map((words) => words.split("\n")[0])).toEqual([
    "Intern",
    "Accountant",
    "Analyst",
    "CFO",
  ]);
  expect(await page.locator("li[aria-current=true]").innerText()).toMatch(
    /^Accountant\s+Your plan\s+\$29 a month\s+10 accounts$/,
  );
  expect(await rowOf(page, "Analyst").innerText()).toContain(`Room for ${25 - used} more accounts`);
  expect(await rowOf(page, "CFO").innerText()).toContain(`Room for ${100 - used} more accounts`);
  expect(await rowOf(page, "Intern").innerText()).toMatch(
    /Free\s+2 accounts · Fewer than the \d+ you have/,
  );
  expect(await page.locator("main").innerText()).toContain("ask for a larger plan");
});

test("The connect button names the limit and links to the plans before Link opens when the plan is full (E5)", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await setPlan(app, "intern", user);
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  const button = page.getByRole("button", { name: "Connect a bank" });
  expect(await button.getAttribute("aria-disabled")).toBe("true");
  const described = page.locator(`#${await button.getAttribute("aria-describedby")}`);
  for (const words of ["The Intern plan holds 2 accounts", "disconnect one first", "larger plan"]) {
    expect(await described.innerText()).toContain(words);
  }
  const requestedPaths: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("createLinkToken")) requestedPaths.push(request.url());
  });
  await button.press("Enter");
  await page.locator("[data-sonner-toast]").getByText("Your plan is full").waitFor();
  await page.locator("[data-sonner-toast]").getByRole("button", { name: "See the plans" }).click();
  await page.getByRole("heading", { level: 1, name: "Plan" }).waitFor();
  await page.getByText("There is no room for another account").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(requestedPaths).toEqual([]);
  await page.goBack();
  await described.getByRole("link", { name: "See the plans" }).click();
  await page.getByRole("heading", { level: 1, name: "Plan" }).waitFor();
});
