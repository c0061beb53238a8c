import type { Page } from "playwright-core";
import { expect } from "vitest";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank, type TransactionRow } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { hideTable } from "../support/database-faults.ts";
import { bringSession, card, logIn } from "../support/link.ts";
import { casesOf, isMatrix } from "../support/matrix.ts";

const test = testInBrowser();

/** Wages and purchases of 200 days. */
const history = (account: number): TransactionRow[] =>
  Array.from(
    { length: 100 },
    (_, at): TransactionRow => [account, at * 2, at % 15 === 3 ? "-1500" : "61.5"],
  );

async function userWithTwoCurrencies(app: TestApp): Promise<TestUser> {
  const user = await app.signUp("cfo");
  const long =
    "The Most Venerable and Worshipful Guild of Savers and Lenders of the Northern Isles";
  await addBank(
    app,
    user,
    long,
    [
      { name: long, balance: "123456789.01" },
      { name: "Card", type: "credit", balance: "2000000000" },
      { name: "Konto", balance: "-12.5", currency: "EUR" },
    ],
    [...history(0), ...history(2)],
  );
  return user;
}

const chartsAre = (page: Page, state: string) =>
  page.locator(`[data-charts=${state}]`).waitFor({ timeout: 15_000 });
const chart = (page: Page) => page.getByRole("img", { name: /^Line of the net worth by day/ });

test("The dashboard shows charts and tables for each currency without layout shift or axe violations", async ({
  app,
  browser,
}) => {
  const user = await userWithTwoCurrencies(app);
  const witness = await openPage(browser, { colorScheme: "dark" });
  const { page } = witness;
  await logIn(app, page, user);
  await page.goto(`${app.url}/dashboard`);
  await page.getByText("-$1,876,543,210.99").first().waitFor();
  await chart(page).waitFor();
  expect(await witness.layoutShift()).toBeLessThan(0.02);
  expect(await axeViolations(page)).toEqual([]);

  // The same as a table, by keyboard; and the other currency, without another page.
  witness.pageLoads.length = 0;
  await page.locator("summary", { hasText: "Show as table: Net worth" }).press("Enter");
  const rows = page.getByRole("table", { name: "Net worth" }).getByRole("row");
  expect(await rows.count()).toBeGreaterThan(6);
  expect(await rows.nth(1).innerText()).toContain("-$1,876,543,210.99");
  await page.getByRole("link", { name: "EUR" }).press("Enter");
  await page.getByText("-€12.50").first().waitFor();
  await expect.poll(() => rows.nth(1).innerText()).toContain("-€12.50");
  expect(await axeViolations(page)).toEqual([]);
  expect(witness.pageLoads).toEqual([]);
  expect(witness.console).toEqual([]);
});

test("The net worth can be read day by day with the mouse and the arrow keys, and shown for a month", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ balance: "1000" }], history(0));
  const witness = await openPage(browser);
  const { page } = witness;
  await logIn(app, page, user);
  await chart(page).waitFor();
  const worth = page.getByRole("region", { name: "Net worth" });
  const day = worth.getByRole("slider", { name: "Net worth on a day" });
  await day.hover({ position: { x: 1, y: 40 } });
  await worth.locator("p", { hasText: /^[A-Z][a-z]{2} \d+, 20\d\d$/ }).waitFor();
  await page.mouse.move(0, 0);
  await worth
    .getByText(/ since /)
    .first()
    .waitFor();

  await day.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => day.getAttribute("aria-valuetext")).toMatch(/, 20\d\d: \$/);
  expect(await axeViolations(page)).toEqual([]);

  witness.pageLoads.length = 0;
  await worth.getByRole("link", { name: "1M" }).click();
  await page.waitForURL(/range=1m/);
  await expect.poll(() => day.getAttribute("max")).toBe("30");
  expect(await witness.layoutShift()).toBeLessThan(0.02);
  expect([witness.console, witness.pageLoads]).toEqual([[], []]);
});

test("A month of money in and out opens to its categories, which lead to their transactions", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  const lastDayOfMonthBefore = new Date().getUTCDate();
  await addBank(
    app,
    user,
    "Mill Bank",
    [{ balance: "1000" }],
    [
      [0, 0, "12.5", { category: "FOOD_AND_DRINK" }],
      [0, 0, "-900", { category: "INCOME" }],
      [0, lastDayOfMonthBefore, "7", { category: "TRAVEL" }],
    ],
  );
  const witness = await openPage(browser, { width: 390 });
  const { page } = witness;
  await logIn(app, page, user);
  await page.getByRole("button", { name: /: \$900\.00 in, \$12\.50 out$/ }).click();
  const worth = page.getByRole("region", { name: "Net worth" });
  await worth.getByText("Food and drink").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await worth.getByRole("button", { name: "Month before" }).click();
  await worth.getByText("Travel").waitFor();
  await worth.getByText("Nothing came in.").waitFor();
  await worth.getByRole("link", { name: "Travel" }).click();
  await page.waitForURL(/category=TRAVEL/);
  await page.getByText("1 transaction shown").waitFor();
  expect(witness.console).toEqual([]);
});

test("Accounts are listed by kind with totals, and what needs the user comes first", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ name: "Wages", balance: "100" }], []);
  const card2 = { name: "Visa", type: "credit", balance: "40" };
  await addBank(app, user, "Wool Bank", [{ name: "Pots", balance: "0.5" }, card2], []);
  await app.query(
    `update items set status = 'login_required', problem = 'log_in'
     where institution_name = 'Wool Bank'`,
  );
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  await expect.poll(() => card(page).first().getAttribute("aria-label")).toBe("Wool Bank");
  await page.getByRole("link", { name: "By kind" }).click();
  const cash = page.getByRole("article", { name: "Cash" });
  await cash.getByText("$100.50").waitFor();
  await cash.getByText(/Wool Bank/).waitFor();
  await page.getByRole("article", { name: "Cards" }).getByText("-$40.00").waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

test("A chart shows its axis labels in full, however many digits they have", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  const moved: TransactionRow[] = [1, 90, 180].map((days) => [0, days, "41000"]);
  await addBank(app, user, "Mill Bank", [{ balance: "12345678901" }], moved);
  const { page } = await openPage(browser, { width: 390 });
  await logIn(app, page, user);
  await chart(page).waitFor();
  const [right, left] = await chart(page).evaluate((image) => {
    const labels = image.parentElement?.nextElementSibling;
    const lefts = [...(labels?.querySelectorAll("text") ?? [])].map(
      (each) => each.getBoundingClientRect().left,
    );
    return [image.getBoundingClientRect().right, Math.min(...lefts)];
  });
  expect(left).toBeGreaterThan(right as number);
});

test("The dashboard is no wider than a phone, however long the names of banks and accounts are", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser, { width: 390 });
  await logIn(app, page, await userWithTwoCurrencies(app));
  await chart(page).waitFor();
  const width = () => document.documentElement.scrollWidth;
  expect(await page.evaluate(width)).toBe(390);
});

test("The dashboard shows the first chart by itself, without layout shift, when the transactions arrive (I5)", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  const witness = await openPage(browser, { width: 390 });
  const { page } = witness;
  await logIn(app, page, user);
  await page.getByText("Drawn as soon as your bank's transactions arrive.").first().waitFor();
  witness.pageLoads.length = 0;
  const worker = await startWorker(app.services);
  try {
    await chart(page).waitFor({ timeout: 20_000 });
    await page.getByRole("img", { name: /^Bars of the money/ }).waitFor();
  } finally {
    await worker.stop();
  }
  expect(await witness.layoutShift()).toBeLessThan(0.02);
  expect([witness.pageLoads, witness.console]).toEqual([[], []]);
});

test("The dashboard keeps the accounts and says so when the charts cannot be loaded", async ({
  app,
  browser,
}) => {
  const user = await userWithTwoCurrencies(app);
  const witness = await openPage(browser);
  const { page } = witness;
  const restore = await hideTable(app, "transactions");
  try {
    await logIn(app, page, user);
    await chartsAre(page, "failed");
  } finally {
    await restore();
  }
  await page.getByText("This could not be loaded.").first().waitFor();
  expect(await card(page).count()).toBe(1);
  expect(witness.console).toEqual([]);
});

test("The console stays empty when a button is pressed in the moment the page hydrates", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ balance: "2500" }], []);
  const witness = await openPage(browser);
  const { page } = witness;
  await bringSession(app, page, user);
  const pressed = () => {
    const look = () => {
      const button = document.getElementById("connect-a-bank");
      const alive = button && Object.keys(button).some((name) => name.startsWith("__reactProps"));
      if (alive) button.click();
      else setTimeout(look, 0);
    };
    look();
  };
  await page.addInitScript(pressed);
  for (let load = 0; load < (isMatrix ? 5 : 2); load += 1) {
    await page.goto(`${app.url}/dashboard`);
    await page.locator("iframe").waitFor();
  }
  expect(witness.console).toEqual([]);
});

test("The page hydrates without console output while the user presses keys", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page } = witness;
  await page.addInitScript(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const { body } = document;
      body?.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
      const alive = body && Object.keys(body).some((name) => name.startsWith("__reactProps"));
      if (alive) body.dataset.alive = "";
      else port2.postMessage(null);
    };
    port2.postMessage(null);
  });
  for (let load = 0; load < (isMatrix ? 3 : 2); load += 1) {
    await page.goto(`${app.url}/login`);
    await page.locator("body[data-alive]").waitFor();
  }
  expect(witness.console).toEqual([]);
});

test.for(
  casesOf(
    [
      // Sorts "ch" after "h", formats numbers differently, and is a day ahead of us.
      ["cs-CZ", "Pacific/Kiritimati"],
      ["ar-EG", "Pacific/Midway"],
      ["da-DK", "America/St_Johns"],
    ] as const,
    ([locale]) => locale === "cs-CZ",
  ),
)(
  "Every page hydrates without console output (%s, %s)",
  async ([locale, timezoneId], { app, browser }) => {
    const user = await userWithTwoCurrencies(app);
    const { page } = await openPage(browser, { locale, timezoneId });
    await bringSession(app, page, user);
    const paths = ["dashboard", "transactions", "activity", "api/docs", "settings/security"];
    const hydrate = async (path: string) => {
      const witness = await openPage(browser, { from: page });
      await witness.page.goto(`${app.url}/${path}`, { waitUntil: "networkidle" });
      expect([path, ...witness.console]).toEqual([path]);
    };
    await Promise.all([...paths, "settings/plan", "settings/api-keys", "privacy"].map(hydrate));
  },
);
