import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { bringSession, card, logIn, manage } from "../support/link.ts";
import { deleteStepUps } from "../support/rows.ts";
import { addAuthenticator, authenticator } from "../support/second-factor.ts";
import { addVirtualAuthenticator } from "../support/virtual-authenticator.ts";

const test = testInBrowser();

const setUpPath = "/settings/security/second-step";

/** Types email and password into the log-in form. */
async function enterPassword(app: TestApp, page: Page, { email, password }: TestUser) {
  await page.goto(`${app.url}/login`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

const atDashboard = (page: Page) =>
  page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();

test("A passkey is created in Settings after the password, logs in alone and as the second step, and confirms a disconnect", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  await deleteStepUps(app, ada);
  const { page, console: consoleLines, foreignHosts } = await openPage(browser, { width: 390 });
  const passkeys = await addVirtualAuthenticator(page);
  await bringSession(app, page, ada);
  await page.goto(`${app.url}/settings/security`);
  await page.getByRole("link", { name: "Set it up" }).click();
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("This is not your current password").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(ada.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByLabel("Name of the new passkey").fill("My phone");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const codes = page.getByRole("region", { name: "Your backup codes" });
  await codes.waitFor();
  expect(await codes.getByRole("listitem").count()).toBe(10);
  await page.getByText("10 of 10 are left").waitFor();
  expect(await passkeys()).toBe(1);
  expect(await axeViolations(page)).toEqual([]);

  await page.context().clearCookies();
  await page.goto(`${app.url}/login?next=%2Factivity`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(`${app.url}/activity`);

  await page.context().clearCookies();
  await enterPassword(app, page, ada);
  await page.getByRole("heading", { name: "Confirm it’s you" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByLabel("Don’t ask again").check();
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await atDashboard(page);

  // This browser is trusted now.
  await page.getByRole("button", { name: /^Your account/ }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await enterPassword(app, page, ada);
  await atDashboard(page);

  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await card(page).waitFor();
  await manage(page, "Disconnect");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Type/).fill("disconnect First Platypus Bank");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  // The button has another name during the passkey prompt. The field disappears once the passkey has proved
  // the identity.
  await dialog.locator("[name=password]").waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("First Platypus Bank disconnected").first().waitFor();
  expect(foreignHosts).toEqual([]);
  expect(consoleLines.filter((line) => !/40[013]/.test(line))).toEqual([]);
});

test("An authenticator app is set up by QR code and asked for at the log-in, with and without JavaScript", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  for (const scripts of [true, false]) {
    const { page } = await openPage(browser, { scripts, colorScheme: scripts ? "dark" : "light" });
    await bringSession(app, page, ada);
    await page.goto(`${app.url}${setUpPath}`);
    await page.getByRole("button", { name: "Set up an app" }).click();
    await page.getByRole("img", { name: "QR code" }).waitFor();
    const shown = await page.locator("p.font-mono").textContent();
    const own = authenticator((shown ?? "").replace(/\s/g, ""));
    await page.getByLabel("Code from the app").fill("000000");
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("This code is not right").waitFor();
    await page.getByRole("img", { name: "QR code" }).waitFor();
    if (scripts) expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel("Code from the app").fill(await own.previousCode());
    await page.getByRole("button", { name: "Turn on" }).click();
    const codes = page.getByRole("region", { name: "Your backup codes" });
    const backup = await codes.getByRole("listitem").first().textContent();
    // They are shown once, and the user stores them in another window.
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await page.waitForTimeout(500);
    expect(await codes.getByRole("listitem").count()).toBe(10);

    await page.context().clearCookies();
    await enterPassword(app, page, ada);
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByText("This code is not right").waitFor();
    await page.getByLabel("Code", { exact: true }).fill(own.code());
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await atDashboard(page);

    await page.context().clearCookies();
    await enterPassword(app, page, ada);
    await page.getByLabel("Code", { exact: true }).fill(backup ?? "");
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await atDashboard(page);
    await app.query("delete from totp_factors where user_id = $1", [ada.id]);
    await app.query("delete from backup_codes where user_id = $1", [ada.id]);
  }
});

test("The dashboard and the log-in page load no passkey library before a passkey is used", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser);
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(request.url()));
  await page.goto(`${app.url}/login`);
  await logIn(app, page, ada);
  await page.goto(`${app.url}/settings/security`);
  await page.waitForLoadState("networkidle");
  const isLibrary = (url: string) => url.includes("passkey-library");
  expect(loaded.filter(isLibrary)).toEqual([]);
  await addVirtualAuthenticator(page);
  await page.context().clearCookies();
  await page.goto(`${app.url}/login`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect.poll(() => loaded.filter(isLibrary).length).toBe(1);
});

test("A download requires a proof of identity first, and again eleven minutes later", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  await addAuthenticator(app, ada);
  await deleteStepUps(app, ada);
  const { page } = await openPage(browser);
  await bringSession(app, page, ada);
  await page.goto(`${app.url}/settings/account`);
  await page.getByRole("link", { name: "Everything (JSON)" }).click();
  await page.getByRole("heading", { name: "Confirm it’s you" }).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByLabel("Password, or a code").fill(ada.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("heading", { name: "Your account", exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Everything (JSON)" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/everything\.json$/);
  await deleteStepUps(app, ada);
  const direct = await fetch(`${app.url}/settings/export/everything.json`, {
    headers: { cookie: ada.cookie },
    redirect: "manual",
  });
  expect([direct.status, direct.headers.get("location")]).toEqual([
    302,
    "/settings/confirm?next=%2Fsettings%2Faccount",
  ]);
});
