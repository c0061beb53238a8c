import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { finishLinks } from "../../server/connect/finish-links.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import {
  card,
  finishLink,
  link,
  logIn,
  logInAtBank,
  openBank,
  openOAuthBank,
} from "../support/link.ts";
import { goThroughLink } from "../support/link-session.ts";
import { casesOf } from "../support/matrix.ts";
import { deleteUsers } from "../support/rows.ts";

/** Link succeeds, and its tab is closed before `onSuccess` reaches us. */
const test = testInBrowser();
test.beforeEach(async ({ app }) => {
  await app.resetPlaid();
  await deleteUsers(app);
});

const widths = [1280, 390] as const;

/** A user who finishes `work` in Link, in a tab that closes before it can report it. */
async function closeTab(
  app: TestApp,
  browser: Browser,
  width: number,
  work: (page: Page) => Promise<void>,
): Promise<TestUser> {
  const user = await app.signUp("cfo");
  const { page } = await openPage(browser, { width });
  await logIn(app, page, user);
  let isSent = false;
  await page.route("**/trpc/connectAccount*", (route) => {
    isSent = true;
    return route.abort();
  });
  await work(page);
  await expect.poll(() => isSent).toBe(true);
  await page.context().close();
  return user;
}

/** The same in a browser that nobody looks at: Link is finished, and that is all. */
async function closeTabUnseen(app: TestApp, plan = "cfo"): Promise<TestUser> {
  const user = await app.signUp(plan);
  const { body } = await app.post("/plaid/create-link-token", {}, user);
  await goThroughLink(app, body.link_token, { bank: "ins_109508" });
  return user;
}

/** As if so many minutes had passed, and the job had run. */
async function pass(app: TestApp, minutes: number): Promise<void> {
  await app.query(
    `update link_tokens set created_at = created_at - make_interval(mins => $1),
       due_at = due_at - make_interval(mins => $1)`,
    [minutes],
  );
  const clock = { now: () => new Date(Date.now() + minutes * 60_000) };
  await finishLinks({ ...app.services, clock }, app.services.log);
}

const ways = {
  "a bank": async (page: Page) => {
    await openBank(page);
    await finishLink(page);
  },
  "an OAuth bank": async (page: Page) => {
    await openOAuthBank(page);
    await logInAtBank(page);
    await link(page).getByRole("button", { name: "Connect accounts" }).click();
  },
} satisfies Record<string, (page: Page) => Promise<void>>;

test.for([
  ["a bank", 1280, "First Platypus Bank"],
  ["an OAuth bank", 390, "Platypus OAuth Bank"],
] as const)(
  "The dashboard shows that we finished connecting %s whose tab was closed, at %i px (I1, I2)",
  async ([way, width, bank], { app, browser }) => {
    await app.control("POST", "settings", { link_events: true });
    const user = await closeTab(app, browser, width, ways[way]);
    const { page, console } = await openPage(browser, { width });
    await logIn(app, page, user);
    expect(await card(page).count()).toBe(0);
    await pass(app, 6);
    await page.getByText(`We finished connecting ${bank}`).waitFor();
    await card(page).waitFor();
    await expect
      .poll(() => app.query("select 1 from link_tokens where told_at is not null"))
      .toHaveLength(1);
    await page.reload();
    await card(page).waitFor();
    expect(await page.getByText(`We finished connecting ${bank}`).count()).toBe(0);
    expect(console).toEqual([]);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test.for(casesOf(widths, (width) => width === 390))(
  "The dashboard names the bank without Link events, and connects it again by keyboard alone, at %i px",
  async (width, { app, browser }) => {
    const user = await closeTabUnseen(app);
    await pass(app, 6);
    const { page } = await openPage(browser, { width });
    await logIn(app, page, user);
    await page
      .getByText("You finished at First Platypus Bank, but we never received it. Connect it again")
      .waitFor();
    const again = page.getByRole("button", { name: "Connect it again" });
    // Sonner's own shortcut for its region.
    await page.keyboard.press("Alt+KeyT");
    for (
      let n = 0;
      n < 10 && !(await again.evaluate((at) => at === document.activeElement));
      n += 1
    ) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await link(page).getByRole("button", { name: "Continue" }).click();
    await link(page).getByRole("searchbox", { name: "Search for your bank" }).fill("Platypus");
    await link(page).getByRole("button", { name: "First Platypus Bank" }).click();
    await finishLink(page);
    await card(page).waitFor();
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  },
);

test("The dashboard shows that a bank whose tab was closed has more accounts than the plan has room for, and offers to choose (E5, I3)", async ({
  app,
  browser,
}) => {
  await app.control("POST", "settings", { link_events: true });
  const width = 390;
  const user = await closeTabUnseen(app, "intern");
  // Waits for Plaid's webhook.
  await expect
    .poll(() => app.query("select 1 from link_tokens where finished_at is not null"))
    .toHaveLength(1);
  await pass(app, 6);
  const { page } = await openPage(browser, { width });
  await logIn(app, page, user);
  const toast = page.locator("[data-sonner-toast]");
  await toast.getByText("We could not connect First Platypus Bank").waitFor();
  await toast.getByText("Connect it again and choose up to 2 of them").waitFor();
  await toast.getByRole("button", { name: "See the plans" }).waitFor();
  await toast.getByRole("button", { name: "Connect it again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await link(page).getByRole("button", { name: "First Platypus Bank" }).click();
  await finishLink(page);
  await page.getByRole("button", { name: "Connect 2 accounts" }).click();
  await card(page).waitFor();
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});
