import type { Browser, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { hideTable } from "../support/database-faults.ts";
import { startOver } from "../support/fixtures.ts";
import { card, finishLink, logIn, manage, openBank } from "../support/link.ts";
import { schemes } from "../support/matrix.ts";
import { itemsOf, only, setPlanLimit } from "../support/rows.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

const bank = "First Platypus Bank";
const dialog = (page: Page) => page.getByRole("dialog", { name: `Disconnect ${bank}?` });
const press = (page: Page, key: string) => page.keyboard.press(key);
/** Only Escape, Enter and typing are used: the focus decides where they go. */
const focusedLabel = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    return (
      element?.getAttribute("aria-label") ??
      element?.labels?.[0]?.textContent ??
      (element?.id || element?.textContent)
    );
  });

/** A dashboard with one bank that was connected before. */
async function dashboard(
  app: TestApp,
  browser: Browser,
  options: Parameters<typeof openPage>[1] = {},
) {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: token }, user);
  const witness = await openPage(browser, options);
  await logIn(app, witness.page, user);
  await card(witness.page).waitFor();
  witness.pageLoads.length = 0;
  return { ...witness, user, accountCount: body.accounts.length as number };
}

test("The disconnect dialog works by keyboard, returns the focus, and updates the second tab", async ({
  app,
  browser,
}) => {
  const first = await dashboard(app, browser);
  const { page, user, accountCount } = first;
  const second = await openPage(browser, { from: page });
  await second.page.goto(`${app.url}/dashboard`);
  await card(second.page).waitFor();
  second.pageLoads.length = 0;
  await page.bringToFront();
  const item = await only(itemsOf(app, user));

  const heading = () => page.getByRole("heading", { level: 1, includeHidden: true }).boundingBox();
  const before = await heading();
  await page.getByRole("button", { name: `Manage ${bank}` }).focus();
  await press(page, "Enter");
  // From the first item of the menu to the last.
  await expect.poll(() => focusedLabel(page)).toBe("Refresh now");
  await press(page, "ArrowUp");
  await expect.poll(() => focusedLabel(page)).toBe("Disconnect");
  await press(page, "Escape");
  await expect.poll(() => focusedLabel(page)).toBe(`Manage ${bank}`);
  await press(page, "Enter");
  await press(page, "End");
  await press(page, "Enter");
  await dialog(page).waitFor();
  expect(await heading()).toEqual(before);
  await expect.poll(() => focusedLabel(page)).toContain(`disconnect ${bank}`);
  const dialogText = await dialog(page).innerText();
  expect(dialogText).toContain(`${accountCount} accounts here, with balances and transactions`);
  await press(page, "Escape");
  await dialog(page).waitFor({ state: "detached" });
  await expect.poll(() => focusedLabel(page)).toBe(`Manage ${bank}`);

  await press(page, "Enter");
  await press(page, "End");
  await press(page, "Enter");
  await dialog(page).waitFor();
  await page.keyboard.type("disconnect another bank");
  await press(page, "Enter");
  await dialog(page).getByText("These are not the words above").waitFor();
  await expect.poll(() => focusedLabel(page)).toContain(`disconnect ${bank}`);
  expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  await press(page, "Control+a");
  await app.fault({ path: "/item/remove", times: 1, do: { delay: 700 } });
  await page.keyboard.type(`disconnect ${bank}`);
  await press(page, "Enter");
  // The dialog stays open during the request, whatever key is pressed.
  await dialog(page).locator("[aria-busy=true]").waitFor();
  await press(page, "Escape");
  expect(await dialog(page).count()).toBe(1);

  await page.getByText(`${bank} disconnected`).waitFor();
  await card(page).waitFor({ state: "detached" });
  await dialog(page).waitFor({ state: "detached" });
  await expect.poll(() => focusedLabel(page)).toBe("content");
  await second.page.bringToFront();
  await card(second.page).waitFor({ state: "detached" });
  for (const witness of [first, second]) {
    expect([witness.console, witness.pageLoads, witness.foreignHosts]).toEqual([[], [], []]);
  }
  const atPlaid = (await app.itemsAtPlaid()).find((one) => one.item_id === item.plaid_item_id);
  expect(atPlaid?.removed).toBe(true);
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  const entry = page.getByRole("listitem").first();
  expect(await entry.innerText()).toMatch(
    new RegExp(`^${bank} disconnected\\s+${accountCount} accounts`),
  );
});

test("Disconnecting a bank makes room to connect it again when the plan is full (P2, I3)", async ({
  app,
  browser,
}) => {
  const { page, accountCount } = await dashboard(app, browser);
  onTestFinished(async () => void (await setPlanLimit(app, "analyst", 25)));
  await setPlanLimit(app, "analyst", accountCount);
  await page.reload();
  await page.getByText(/The Analyst plan holds/).waitFor();
  await manage(page, "Disconnect", bank);
  await dialog(page).getByRole("textbox").fill(`disconnect ${bank}`);
  await dialog(page).getByRole("button", { name: "Disconnect" }).click();
  await card(page).waitFor({ state: "detached" });
  expect(await page.getByText(/The Analyst plan holds/).count()).toBe(0);
  await openBank(page);
  await finishLink(page);
  await card(page).waitFor();
  await page.getByText(/The Analyst plan holds/).waitFor();
});

test("The disconnect dialog keeps the bank and says why when the disconnect fails, and disconnects it on a retry", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser);
  await manage(page, "Disconnect", bank);
  await dialog(page).getByRole("textbox").fill(`disconnect ${bank}`);
  const restore = await hideTable(app, "items");
  try {
    await dialog(page).getByRole("button", { name: "Disconnect" }).click();
    await dialog(page).getByRole("alert").waitFor();
  } finally {
    await restore();
  }
  expect(await dialog(page).getByRole("alert").innerText()).toMatch(/went wrong.*Reference/s);
  expect(await itemsOf(app, user)).toHaveLength(1);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await dialog(page).getByRole("button", { name: "Copy the reference" }).click();
  await dialog(page).getByRole("status").getByText("Copied").waitFor();
  await dialog(page).getByRole("button", { name: "Disconnect" }).click();
  await card(page).waitFor({ state: "detached" });
});

test("The disconnect dialog removes the card without an error when another tab disconnected the bank", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser);
  // A tab without a stream, which learns nothing until it loads.
  await page.route("**/trpc/live.changes*", (route) => route.abort());
  await page.reload();
  const { id } = await only(itemsOf(app, user));
  await manage(page, "Disconnect", bank);
  const response = await app.post(
    "/api/v1/disconnections",
    { item_id: id, confirmation: `disconnect ${bank}` },
    user,
  );
  expect(response.status).toBe(200);
  await dialog(page).getByRole("textbox").fill(`disconnect ${bank}`);
  await dialog(page).getByRole("button", { name: "Disconnect" }).click();
  await card(page).waitFor({ state: "detached" });
  await expect.poll(() => focusedLabel(page)).toBe("content");
});

test.for(schemes)(
  "axe finds nothing in the disconnect dialog (%s, %i px)",
  async ([colorScheme, width], { app, browser }) => {
    const { page } = await dashboard(app, browser, { colorScheme, width });
    await manage(page, "Disconnect", bank);
    await dialog(page).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await dialog(page).getByRole("button", { name: "Disconnect" }).click();
    await dialog(page).getByText("These are not the words above").waitFor();
    expect(await axeViolations(page)).toEqual([]);
  },
);
