import type { Page, Route } from "playwright-core";
import { expect } from "vitest";
import { disconnectPhrase } from "../../server/contracts/phrases.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { addBank } from "../support/bank.ts";
import { openPage, type Witness } from "../support/browser.ts";
import { card, finishLink, logIn, manage, openBank } from "../support/link.ts";
import { updateItems } from "../support/rows.ts";

const test = testInBrowser();
// A tab may send a request just before it is closed.
test.afterEach(async ({ browser }) => {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const page of pages) await page.unrouteAll({ behavior: "ignoreErrors" });
});

/**
 * From now on the server is of the next release: its pages have another version, and a field of a bank's card
 * has another name. `documents`: whether it also responds to page loads, or a server of the old release does.
 */
async function rollOut(page: Page, documents: "next" | "old" = "next"): Promise<void> {
  const own = await page.evaluate(() => window.__remixManifest.version);
  const next = "0123abcd";
  let isOld = true;
  const answer = (change: (body: string) => string) => async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.text()) });
  };
  const toNext = (body: string) => body.replaceAll(own, next);
  const renamed = (body: string) => body.replaceAll('"requiredAction"', '"actionNeeded"');
  await page.route("**/healthz", answer(toNext));
  await page.route(
    /\.data(\?|$)/,
    answer((body) => (isOld ? renamed(toNext(body)) : toNext(body))),
  );
  if (documents === "old") return;
  await page.route(
    /\/manifest-\w+\.js$/,
    answer((body) => {
      isOld = false;
      return toNext(body);
    }),
  );
}

/** As if the page had been loaded an hour ago. */
const age = (page: Page) =>
  page.evaluate(() => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + 3_600_000;
  });

/** Ends the tab's wait before its next request for the release. Needs the page's clock to be installed. */
const endWait = (page: Page) => page.clock.fastForward(3_000);

/** The tab's next request, without that wait. */
const requestAgain = (page: Page) =>
  Promise.all([page.waitForResponse(/\/healthz/), endWait(page)]);

/** Waits until the tab has loaded its page again. Until then it requests the release without that wait. */
async function loadedAgain({ page, pageLoads }: Witness): Promise<void> {
  const before = pageLoads.length;
  await expect
    .poll(async () => {
      // The page may be closing.
      await endWait(page).catch(() => {});
      return pageLoads.length;
    })
    .toBe(before + 1);
}

/** Follows a link of a page that has its script: before, the browser itself would load a document. */
async function follow(page: Page, name: string): Promise<void> {
  const link = page.getByRole("link", { name, exact: true });
  const hydrated = (element: Element) =>
    Object.keys(element).some((key) => key.startsWith("__reactProps"));
  await expect.poll(() => link.evaluate(hydrated)).toBe(true);
  await link.click();
}

/** The user comes back to the tab. Returns once the tab knows which release responds. */
const comeBack = (page: Page) =>
  Promise.all([
    page.waitForResponse(/\/healthz/).then((response) => response.finished()),
    page.evaluate(() => window.dispatchEvent(new Event("focus"))),
  ]);

const reconnect = (page: Page) => page.getByRole("button", { name: "Reconnect Mill Bank" });

/** Notes in the tab's storage when the button disappears from a page. */
const watchButton = (page: Page) =>
  page.evaluate(() => {
    const gone = () =>
      !document.querySelector("[data-item-id]")?.textContent?.includes("Reconnect");
    new MutationObserver(() => {
      if (document.querySelector("[data-item-id]") && gone()) sessionStorage.setItem("gap", "");
    }).observe(document.body, { childList: true, subtree: true });
  });
const hadGap = (page: Page) => page.evaluate(() => sessionStorage.getItem("gap") !== null);

/** Opens the dashboard of a user whose bank needs a new log-in. */
async function openDashboard(app: TestApp, witness: Witness): Promise<TestUser> {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ balance: "1" }], []);
  await updateItems(app, { status: "login_required" }, { user });
  await logIn(app, witness.page, user);
  await reconnect(witness.page).waitFor();
  witness.pageLoads.length = 0;
  return user;
}

test("A tab of the previous release loads its page again when the user comes back to it, and shows no data of the new release before", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  const user = await openDashboard(app, witness);
  await watchButton(page);
  await rollOut(page);
  await age(page);
  await addBank(app, user, "Brook Bank", [{ balance: "2" }], []);
  await comeBack(page);
  await card(page).getByText("Brook Bank").waitFor();
  await reconnect(page).waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
  expect(await hadGap(page)).toBe(false);
  // Its own release now.
  await age(page);
  await addBank(app, user, "Lake Bank", [{ balance: "3" }], []);
  await comeBack(page);
  await card(page).getByText("Lake Bank").waitFor();
  expect(pageLoads).toHaveLength(1);
});

test("A link in a tab of the previous release loads its page as a document, and shows no data of the new release before", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await openDashboard(app, witness);
  await follow(page, "Activity");
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  await watchButton(page);
  await rollOut(page);
  await follow(page, "Dashboard");
  await reconnect(page).waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
  expect(await hadGap(page)).toBe(false);
  await follow(page, "Activity");
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  await page.goBack();
  await reconnect(page).waitFor();
  expect(pageLoads).toHaveLength(1);
});

test("A tab of the previous release is not loaded again while Link is open, and shows the new bank once it is connected", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await openDashboard(app, witness);
  await openBank(page);
  await rollOut(page);
  await age(page);
  await comeBack(page);
  await finishLink(page);
  await page.waitForEvent("load");
  await card(page).getByText("First Platypus Bank").waitFor();
  await reconnect(page).waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
});

test("A link in a tab of the previous release loads no document while a bank is being connected", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await openDashboard(app, witness);
  await openBank(page);
  let respond = () => {};
  const held = new Promise<void>((resolve) => {
    respond = resolve;
  });
  let isSent = false;
  await page.route(/connectAccount/, (route) => {
    isSent = true;
    return held.then(() => route.continue());
  });
  await finishLink(page);
  await expect.poll(() => isSent).toBe(true);
  await rollOut(page);
  await follow(page, "Activity");
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  expect(pageLoads).toEqual([]);
  respond();
  // The new bank is shown on the dashboard: a link, which loads a document.
  await card(page).getByText("First Platypus Bank").waitFor();
});

test("A failed connection keeps its Try again in a tab of the previous release, also on another page", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await openDashboard(app, witness);
  await openBank(page);
  await page.route(/connectAccount/, (route) => route.abort());
  await finishLink(page);
  const tryAgain = page.getByRole("button", { name: "Try again" });
  await tryAgain.waitFor();
  await rollOut(page);
  await age(page);
  await comeBack(page);
  await follow(page, "Activity");
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  expect(pageLoads).toEqual([]);
  await page.unroute(/connectAccount/);
  await tryAgain.click();
  await card(page).getByText("First Platypus Bank").waitFor();
  await reconnect(page).waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
});

test("A dialog and typed text stay in a tab of the previous release, which is loaded again after them", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await page.clock.install();
  await openDashboard(app, witness);
  await manage(page, "Disconnect", "Mill Bank");
  await page.getByRole("dialog").getByRole("textbox").fill("disconnect");
  await rollOut(page);
  await age(page);
  await comeBack(page);
  // The first time it did not load the page.
  await requestAgain(page);
  expect(pageLoads).toEqual([]);
  await page.getByRole("button", { name: "Cancel" }).click();
  await loadedAgain(witness);
  await page.unrouteAll({ behavior: "ignoreErrors" });

  await page.goto(`${app.url}/settings/security`);
  const password = page.getByLabel("Current password");
  await password.fill("a-password");
  await password.blur();
  await rollOut(page);
  await age(page);
  pageLoads.length = 0;
  await comeBack(page);
  await requestAgain(page);
  expect(await password.inputValue()).toBe("a-password");
  expect(pageLoads).toEqual([]);
  await password.fill("");
  await password.blur();
  await loadedAgain(witness);
});

test("A form in a tab of the previous release is sent and shows its result, and the next link loads a document", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  const user = await openDashboard(app, witness);
  await page.goto(`${app.url}/settings/security`);
  await page.getByLabel("Current password").fill(user.password);
  await page.getByLabel("New password").fill("another-long-password");
  await rollOut(page);
  pageLoads.length = 0;
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed").waitFor();
  expect(pageLoads).toEqual([]);
  await follow(page, "Dashboard");
  await reconnect(page).waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
});

test("A tab is loaded again at most once a minute while servers of both releases respond, and keeps its data meanwhile", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page, pageLoads } = witness;
  await page.clock.install();
  const user = await openDashboard(app, witness);
  await rollOut(page, "old");
  await age(page);
  await Promise.all([page.waitForEvent("load"), comeBack(page)]);
  await reconnect(page).waitFor();
  await addBank(app, user, "Brook Bank", [{ balance: "2" }], []);
  await comeBack(page);
  await requestAgain(page);
  expect(await card(page).count()).toBe(1);
  await reconnect(page).waitFor();
  // A server of its own release responds.
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await endWait(page);
  await card(page).getByText("Brook Bank").waitFor();
  expect(pageLoads).toEqual([`${app.url}/dashboard`]);
});

test("The dialog of a bank closes once the bank is disconnected, also in a tab of the previous release", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser);
  const { page } = witness;
  const user = await app.signUp("cfo");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await app.stepUp(user);
  await logIn(app, page, user);
  await manage(page, "Disconnect");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill(disconnectPhrase("First Platypus Bank"));
  await rollOut(page);
  await age(page);
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  // The page is loaded again, which a dialog would have prevented.
  await card(page).waitFor({ state: "detached" });
  expect(witness.pageLoads).toHaveLength(2);
});
