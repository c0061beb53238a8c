import { setTimeout } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage } from "../support/browser.ts";
import { logIn } from "../support/link.ts";

const test = testInBrowser();

const light = "rgb(251, 251, 250)";
const dark = "rgb(14, 17, 16)";
const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** The page as the server sent it, before any of its scripts ran. */
const html = async (page: Page) => (await page.context().request.get(page.url())).text();

async function choose(page: Page, scheme: "System" | "Light" | "Dark"): Promise<void> {
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: scheme }).click();
}

/** Counts, in the page. */
interface Seen {
  transitions: number;
}

test("The color scheme follows the system until the user chooses, and the server renders the choice until it is undone", async ({
  app,
  browser,
}) => {
  const witness = await openPage(browser, { colorScheme: "dark" });
  const { page } = witness;
  await logIn(app, page, await app.signUp());
  expect(await ground(page)).toBe(dark);
  witness.pageLoads.length = 0;

  await choose(page, "Light");
  await expect.poll(() => ground(page)).toBe(light);
  await page.locator("button[aria-pressed=true]", { hasText: "Light" }).waitFor();
  expect(witness.pageLoads).toEqual([]);
  await expect.poll(() => html(page)).toMatch(/<html lang="en-US" data-scheme="light">/);
  expect(await html(page)).toContain('<meta name="color-scheme" content="light"/>');
  await page.reload();
  expect(await ground(page)).toBe(light);
  // The log-in and the error pages use it as well.
  await page.goto(`${app.url}/nowhere`);
  expect(await ground(page)).toBe(light);

  await page.goto(`${app.url}/dashboard`);
  await choose(page, "System");
  await expect.poll(() => ground(page)).toBe(dark);
  await expect.poll(() => html(page)).toContain('<html lang="en-US">');
  expect(witness.console.filter((line) => !line.includes("404"))).toEqual([]);
});

test("The color scheme form works without JavaScript and returns to its page", async ({
  app,
  browser,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false, colorScheme: "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await logIn(app, page, await app.signUp());
  await page.goto(`${app.url}/transactions?search=coffee`);
  expect(await html(page)).toContain('<html lang="en-US">');
  await choose(page, "Dark");
  await page.waitForURL(`${app.url}/transactions?search=coffee`);
  expect(await html(page)).toMatch(/<html lang="en-US" data-scheme="dark">/);
});

test("The color scheme form ignores a cookie with another value and a redirect to another site", async ({
  app,
}) => {
  const made = { cookie: "fiscility.scheme=ImRhcmsiPjxzY3JpcHQ%2B" };
  const page = await fetch(`${app.url}/login`, { headers: made });
  expect(await page.text()).toContain('<html lang="en-US">');
  const response = await fetch(`${app.url}/appearance?next=//evil.example`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ scheme: "dark" }),
  });
  expect(response.headers.get("location")).toBe("/dashboard");
});

test("The chosen scheme is shown at once, and the one before comes back when it could not be kept", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser, { colorScheme: "dark" });
  await logIn(app, page, await app.signUp());
  let respond = () => {};
  const held = new Promise<void>((resolve) => {
    respond = resolve;
  });
  await page.route("**/appearance*", (route) => held.then(() => route.abort()));
  // With reduced motion: a transition of each element made this the slowest press of all.
  await page.evaluate(() => {
    const seen = Object.assign(window, { transitions: 0 });
    document.addEventListener("transitionrun", () => seen.transitions++);
  });
  await choose(page, "Light");
  await expect.poll(() => ground(page)).toBe(light);
  await page.locator("button[aria-pressed=true]", { hasText: "Light" }).waitFor();
  respond();
  await page.getByText("This page is as you left it").waitFor();
  await expect.poll(() => ground(page)).toBe(dark);
  await page.locator("button[aria-pressed=true]", { hasText: "System" }).waitFor();
  expect(await page.evaluate(() => (window as unknown as Seen).transitions)).toBe(0);
});

test("The server keeps the scheme that was chosen last when the response to the one before is late", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser, { colorScheme: "dark" });
  await logIn(app, page, await app.signUp());
  let isFirst = true;
  await page.route("**/appearance*", async (route) => {
    if (isFirst) {
      isFirst = false;
      await setTimeout(1_000);
    }
    await route.continue();
  });
  await choose(page, "Dark");
  await page.getByRole("button", { name: "Light" }).click();
  await page.locator("button[aria-pressed=true]", { hasText: "Light" }).waitFor();
  await setTimeout(2_000);
  expect(await html(page)).toMatch(/<html lang="en-US" data-scheme="light">/);
});
