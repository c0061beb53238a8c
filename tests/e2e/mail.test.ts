import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { logInByForm } from "../support/link.ts";
import { mailAbout, workFor } from "../support/mail.ts";

const test = testInBrowser();

test.beforeEach(async ({ app, onTestFinished }) => {
  const worker = await workFor(app);
  onTestFinished(() => worker.stop());
});

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

/** Follows the link of the newest mail with this subject. */
async function follow(app: TestApp, page: Page, email: string, subject: string) {
  const [link] = (await mailAbout(app, email, subject)).links;
  await page.goto(link ?? "");
}

test("A new user signs up, confirms the email in another tab, and the banner disappears", async ({
  app,
  browser,
}) => {
  const email = `${randomUUID()}@example.com`;
  const { page, console } = await openPage(browser);
  await page.goto(`${app.url}/signup`);
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Check your email to finish signing up.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Log in" }).click();
  const banner = page.getByRole("region", { name: "Confirm your email" });
  await banner.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await banner.getByRole("button", { name: "Send it again" }).click();
  await banner.getByText("A new link is on its way.").waitFor();

  const second = await openPage(browser, { from: page });
  await follow(app, second.page, email, "Confirm your email address");
  await heading(second.page, "Confirm your email").waitFor();
  expect(await axeViolations(second.page)).toEqual([]);
  await second.page.getByRole("button", { name: "Confirm this address" }).click();
  await heading(second.page, "Your email is confirmed").waitFor();
  await second.page.reload();
  await second.page.getByText("This link was used already.").waitFor();
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await banner.waitFor({ state: "detached" });
  expect(console.filter((line) => !line.includes("400 (Bad Request)"))).toEqual([]);
});

test("A user who forgot the password gets a link from the log-in page, chooses a new one, and logs in", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser, { width: 390, colorScheme: "dark" });
  await page.goto(`${app.url}/login`);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await heading(page, "Choose a new password").waitFor();
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await page.getByText("Enter an email address").waitFor();
  await page.getByLabel("Email").fill(ada.email);
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await heading(page, "Check your email").waitFor();
  await follow(app, page, ada.email, "Choose a new password");
  await page.getByText(`For ${ada.email}.`).waitFor();
  await page.getByLabel("New password").fill("password123");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("known from leaks").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByLabel("New password").fill("a brand new one");
  await page.getByLabel("Revoke all API keys").check();
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed. Log in with the new one.").waitFor();
  await logInByForm(app, page, { ...ada, password: "a brand new one" });
});

test("A user changes the email and chooses their mail in the settings", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const to = `${randomUUID()}@example.com`;
  const { page, console } = await openPage(browser);
  await logInByForm(app, page, ada);
  await page.goto(`${app.url}/settings/account`);
  await page.getByLabel("New email").fill(to);
  await page.getByLabel("Current password").fill("not the password");
  await page.getByRole("button", { name: "Change email" }).click();
  await page.getByText("This is not your current password.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByLabel("Current password").fill(ada.password);
  await page.getByRole("button", { name: "Change email" }).click();
  await page.getByText(`We mailed a link to ${to}.`).waitFor();
  await follow(app, page, to, "Confirm your new email address");
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await heading(page, "Your email is confirmed").waitFor();
  await mailAbout(app, ada.email, "Your email address was changed");

  await page.goto(`${app.url}/settings/notifications`);
  const box = page.getByLabel("A bank was connected");
  expect(await box.isChecked()).toBe(false);
  await box.check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Your choice is saved.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.reload();
  expect(await box.isChecked()).toBe(true);
  await page.goto(`${app.url}/settings/security`);
  await page.getByText(`Email changed from ${ada.email} to ${to}`).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  expect(console.filter((line) => !line.includes("403 (Forbidden)"))).toEqual([]);
});

test("The mail flows work without JavaScript", async ({ app, browser }) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser, { scripts: false });
  await page.goto(`${app.url}/forgot-password`);
  await page.getByLabel("Email").fill(ada.email);
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await heading(page, "Check your email").waitFor();
  await follow(app, page, ada.email, "Choose a new password");
  await page.getByLabel("New password").fill("a brand new one");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed. Log in with the new one.").waitFor();
});
