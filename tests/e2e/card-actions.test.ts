import { expect } from "vitest";
import { startWorker } from "../../server/jobs/worker.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank } from "../support/bank.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import { card, finishUpdateMode, link, logIn, manage, openBank } from "../support/link.ts";
import { casesOf } from "../support/matrix.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

test.for(casesOf([1280, 390] as const, (width) => width === 390))(
  "A healthy bank's card adds accounts in Link and refreshes the bank (%i px, I2)",
  async (width, { app, browser }) => {
    const user = await app.signUp("cfo");
    const witness = await openPage(browser, { width });
    const { page } = witness;
    await logIn(app, page, user);
    await openBank(page);
    await finishUpdateMode(page);
    await link(page).getByRole("checkbox").last().uncheck();
    await link(page).getByRole("button", { name: "Connect accounts" }).click();
    const rows = card(page)
      .getByRole("listitem")
      .filter({ has: page.getByRole("link") });
    await expect.poll(() => rows.count()).toBe(3);

    // By keyboard, because of Link's frame; see `closeLink`.
    await card(page)
      .getByRole("button", { name: /^Manage/ })
      .press("Enter");
    await page.getByRole("menuitem", { name: "Add or remove accounts" }).press("Enter");
    await link(page).getByRole("button", { name: "Continue" }).click();
    await finishUpdateMode(page);
    await link(page).getByRole("checkbox").last().check();
    await link(page).getByRole("button", { name: "Connect accounts" }).click();
    await page.getByText("1 account added at First Platypus Bank").waitFor();
    await expect.poll(() => rows.count()).toBe(4);
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      width,
    );
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });

    const worker = await startWorker(app.services);
    try {
      await app.fault({ path: "/transactions/refresh", times: 1, do: { delay: 1_000 } });
      await manage(page, "Refresh now");
      await page.getByText("Asking First Platypus Bank for its newest transactions").waitFor();
      await card(page).getByText("Refreshing…").waitFor();
      await card(page).getByText("Connected", { exact: true }).waitFor();
      await expect.poll(() => app.requestsAtPlaid("/transactions/refresh")).toBe(1);
      await manage(page, "Refresh now");
      const wait = page.getByText(/You can refresh this bank again in 15 minutes/);
      await wait.waitFor();
      expect(await app.requestsAtPlaid("/transactions/refresh")).toBe(1);
      await page.route("**/items.refresh*", (route) => route.abort());
      await manage(page, "Refresh now");
      const tryAgain = page.getByRole("button", { name: "Try again" });
      await tryAgain.waitFor();
      // The toast before it may still be fading out.
      await wait.waitFor({ state: "detached" });
      await page.unroute("**/items.refresh*");
      await tryAgain.click();
      await wait.waitFor();
      await page.getByRole("button", { name: "See the transactions" }).click();
      await page.getByRole("heading", { level: 1, name: "Transactions" }).waitFor();
    } finally {
      await worker.stop();
    }
    expect(witness.console.filter((line) => !/429|ERR_FAILED/.test(line))).toEqual([]);
    expect(witness.pageLoads).toHaveLength(1);
  },
);

test("The first click on Add or remove accounts after a page load opens Link", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  await manage(page, "Add or remove accounts");
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
});

test("The dialog of a bank stays open, with what was typed, when another bank is removed", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ balance: "1" }], []);
  await addBank(app, user, "Wool Bank", [{ balance: "2" }], []);
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  const [above, below] = await card(page).evaluateAll((cards) =>
    cards.map((card) => card.getAttribute("data-item-id") as string),
  );
  const other = card(page).and(page.locator(`[data-item-id="${below}"]`));
  await other.getByRole("button", { name: /^Manage/ }).click();
  await page.getByRole("menuitem", { name: "Rename or hide accounts" }).click();
  const name = page.getByRole("dialog").getByRole("textbox");
  await name.fill("Household");
  await app.query("delete from items where id = $1", [above]);
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await expect.poll(() => card(page).count()).toBe(1);
  expect(await name.inputValue()).toBe("Household");
});
