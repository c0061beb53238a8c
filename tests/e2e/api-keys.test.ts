import type { Browser } from "playwright-core";
import { expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { logIn } from "../support/link.ts";
import { ageStepUps, apiKeysOf, deleteStepUps } from "../support/rows.ts";

const test = testInBrowser();

/** Opens a new user's page of API keys with the form for a first key. */
async function openForm(app: TestApp, browser: Browser) {
  const { page } = await openPage(browser);
  const user = await app.signUp();
  await deleteStepUps(app, user);
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/api-keys`);
  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  return { page, dialog, user, password: dialog.getByLabel("Password", { exact: true }) };
}

test("The API keys page creates a key, shows it once, and revokes it (G3)", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  await deleteStepUps(app, user);
  const witness = await openPage(browser);
  const { page } = witness;
  await page.goto(`${app.url}/login`);
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByText("No keys yet").waitFor();

  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByText("Enter a name.").waitFor();
  await dialog.getByText("Enter your password.").waitFor();
  await dialog.getByLabel("Name").fill("Nightly export");
  await dialog.getByLabel("Password", { exact: true }).fill(user.password);
  await dialog.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByLabel("API key", { exact: true }).inputValue();
  expect(key).toMatch(/^fsk_[0-9a-f]{16}_[0-9a-f]{72}$/);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Nightly export").waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toBe("Make a key");
  expect(await page.content()).not.toContain(key.split("_")[2]);

  const status = async (path: string) =>
    (await fetch(`${app.url}${path}`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect(await status("/api/v1/accounts")).toBe(200);
  expect(await status("/api/v1/activity")).toBe(403);

  await page.getByRole("button", { name: "Revoke Nightly export" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Revoked", { exact: true }).waitFor();
  // The button that had the focus no longer exists.
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
  expect(await status("/api/v1/accounts")).toBe(401);
  expect(witness.console.filter((line) => !line.includes("400 (Bad Request)"))).toEqual([]);
  expect(witness.foreignHosts).toEqual([]);
});

test("The API keys dialog stays open on Escape, Cancel and outside clicks while a key is being created or shown (G3)", async ({
  app,
  browser,
}) => {
  const { page, dialog, user, password } = await openForm(app, browser);
  await dialog.getByLabel("Name").fill("Nightly export");
  await password.fill(user.password);
  let respond = () => {};
  const held = new Promise<void>((resolve) => {
    respond = resolve;
  });
  await page.route("**/settings/api-keys.data*", async (route) => {
    if (route.request().method() === "POST") await held;
    await route.continue();
  });
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByRole("button", { name: "Making the key…" }).waitFor();
  const tryToLeave = async () => {
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
  };
  await tryToLeave();
  await dialog.getByRole("button", { name: "Cancel" }).click({ force: true });
  respond();
  const key = page.getByLabel("API key", { exact: true });
  await key.waitFor();
  await tryToLeave();
  expect(await key.inputValue()).toMatch(/^fsk_/);
  await page.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
});

test("The API keys form says so when the user has as many keys as allowed (G3)", async ({
  app,
  browser,
}) => {
  const user = await app.signUp();
  await deleteStepUps(app, user);
  await app.query(
    `insert into api_keys (id, user_id, secret_hash, name, scopes)
     select lpad(to_hex(n), 16, '0'), $1, decode(repeat('00', 32), 'hex'), 'x', '{accounts:read}'
     from generate_series(1, 50) n`,
    [user.id],
  );
  const { page } = await openPage(browser);
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/api-keys`);
  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("One more");
  await dialog.getByLabel("Password", { exact: true }).fill(user.password);
  await dialog.getByRole("button", { name: "Make a key" }).click();
  await dialog.getByText("as many API keys as one user may have").waitFor();
});

test("The API documentation works offline with an empty console (G4)", async ({ app, browser }) => {
  const witness = await openPage(browser);
  const { page } = witness;
  await page.goto(`${app.url}/api/docs`);
  await page.getByRole("heading", { level: 1, name: /API/ }).waitFor();
  const shown = await page.locator("main").innerText();
  for (const words of ["/api/v1/accounts", "official_name", "curl"]) {
    expect(shown).toContain(words);
  }
  // Procedures for sessions only have an example without a key.
  const curl = (operation: string) => page.locator(`[id="${operation}"] pre`).innerText();
  expect(await curl("accounts.list")).toContain("Authorization: Bearer");
  expect(await curl("apiKeys.create")).not.toContain("Authorization");
  await page.getByText("What can go wrong").first().click();
  await page.getByText("limit_reached").first().waitFor();
  expect([witness.console, witness.foreignHosts]).toEqual([[], []]);
});

test("The API keys form focuses the name, the scopes, then the password when each is invalid", async ({
  app,
  browser,
}) => {
  const { page, dialog } = await openForm(app, browser);
  const make = dialog.getByRole("button", { name: "Make a key" });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));
  await make.click();
  await expect.poll(focused).toBe("name");
  await dialog.getByLabel("Name").fill("Nightly export");
  await dialog.getByRole("checkbox").first().uncheck();
  await make.click();
  await expect.poll(focused).toBe("scopes");
  expect(await axeViolations(page)).toEqual([]);
  await dialog.getByRole("checkbox").first().check();
  await make.click();
  await expect.poll(focused).toBe("password");
  expect(await axeViolations(page)).toEqual([]);
});

test("The API keys form asks for the password by keyboard once in ten minutes, and again when they end while the form is open", async ({
  app,
  browser,
}) => {
  const { page, dialog, user, password } = await openForm(app, browser);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));
  const described = () =>
    page.evaluate(() => {
      const ids = document.activeElement?.getAttribute("aria-describedby")?.split(" ") ?? [];
      return ids.map((id) => document.getElementById(id)?.textContent).join(" ");
    });
  const keys = () => apiKeysOf(app, user);
  const { keyboard } = page;
  await expect.poll(focused).toBe("name");
  await keyboard.type("First");
  while ((await focused()) !== "password") await keyboard.press("Tab");
  expect(await described()).toContain("we make sure that it is you");
  await keyboard.type("not the password");
  await keyboard.press("Enter");
  await dialog.getByText("This is not your current password").waitFor();
  await expect.poll(focused).toBe("password");
  expect(await described()).toContain("This is not your current password");
  expect(await keys()).toEqual([]);
  await keyboard.press("ControlOrMeta+a");
  await keyboard.type(user.password);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Done" }).press("Enter");

  const make = page.getByRole("button", { name: "Make a key" });
  await dialog.waitFor({ state: "detached" });
  await make.press("Enter");
  await dialog.getByLabel("Name").fill("Second");
  expect(await password.count()).toBe(0);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Done" }).press("Enter");

  await dialog.waitFor({ state: "detached" });
  await make.press("Enter");
  await dialog.getByLabel("Name").fill("Third");
  // The error is shown before the page has its data again.
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/settings/api-keys.data*", async (route) => {
    if (route.request().method() === "GET") await held;
    await route.continue();
  });
  await ageStepUps(app, 11);
  await keyboard.press("Enter");
  await dialog.getByText("Enter your password to go on.").waitFor();
  await expect.poll(focused).toBe("password");
  await keyboard.type(user.password);
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Done" }).waitFor();
  release();
  expect((await keys()).map(({ name }) => name)).toEqual(["First", "Second", "Third"]);
});
