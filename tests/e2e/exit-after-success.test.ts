import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage } from "../support/browser.ts";
import {
  card,
  closeLink,
  finishLink,
  finishUpdateMode,
  link,
  logIn,
  openBank,
} from "../support/link.ts";
import { itemsOf, raiseDataVersion, updateItems } from "../support/rows.ts";

const test = testInBrowser();

/** Callbacks of Link that the sandbox's Link would not make by itself. */
type Behavior = "exits after success" | "exits without an error at the Item";

/**
 * Makes Link behave as Plaid's sometimes does: `onExit` follows `onSuccess`, at once and once more later
 * (https://github.com/plaid/react-plaid-link/issues/204), or update mode exits with `item-no-error` because
 * nothing was wrong with the Item.
 */
async function changeLink(page: Page, behavior: Behavior): Promise<void> {
  await page.addInitScript((behavior) => {
    type Call = (first: unknown, metadata: unknown) => void;
    type Plaid = { create(config: { onSuccess: Call; onExit: Call }): unknown };
    const withCode = (code: string) => ({ error_code: code, display_message: null });
    const changed = (real: Plaid): Plaid => ({
      create: (config) =>
        real.create({
          ...config,
          onSuccess(publicToken, metadata) {
            config.onSuccess(publicToken, metadata);
            const exit = () => {
              config.onExit(withCode("INTERNAL_SERVER_ERROR"), metadata);
              document.documentElement.dataset.exits = `${document.documentElement.dataset.exits ?? ""}1`;
            };
            exit();
            setTimeout(exit, 300);
          },
          onExit(error, metadata) {
            const fine = behavior === "exits without an error at the Item";
            config.onExit(fine ? withCode("item-no-error") : error, metadata);
          },
        }),
    });
    let plaid: Plaid | undefined;
    Object.defineProperty(window, "Plaid", {
      get: () => plaid,
      set: (real) => {
        plaid = changed(real);
      },
    });
  }, behavior);
}

/** Records every text that a toast of this page has shown. */
async function recordToasts(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const shown = new Set<string>();
    Object.defineProperty(window, "shownToasts", { get: () => [...shown] });
    new MutationObserver(() => {
      for (const toast of document.querySelectorAll("[data-sonner-toast]")) {
        shown.add((toast as HTMLElement).innerText.split("\n")[0] ?? "");
      }
    }).observe(document, { childList: true, subtree: true });
  });
  return () => page.evaluate(() => (window as unknown as { shownToasts: string[] }).shownToasts);
}

/** A dashboard whose Link behaves like this, and the texts of its toasts. */
async function dashboard(app: TestApp, browser: Browser, behavior: Behavior) {
  const user = await app.signUp("analyst");
  const { page, console } = await openPage(browser);
  await changeLink(page, behavior);
  const toasts = await recordToasts(page);
  return { page, console, user, toasts };
}

/** Connects a bank that needs a new log-in, and opens Link for it. */
async function openUpdateMode(app: TestApp, page: Page, user: TestUser): Promise<void> {
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await updateItems(app, { status: "login_required" }, { user });
  await raiseDataVersion(app, user);
  await logIn(app, page, user);
  await card(page).getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
}

const busyButtons = (page: Page) => page.locator("button[aria-busy=true]");

/** Holds back the calls of this procedure until the returned function is called. */
async function hold(page: Page, procedure: string): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/trpc/${procedure}*`, async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/** Waits until Link has called `onExit` both times. */
const bothExits = (page: Page) => page.locator("html[data-exits$='11']").waitFor();

test("Link's onExit after onSuccess changes nothing while the bank is being connected (C2, C3)", async ({
  app,
  browser,
}) => {
  const { page, console, user, toasts } = await dashboard(app, browser, "exits after success");
  await logIn(app, page, user);
  const release = await hold(page, "connectAccount");
  await openBank(page);
  await finishLink(page);
  await bothExits(page);
  expect(await page.locator("[data-pending]").count()).toBe(1);
  expect(await busyButtons(page).count()).toBe(1);
  release();
  await card(page).waitFor();
  await page.getByText(/First Platypus Bank connected: \d+ accounts/).waitFor();
  expect(await toasts()).toEqual([expect.stringContaining("First Platypus Bank connected")]);
  expect(console).toEqual([]);
  const rows = await itemsOf(app, user);
  expect(rows).toHaveLength(1);
});

test("Link's onExit after onSuccess changes nothing while an update is finished (C3)", async ({
  app,
  browser,
}) => {
  const { page, console, user, toasts } = await dashboard(app, browser, "exits after success");
  await openUpdateMode(app, page, user);
  const release = await hold(page, "plaid.finishUpdateMode");
  await link(page).getByRole("button", { name: "Continue" }).click();
  await finishUpdateMode(page);
  await bothExits(page);
  // "Connect a bank", and the card's "Reconnect".
  expect(await busyButtons(page).count()).toBe(2);
  expect(await toasts()).toEqual([]);
  release();
  await page.getByText("First Platypus Bank is connected again").waitFor();
  expect(await toasts()).toEqual(["First Platypus Bank is connected again"]);
  expect(console).toEqual([]);
});

test("Update mode that exits because nothing is wrong with the bank finishes the update", async ({
  app,
  browser,
}) => {
  const { page, user, toasts } = await dashboard(
    app,
    browser,
    "exits without an error at the Item",
  );
  await openUpdateMode(app, page, user);
  await closeLink(page);
  await page.getByText("First Platypus Bank is connected again").waitFor();
  await card(page)
    .getByRole("button", { name: /Reconnect/ })
    .waitFor({ state: "detached" });
  expect(await toasts()).toEqual(["First Platypus Bank is connected again"]);
});
