import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { card, logIn } from "../support/link.ts";
import { isMatrix } from "../support/matrix.ts";
import { syncsOf } from "../support/rows.ts";

const test = testInBrowser();
let worker: Worker;
test.beforeAll(async ({ app }) => {
  worker = await startWorker(app.services);
});
afterAll(() => worker?.stop());

/** A user whose bank's transactions are synced. */
async function userWithTransactions(app: TestApp): Promise<TestUser> {
  const ada = await app.signUp("analyst");
  const body = { public_token: await app.publicToken() };
  expect((await app.post("/plaid/exchange-token", body, ada)).status).toBe(200);
  await expect.poll(() => syncsOf(app, ada)).toMatchObject([{ status: "done" }]);
  return ada;
}

const rows = (page: Page) => page.locator("main section[aria-labelledby^=day] li");
const heading = (page: Page) => page.getByRole("heading", { level: 1, name: "Transactions" });

test("An account's row leads to its transactions, which load page by page", async ({
  app,
  browser,
}) => {
  const ada = await userWithTransactions(app);
  const witness = await openPage(browser);
  const { page } = witness;
  await logIn(app, page, ada);
  witness.pageLoads.length = 0;
  await card(page)
    .getByRole("link", { name: /^Plaid Checking/ })
    .click();
  await heading(page).waitFor();
  const [account] = await app.query(
    "select id from accounts where user_id = $1 and name = 'Plaid Checking'",
    [ada.id],
  );
  expect(new URL(page.url()).searchParams.get("account")).toBe(account?.id);
  expect(await rows(page).count()).toBe(50);
  for (const row of await rows(page).allInnerTexts()) expect(row).toContain("Plaid Checking");
  const first = await rows(page).first().innerText();
  await page.getByRole("link", { name: "Older" }).click();
  await page.waitForURL(/cursor=/);
  await page.getByRole("link", { name: "Back to the newest" }).click();
  await page.waitForURL((url) => !url.searchParams.has("cursor"));
  await expect.poll(() => rows(page).first().innerText()).toBe(first);
  expect(witness.console).toEqual([]);
  expect(witness.pageLoads).toEqual([]);
});

test("The transactions page keeps search and filters in its address, and works without JavaScript", async ({
  app,
  browser,
}) => {
  const ada = await userWithTransactions(app);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await logIn(app, page, ada);
  await page.getByRole("link", { name: "Transactions", exact: true }).click();
  await heading(page).waitFor();
  const [{ name, category, date }] = await app.query(
    `select coalesce(merchant, name) as name, category, date::text from transactions
     where user_id = $1 and merchant is not null and amount > 0 and not pending
     order by transactions.date desc limit 1`,
    [ada.id],
  );
  await page.getByRole("searchbox").fill(name);
  await page.getByText("More filters").click();
  await page.locator("select[name=category]").selectOption(category);
  await page.getByLabel("From day").fill(date);
  await page.getByLabel("To day").fill(date);
  await page.getByLabel("Amount to").fill("-0.01");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/search=/);
  const [{ count }] = await app.query(
    `select count(*)::int from transactions where user_id = $1 and date = $3 and amount >= 0.01
     and category = $4 and (merchant ilike '%' || $2 || '%' or name ilike '%' || $2 || '%')`,
    [ada.id, name, date, category],
  );
  expect(count).toBeGreaterThan(0);
  expect(await rows(page).count()).toBe(count);
  for (const row of await rows(page).allInnerTexts()) {
    expect(row).toContain(name);
    expect(row).toContain("-$");
  }
  expect(await page.getByRole("searchbox").inputValue()).toBe(name);
  await page.reload();
  expect(await rows(page).count()).toBe(count);
  // The same rows in a file.
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download these (CSV)" }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^fiscility-\d{4}-\d\d-\d\d-transactions\.csv$/);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(lines).toHaveLength(count + 1);
  for (const line of lines.slice(1)) expect(line).toMatch(new RegExp(`^${date},.*,-[\\d.]+,USD,`));
  await page.getByRole("link", { name: "Clear filters" }).click();
  expect(await page.getByRole("searchbox").inputValue()).toBe("");
  await expect.poll(() => rows(page).count()).toBe(50);
});

test("The transactions page keeps the focus and announces the count when the user filters by keyboard", async ({
  app,
  browser,
}) => {
  const ada = await userWithTransactions(app);
  const { page, console: consoleLines } = await openPage(browser);
  await logIn(app, page, ada);
  await page.goto(`${app.url}/transactions`);
  const search = page.getByRole("searchbox");
  const category = page.locator("select[name=category]");
  const status = page.getByRole("main").getByRole("status");
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));
  const searched: (string | null)[] = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === "/transactions.data") searched.push(searchParams.get("search"));
  });
  await search.focus();
  await page.keyboard.type("nobody");
  await expect.poll(() => status.innerText()).toBe("No transaction fits these filters.");
  // A space changes nothing and is not searched for.
  await page.keyboard.type(" sells this");
  await expect.poll(() => searched.at(-1)).toBe("nobody sells this");
  expect(searched).toEqual([...new Set(searched)]);
  await page.keyboard.press("Enter");
  await expect.poll(() => status.innerText()).toBe("No transaction fits these filters.");
  expect(await focused()).toBe("search");

  // Typed while the response is under way.
  await page.route(/\/transactions\.data/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await search.fill("e");
  await page.keyboard.press("Enter");
  await page.keyboard.type("xy");
  await page.waitForURL(/search=exy$/);
  expect(await search.inputValue()).toBe("exy");
  expect(await focused()).toBe("search");
  await page.getByRole("link", { name: "Clear filters" }).click();
  await search.fill("during a link");
  await page.waitForURL(/search=during\+a\+link$/);
  expect(await search.inputValue()).toBe("during a link");
  await page.unroute(/\/transactions\.data/);

  // Without Enter.
  await search.fill("e");
  await page.waitForURL(/search=e$/);
  await expect
    .poll(() => status.innerText())
    .toMatch(/^\d+ transactions? shown(, older ones follow)?$/);
  await page.getByText("More filters").click();
  await category.selectOption("FOOD_AND_DRINK");
  await page.getByRole("button", { name: "Apply" }).press("Enter");
  await page.waitForURL(/category=FOOD_AND_DRINK/);
  await page.getByRole("link", { name: "Clear filters" }).press("Enter");
  await page.getByRole("link", { name: "Clear filters" }).waitFor({ state: "detached" });
  expect(await focused()).toBe("search");
  expect(await search.inputValue()).toBe("");
  expect(await category.inputValue()).toBe("");

  await page.goBack();
  await expect.poll(() => category.inputValue()).toBe("FOOD_AND_DRINK");
  expect(await search.inputValue()).toBe("e");
  await page.goBack();
  await expect.poll(() => category.inputValue()).toBe("");
  expect(await search.inputValue()).toBe("e");
  expect(consoleLines).toEqual([]);
});

test("The search keeps what is typed at the moment in which the filters of a link appear", async ({
  app,
  browser,
}) => {
  const ada = await userWithTransactions(app);
  const { page } = await openPage(browser);
  await logIn(app, page, ada);
  await page.goto(`${app.url}/transactions?search=e&category=FOOD_AND_DRINK`);
  const search = page.getByRole("searchbox");
  const chip = page.getByRole("link", { name: "Remove filter: Food and drink" });
  // Types as soon as the page shows the new filters: an observer runs before the effects of React.
  await chip.evaluate((link) => {
    const field = document.querySelector<HTMLInputElement>("input[name=search]");
    const seen: string[] = [];
    const observer = new MutationObserver(() => {
      if (!field || link.isConnected) return;
      observer.disconnect();
      field.value = "ex";
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      const look = () => {
        seen.push(field.value);
        if (!location.search.includes("search=ex")) requestAnimationFrame(look);
      };
      look();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    Object.assign(window, { seen });
  });
  await chip.click();
  await page.waitForURL(/\?search=ex$/);
  expect(await search.inputValue()).toBe("ex");
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(new Set(seen)).toEqual(new Set(["ex"]));
});

test("A row opens to its details, where its category is corrected; filters are chips, with totals next to them", async ({
  app,
  browser,
}) => {
  const ada = await userWithTransactions(app);
  const witness = await openPage(browser);
  const { page } = witness;
  await logIn(app, page, ada);
  await page.goto(`${app.url}/transactions?category=FOOD_AND_DRINK&min=-9999`);
  await page.getByRole("region", { name: "Spent by category" }).waitFor();
  await page.getByRole("region", { name: "By month" }).getByRole("link").first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(await witness.layoutShift()).toBeLessThan(0.02);

  const [before] = await rows(page).allInnerTexts();
  await rows(page).first().getByRole("button").press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Merchant").fill("The corner bakery");
  await dialog.getByLabel("Category").selectOption("ENTERTAINMENT");
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Transaction changed").waitFor();
  await expect.poll(() => rows(page).first().innerText()).not.toBe(before);

  await page.getByRole("link", { name: "Remove filter: Food and drink" }).click();
  await page.waitForURL((url) => !url.searchParams.has("category"));
  await page.getByRole("link", { name: "Remove filter: From -9999" }).waitFor();
  await page.getByRole("searchbox").fill("corner bakery");
  await expect.poll(() => rows(page).count()).toBe(1);
  expect(await rows(page).first().innerText()).toContain("Entertainment");
  await rows(page).first().getByRole("button").click();
  await dialog.getByRole("button", { name: "Use the bank's own" }).click();
  await expect.poll(() => rows(page).count()).toBe(0);
  expect(witness.console).toEqual([]);
});

test.skipIf(!isMatrix).for([
  ["light", 1280],
  ["dark", 390],
] as const)(
  "axe finds nothing on the transactions page in any of its states (%s, %i px)",
  async ([colorScheme, width], { app, browser }) => {
    const stranger = await app.signUp();
    const ada = await userWithTransactions(app);
    const found: string[] = [];
    const { page } = await openPage(browser, { colorScheme, width });
    const audit = async (address: string, words: string | RegExp) => {
      await page.goto(`${app.url}/transactions${address}`);
      await page.getByText(words).first().waitFor();
      found.push(...(await axeViolations(page)).map((one) => `${address}: ${one}`));
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(over).toBeLessThanOrEqual(0);
    };
    await logIn(app, page, stranger);
    await audit("", "No transactions yet");
    await page.context().clearCookies();
    await logIn(app, page, ada);
    await audit("", "Pending");
    await audit("?min=-100&max=-1", "Clear filters");
    await audit("?search=nobody+sells+this", "Nothing fits");
    await audit("?from=yesterday", "These filters do not fit");
    await audit("?cursor=cut", "These filters do not fit");
    expect(found).toEqual([]);
  },
);

test("The transactions page says why it is empty and where to go when no bank is connected", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  await logIn(app, page, await app.signUp());
  await page.goto(`${app.url}/transactions`);
  const why = await page.getByText("When you connect a bank").boundingBox();
  const way = await page.getByRole("link", { name: "Go to the dashboard" }).boundingBox();
  expect(way?.y).toBeGreaterThanOrEqual((why?.y ?? Number.NaN) + (why?.height ?? Number.NaN));
});
