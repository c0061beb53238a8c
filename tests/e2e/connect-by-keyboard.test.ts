import type { Page } from "playwright-core";
import { expect } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import { focusedName, tabTo, walkThroughLink } from "../support/keyboard.ts";
import { card, logIn } from "../support/link.ts";
import { casesOf } from "../support/matrix.ts";
import {
  accountsOf,
  itemsOf,
  only,
  plaidItemIdOf,
  raiseDataVersion,
  setPlan,
  updateItems,
} from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

const bank = "First Platypus Bank";
const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);

/** Syncs as the worker does. */
const sync = (app: TestApp, user: TestUser, itemId: string) =>
  syncItem(
    app.services,
    { userId: user.id, itemId },
    app.services.log,
    new AbortController().signal,
  );

/** Reloads the page's data, as a live change would. */
async function look(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await raiseDataVersion(app, user);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
}

/** The user withdraws the permission at the bank, and Plaid's webhook about it is processed. */
async function endAccess(app: TestApp, itemId: string): Promise<void> {
  const item_id = await plaidItemIdOf(app, itemId);
  const error_code = "USER_PERMISSION_REVOKED";
  await app.control("POST", "items/error", { item_id, error_code });
  await updateItems(app, { status: "revoked", problem: "connect_again" }, { itemId });
}

test.for(casesOf([1280, 390] as const, (width) => width === 1280))(
  "A user chooses accounts, adds one, connects a bank again after its access has ended, and a brokerage, by keyboard alone at %i px (I1, I2, I3, C1)",
  async (width, { app, browser }) => {
    const user = await app.signUp("intern");
    const { page, console } = await openPage(browser, { width });
    const press = (key: string) => page.keyboard.press(key);
    const rows = card(page)
      .getByRole("listitem")
      .filter({ has: page.getByRole("link") });
    await logIn(app, page, user);

    // The plan has room for two of the accounts.
    await tabTo(page, "Connect a bank");
    await press("Enter");
    await walkThroughLink(page, bank);
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "Connect 2 accounts");
    await press("Enter");
    await card(page).waitFor();
    await expect.poll(() => focusedName(page)).toContain(bank);
    expect(await rows.count()).toBe(2);

    // There is more room now.
    await setPlan(app, "cfo", user);
    await look(app, page, user);
    await page.locator('[role=meter][aria-valuemax="100"]').waitFor();
    await tabTo(page, /^Manage/);
    await press("Enter");
    await press("ArrowDown");
    await expect.poll(() => focusedName(page)).toBe("Add or remove accounts");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, /^Plaid CD/);
    await press("Space");
    await tabTo(page, "Save");
    await press("Enter");
    await expect.poll(() => rows.count()).toBe(3);

    // Access ends. The bank returns another history for another Item.
    const old = await only(itemsOf(app));
    await sync(app, user, old.id);
    await app.query("update accounts set name = 'My checking' where position = 0");
    const accounts = await accountsOf(app);
    const before = await transactionsHere(app, old.id);
    expect(before.length).toBeGreaterThan(0);
    await endAccess(app, old.id);
    await look(app, page, user);
    await card(page).getByText("Access to this bank has ended").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await tabTo(page, `Connect again to ${bank}`);
    await press("Enter");
    await walkThroughLink(page, null);
    await page.getByText(new RegExp(`^${bank} connected`)).waitFor();
    await expect.poll(async () => (await only(itemsOf(app))).id).not.toBe(old.id);
    const item = await only(itemsOf(app));
    await expect.poll(() => card(page).getAttribute("data-item-id")).toBe(item.id);
    // The old accounts keep their ids and names, and their history until the new one is complete.
    const now = await accountsOf(app);
    expect(idsOf(now)).toEqual(expect.arrayContaining(idsOf(accounts)));
    await card(page).getByText("My checking").waitFor();
    const kept = idsOf(await transactionsHere(app, item.id));
    expect(kept).toEqual(idsOf(before));
    await app.advanceClock(3600);
    await sync(app, user, item.id);
    const after = idsOf(await transactionsHere(app, item.id));
    expect(after).toEqual(idsOf(await transactionsAtPlaid(app, item.plaid_item_id)).sort());
    expect(after).not.toEqual(kept);
    await look(app, page, user);
    await card(page).getByText("Access to this bank has ended").waitFor({ state: "detached" });
    expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true, false]);

    // A brokerage, which Link offers only for this kind.
    await tabTo(page, "Bank or card");
    await press("ArrowRight");
    await tabTo(page, "Connect a bank");
    await press("Enter");
    await walkThroughLink(page, "Meridian Brokerage");
    await card(page).nth(1).waitFor();
    await card(page).nth(1).getByText("Up to date · balances only").waitFor();
    expect(console.filter((line) => !line.includes("403"))).toEqual([]);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
  },
);
