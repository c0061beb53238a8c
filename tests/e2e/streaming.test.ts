import type { Page } from "playwright-core";
import { expect } from "vitest";
import { limitStatements } from "../../db/limit-statements.ts";
import { timeLimits } from "../../server/time-limits.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { addBank, type TransactionRow } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { endConnections, lockTable } from "../support/database-faults.ts";
import { bringSession, card, logIn } from "../support/link.ts";
import { casesOf } from "../support/matrix.ts";
import { raiseDataVersion } from "../support/rows.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const test = testInBrowser();
test.beforeAll(async ({ app }) => {
  // A lock is waited for while a page streams, on connections that are opened after these are closed.
  const limits = { statementTimeoutMs: 30_000, lockTimeoutMs: 30_000 };
  await limitStatements(app.databaseUrl, limits, timeLimits.databaseSetUp);
  await endConnections(app, "application_name = 'fiscility'");
});

/** A user whose charts have data. */
async function userWithHistory(app: TestApp): Promise<TestUser> {
  const user = await app.signUp("cfo");
  const moved = Array.from({ length: 100 }, (_, at): TransactionRow => [0, at * 2, "61.5"]);
  await addBank(app, user, "Mill Bank", [{ balance: "2500" }, { balance: "10" }], moved);
  return user;
}

const netWorth = (page: Page) => page.getByRole("img", { name: /^Line of the net worth by day/ });
const cashFlow = (page: Page) => page.getByRole("img", { name: /^Bars of the money in and out/ });
const waiting = (page: Page) => page.locator("[data-charts=waiting]");

test.for(casesOf([1280, 390], (width) => width === 390))(
  "The dashboard is interactive before its charts arrive, and does not shift when they do (%i px)",
  async (width, { app, browser }) => {
    const user = await userWithHistory(app);
    const witness = await openPage(browser, { width, moving: true });
    const { page } = witness;
    await bringSession(app, page, user);
    const release = await lockTable(app, "transactions");
    try {
      await page.goto(`${app.url}/dashboard`, { waitUntil: "commit" });
      await waiting(page).waitFor();
      await card(page).getByText("$2,500.00").first().waitFor();
      await page.getByText("$2,510.00").waitFor();
      expect(await netWorth(page).count()).toBe(0);
      // The button works before the page is complete.
      await app.fault({ path: "/link/token/create", times: 1, do: { delay: 20_000 } });
      const button = page.getByRole("button", { name: "Connect a bank" });
      const busy = page.locator("#connect-a-bank[aria-busy=true]");
      const pressed = () => button.click().then(() => busy.count());
      await expect.poll(pressed, { timeout: 10_000 }).toBe(1);
      expect(await page.evaluate(() => document.readyState)).toBe("loading");
      expect(await waiting(page).count()).toBe(1);
    } finally {
      await release();
    }
    await netWorth(page).waitFor();
    await cashFlow(page).waitFor();
    expect(await waiting(page).count()).toBe(0);
    expect(await witness.layoutShift()).toBeLessThan(0.02);
    expect(witness.console).toEqual([]);
  },
);

test.for(casesOf([1280, 390], (width) => width === 390))(
  "The dashboard shows everything without JavaScript, late charts included (%i px)",
  async (width, { app, browser }) => {
    const user = await userWithHistory(app);
    const { page } = await openPage(browser, { width, scripts: false });
    await bringSession(app, page, user);
    const release = await lockTable(app, "transactions");
    try {
      await page.goto(`${app.url}/dashboard`, { waitUntil: "commit" });
      await card(page).getByText("$2,500.00").first().waitFor();
      expect(await netWorth(page).count()).toBe(0);
    } finally {
      await release();
    }
    const showsAll = async () => {
      await netWorth(page).waitFor();
      await cashFlow(page).waitFor();
      expect(await page.locator("[data-charts]:visible").count()).toBe(1);
      await page.getByText("Show as table: Net worth").click();
      await page.getByRole("table", { name: "Net worth" }).waitFor();
      await page.getByText("Up to date").click();
      await page.getByText("Bank connected").waitFor();
      await page.getByText("Connecting a bank, and changing a connection").waitFor();
      const overflow = () =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth;
      expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    };
    await showsAll();
    // Charts that arrive in time are in their place.
    await page.goto(`${app.url}/dashboard`);
    await showsAll();
  },
);

test("The dashboard keeps the charts it had, or says what is missing, when the charts are cut off", async ({
  app,
  browser,
}) => {
  const user = await userWithHistory(app);
  const proxy = await startTcpProxy(Number(new URL(app.url).port));
  const { page } = await openPage(browser);
  const url = `http://localhost:${proxy.port}`;
  await logIn({ ...app, url }, page, user);
  await netWorth(page).waitFor();
  const cutOff = async (load: () => Promise<void>) => {
    await raiseDataVersion(app, user);
    const release = await lockTable(app, "transactions");
    try {
      await load();
      proxy.cut();
    } finally {
      await release();
    }
  };
  await addBank(app, user, "Brook Bank", [{ balance: "2" }], []);
  await cutOff(async () => {
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await card(page).getByText("Brook Bank").waitFor();
  });
  await netWorth(page).waitFor();
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  await cutOff(async () => {
    await page.getByRole("link", { name: "Dashboard", exact: true }).click();
    await waiting(page).waitFor();
  });
  await page.getByText("This could not be loaded.").first().waitFor();
  expect(await card(page).count()).toBe(2);
  await page.close();
  await proxy.close();
});
