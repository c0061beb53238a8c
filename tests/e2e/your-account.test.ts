import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { card, logInByForm } from "../support/link.ts";
import { itemsOf, only, usersIn } from "../support/rows.ts";

const test = testInBrowser();

/** Opens the settings page of a user with one bank, from the menu. */
async function settings(
  app: TestApp,
  browser: Browser,
  options: Parameters<typeof openPage>[1] = {},
) {
  const user = await app.signUp("analyst");
  const body = { public_token: await app.publicToken() };
  await app.post("/plaid/exchange-token", body, user);
  const witness = await openPage(browser, options);
  const { page } = witness;
  await logInByForm(app, page, user);
  // A log-in is no proof; see tests/e2e/second-step.test.ts.
  await app.stepUp(user);
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  return { ...witness, user };
}

async function download(page: Page, name: string): Promise<{ file: string; content: string }> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name }).click(),
  ]);
  return { file: file.suggestedFilename(), content: await readFile(await file.path(), "utf8") };
}

test("The settings page exports the user's data, then deletes the account here and at Plaid", async ({
  app,
  browser,
}) => {
  const { page, user, ...witness } = await settings(app, browser);
  const everything = await download(page, "Everything (JSON)");
  expect(everything.file).toMatch(/^fiscility-\d{4}-\d\d-\d\d-everything\.json$/);
  expect(JSON.parse(everything.content)).toMatchObject({
    user: { email: user.email },
    items: [{ institution: { name: "First Platypus Bank" } }],
    activity: [{ kind: "connected" }],
  });
  expect((await download(page, "Accounts (CSV)")).content).toContain("Plaid Checking");
  expect((await download(page, "Activity (CSV)")).content).toContain("First Platypus Bank");

  // By keyboard: a wrong phrase, then the right one.
  await page.getByLabel("Type “delete my account” to confirm").focus();
  await page.keyboard.type("delete");
  await page.keyboard.press("Enter");
  await page.getByText("These are not the words above").waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute("name")))
    .toBe("confirmation");
  const item = await only(itemsOf(app, user));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("delete my account");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Your account is deleted" }).waitFor();

  expect(await page.context().cookies()).toEqual([]);
  // A new account created from there gets its own message.
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill(`new-${user.email}`);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Check your email to finish signing up").waitFor();
  expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Log in");
  await page.goto(`${app.url}/dashboard`);
  await page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  expect((await usersIn(app)).filter(({ id }) => id === user.id)).toEqual([]);
  const atPlaid = (await app.itemsAtPlaid()).find((one) => one.item_id === item.plaid_item_id);
  expect(atPlaid?.removed).toBe(true);
  expect(witness.console.filter((line) => !line.includes("400 (Bad Request)"))).toEqual([]);
  expect(witness.foreignHosts).toEqual([]);
});

test("A tab shows no bank of a deleted account once it gets the focus", async ({
  app,
  browser,
}) => {
  const { page } = await settings(app, browser);
  const second = await openPage(browser, { from: page });
  await second.page.goto(`${app.url}/dashboard`);
  await card(second.page).waitFor();
  await page.bringToFront();
  await page.getByLabel("Type “delete my account” to confirm").fill("delete my account");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { level: 1, name: "Your account is deleted" }).waitFor();
  await second.page.bringToFront();
  await second.page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await second.page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  expect(await card(second.page).count()).toBe(0);
});

test("A download redirects to the log-in page without a session, and contains only the user's own data", async ({
  app,
}) => {
  for (const file of ["everything.json", "accounts.csv", "transactions.csv", "activity.csv"]) {
    const response = await fetch(`${app.url}/settings/export/${file}`, { redirect: "manual" });
    expect([file, response.status]).toEqual([file, 302]);
  }
  const { cookie } = await app.signUp();
  const unknown = await fetch(`${app.url}/settings/export/constructor`, { headers: { cookie } });
  expect(unknown.status).toBe(404);
});

test.for([
  ["/settings/account", "Everything (JSON)"],
  ["/transactions?search=coffee&from=2020-01-01", "Download these (CSV)"],
] as const)(
  "A download redirects to the log-in page after the session ended, and back to %s",
  async ([path, name], { app, browser }) => {
    const { page, user } = await settings(app, browser);
    const mill = [{ balance: "10" }];
    await addBank(app, user, "Mill Bank", mill, [[0, 1, "1"]]);
    await app.query("update transactions set name = 'Coffee' where user_id = $1", [user.id]);
    // Otherwise the page would redirect there before the link does.
    await page.route("**/trpc/live.changes*", (route) => route.abort());
    await page.goto(app.url + path);
    const link = page.getByRole("link", { name });
    await link.waitFor();
    await app.query("delete from sessions where user_id = $1", [user.id]);
    await link.click();
    await page.getByLabel("Email").fill(user.email);
    await page.getByLabel("Password", { exact: true }).fill(user.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await link.waitFor();
    expect(page.url()).toBe(app.url + path);
    await app.stepUp(user);
    await download(page, name);
  },
);

test.for([
  ["light", 1280],
  ["dark", 390],
] as const)(
  "axe finds nothing on the settings page (%s, %i px)",
  async ([colorScheme, width], { app, browser }) => {
    const { page } = await settings(app, browser, { colorScheme, width });
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("These are not the words above").waitFor();
    expect(await axeViolations(page)).toEqual([]);
  },
);
