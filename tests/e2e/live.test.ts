import type { Browser, Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { nameOfTabs } from "../../app/connect/account-news.ts";
import { freePort } from "../../local/ports.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage, type Witness } from "../support/browser.ts";
import { isMatrix } from "../support/matrix.ts";
import { openStream } from "../support/sse.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { browserCookies } from "../support/test-users.ts";
import { until } from "../support/until.ts";

const test = testInBrowser();
// Runs after a test's pages are closed, which happens in a hook.
test.beforeEach(({ app, onTestFinished }) => onTestFinished(() => until(() => streams(app) === 0)));
let second: Awaited<ReturnType<TestApp["startNode"]>>;
test.beforeAll(async ({ app }) => {
  second = await app.startNode();
});
afterAll(() => second?.close());

const streams = (app: TestApp) => app.services.live.size + second.services.live.size;

/** Opens a tab on the dashboard of one node. `from` is another tab of the same browser. */
async function dashboard(
  browser: Browser,
  user: TestUser,
  url: string,
  from?: Page,
): Promise<Witness> {
  const witness = await openPage(browser, from ? { from } : {});
  const { page } = witness;
  // Cookies ignore the port, so one log-in serves both nodes.
  await page.context().addCookies(browserCookies(user.cookie, url));
  await page.goto(`${url}/dashboard`);
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  witness.pageLoads.length = 0;
  return witness;
}

const card = (page: Page) => page.locator("[data-item-id]");

/** Connects as another device would, without the browser. */
async function connect(app: TestApp, user: TestUser, institution = "ins_109508"): Promise<void> {
  const body = { public_token: await app.publicToken(institution) };
  expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
}

/** Ends the user's session, in no browser. */
async function logOut(app: TestApp, user: TestUser): Promise<void> {
  const { status } = await fetch(`${app.url}/api/auth/sign-out`, {
    method: "POST",
    headers: { cookie: user.cookie, origin: app.url, "content-type": "application/json" },
    body: "{}",
  });
  expect(status).toBe(200);
}

function expectQuiet(witness: Witness): void {
  expect(witness.console).toEqual([]);
  expect(witness.pageLoads).toEqual([]);
}

test("A tab shows what another tab on another node connected, without reload or focus (C4)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const one = await dashboard(browser, ada, app.url);
  const two = await dashboard(browser, ada, second.url, one.page);
  await expect.poll(() => streams(app)).toBe(2);
  const { page } = one;
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const link = page.frameLocator("iframe");
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: "First Platypus Bank" }).click();
  await link.getByRole("textbox", { name: "Username" }).fill("user_good");
  await link.getByLabel("Password", { exact: true }).fill("pass_good");
  await link.getByRole("button", { name: "Log in" }).click();
  await link.getByRole("button", { name: "Connect accounts" }).click();
  await card(page).waitFor();
  await card(two.page).waitFor();
  expect(await card(two.page).innerText()).toContain("Plaid Checking");
  for (const witness of [one, two]) expectQuiet(witness);
});

test("The tabs of a browser share one stream, and another tab takes over when its tab closes (C4)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const tabs = [await dashboard(browser, ada, app.url)];
  // A browser opens at most six connections to a server.
  const count = isMatrix ? 8 : 4;
  while (tabs.length < count) tabs.push(await dashboard(browser, ada, app.url, tabs[0]?.page));
  await expect.poll(() => streams(app)).toBe(1);
  await connect(app, ada);
  for (const { page } of tabs) await card(page).waitFor();
  await tabs.shift()?.page.close();
  await connect(app, ada, "ins_109509");
  for (const { page } of tabs) await card(page).nth(1).waitFor();
  await expect.poll(() => streams(app)).toBe(1);
  for (const witness of tabs) expectQuiet(witness);
});

test("Every page of a tab leads to the log-in once the session has ended elsewhere, and follows changes after the next log-in (I6)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const { page } = await dashboard(browser, ada, app.url);
  await expect.poll(() => streams(app)).toBe(1);
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  await logOut(app, ada);
  await page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  expect(await page.locator("body").innerText()).not.toContain(ada.email);
  await page.getByLabel("Email").fill(ada.email);
  await page.getByLabel("Password", { exact: true }).fill(ada.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(/\/settings/);
  await expect.poll(() => streams(app)).toBe(1);
});

test("Another tab follows changes when the one that did cannot load the code (C4)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const one = await openPage(browser);
  await one.page.context().addCookies(browserCookies(ada.cookie, app.url));
  await one.page.route(/\/assets\/trpc-client-/, (route) => route.abort());
  await Promise.all([
    one.page.waitForEvent("requestfailed"),
    one.page.goto(`${app.url}/dashboard`),
  ]);
  const two = await dashboard(browser, ada, app.url, one.page);
  await expect.poll(() => streams(app)).toBe(1);
  await connect(app, ada);
  for (const { page } of [one, two]) await card(page).waitFor();
});

test("Logging out in one tab ends the streams of all tabs and leads them to the log-in page (I6)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const one = await dashboard(browser, ada, app.url);
  const two = await dashboard(browser, ada, second.url, one.page);
  await expect.poll(() => streams(app)).toBe(2);
  await logOut(app, ada);
  for (const { page } of [one, two]) await page.waitForURL(/\/login/);
  await expect.poll(() => streams(app)).toBe(0);
});

test("A tab shows what changed while the network was down once it is back", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const proxy = await startTcpProxy(Number(new URL(app.url).port));
  const { page } = await dashboard(browser, ada, `http://localhost:${proxy.port}`);
  await expect.poll(() => streams(app)).toBe(1);
  proxy.leadTo(await freePort());
  proxy.cut();
  await expect.poll(() => streams(app)).toBe(0);
  await connect(app, ada);
  expect(await card(page).count()).toBe(0);
  proxy.leadTo(Number(new URL(app.url).port));
  await card(page).waitFor();
  await page.close();
  await proxy.close();
});

test("A tab without a stream updates when the user returns to it (C4)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const first = await openPage(browser);
  await first.page.context().route("**/trpc/live.changes*", (route) => route.abort());
  const { page } = await dashboard(browser, ada, app.url, first.page);
  await connect(app, ada);
  expect(streams(app)).toBe(0);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await card(page).waitFor();
});

test("A tab shows what changed before it had its script while another tab follows changes (C4)", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const one = await dashboard(browser, ada, app.url);
  await expect.poll(() => streams(app)).toBe(1);
  const two = await openPage(browser, { from: one.page });
  let respond = () => {};
  const held = new Promise<void>((resolve) => {
    respond = resolve;
  });
  await two.page.route(/\/assets\/.*\.js$/, (route) => held.then(() => route.continue()));
  await two.page.goto(`${app.url}/dashboard`, { waitUntil: "commit" });
  await two.page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  await connect(app, ada);
  await card(one.page).waitFor();
  respond();
  await card(two.page).waitFor();
  expect(await streams(app)).toBe(1);
});

test.for([
  ["follows changes", async (page: Page) => page.getByRole("link", { name: "Activity" }).click()],
  [
    "does not",
    async (page: Page) => {
      await page.getByRole("button", { name: "Your account" }).click();
      await page.getByRole("link", { name: "Settings" }).click();
    },
  ],
] as const)(
  "A page shows what changed while it was loading, when the page before it %s (C4)",
  async ([, openPageBefore], { app, browser }) => {
    const ada = await app.signUp("analyst");
    const { page } = await dashboard(browser, ada, app.url);
    await openPageBefore(page);
    await page.waitForURL(/activity|account/);
    await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor({ state: "detached" });
    let isFirst = true;
    // Not `times: 1`: Playwright removes such a handler before it runs, and `closePages` could not ignore its errors.
    await page.route(/dashboard\.data/, async (route) => {
      if (!isFirst) return route.continue();
      isFirst = false;
      const response = await route.fetch();
      const news = await page.evaluateHandle((name) => {
        const channel = new BroadcastChannel(name);
        const announced = new Promise((resolve) => {
          channel.onmessage = resolve;
        });
        return { announced };
      }, nameOfTabs(ada.id));
      await connect(app, ada);
      await news.evaluate(({ announced }) => announced.then(() => {}));
      await route.fulfill({ response });
    });
    await page.getByRole("link", { name: "Dashboard", exact: true }).click();
    await card(page).waitFor();
  },
);

test("A tab shows nothing of another user who logged in in another tab under the first user's name (I6)", async ({
  app,
  browser,
}) => {
  const [ada, grace] = await Promise.all([
    app.signUp("analyst", undefined, "Ada Lovelace"),
    app.signUp("analyst", undefined, "Grace Hopper"),
  ]);
  await connect(app, grace);
  const { page } = await dashboard(browser, ada, app.url);
  const account = (initials: string) =>
    page.getByRole("button", { name: `Your account, ${initials}` });
  await account("AL").waitFor();
  await expect.poll(() => streams(app)).toBe(1);
  await page.context().addCookies(browserCookies(grace.cookie, app.url));
  await page.evaluate(() => {
    new MutationObserver(() => {
      const ada = document.querySelector("[aria-label='Your account, AL']");
      if (ada && document.body.innerText.includes("Platypus")) sessionStorage.setItem("mixed", "");
    }).observe(document.body, { childList: true, subtree: true });
    window.dispatchEvent(new Event("focus"));
  });
  await account("GH").waitFor();
  await card(page).waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem("mixed"))).toBeNull();
  await expect.poll(() => streams(app)).toBe(1);
});

test.skipIf(!isMatrix)(
  "A tab whose stream was replaced by ten newer ones reopens it when its browser gets the focus, and not before",
  async ({ app, browser }) => {
    const ada = await app.signUp("analyst");
    const one = await dashboard(browser, ada, app.url);
    const two = await dashboard(browser, ada, app.url, one.page);
    await expect.poll(() => streams(app)).toBe(1);
    let opened = 0;
    for (const { page } of [one, two]) {
      page.on("request", (request) => {
        if (request.url().includes("live.changes")) opened++;
      });
    }
    const follow = () => openStream(`${app.url}/trpc/live.changes`, { cookie: ada.cookie });
    const elsewhere = [];
    for (let n = 0; n < 10; n++) elsewhere.push(await follow());
    await expect.poll(() => streams(app)).toBe(10);
    // Longer than a client waits before it retries a refused stream.
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    expect(opened).toBe(0);
    // In the other tab: one of them subscribes for both.
    await two.page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await expect.poll(() => opened).toBe(1);
    const [oldest] = elsewhere;
    await oldest?.ended;
    expect(oldest?.events.at(-1)?.data).toContain("stream_replaced");
    await connect(app, ada);
    for (const { page } of [one, two]) await card(page).waitFor();
    expectQuiet(one);
    for (const stream of elsewhere) stream.close();
  },
);
