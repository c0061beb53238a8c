import { expect } from "vitest";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import { focused, focusedName, nameOf, tabTo, walkThroughLink } from "../support/keyboard.ts";
import { card, link, logIn } from "../support/link.ts";
import { setPlan, usersIn } from "../support/rows.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

test("The app keeps the focus visible from sign-up through Link to log-out by keyboard alone (P1, S2, C1)", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  const press = (key: string) => page.keyboard.press(key);
  await page.goto(`${app.url}/signup`);
  await tabTo(page, "Name");
  await page.keyboard.type("Grace Hopper");
  await tabTo(page, "Email");
  await page.keyboard.type("keyboard@example.com");
  await tabTo(page, "Password");
  await page.keyboard.type("a long enough one");
  await tabTo(page, "Create account");
  await press("Enter");
  await page.getByText("Check your email to finish signing up").waitFor();
  await page.locator("[name=password]:focus").waitFor();
  await page.keyboard.type("a long enough one");
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  const signedUp = (await usersIn(app)).find(({ email }) => email === "keyboard@example.com");
  expect(signedUp).toBeDefined();
  await setPlan(app, "analyst", signedUp);

  // Link, closed again: the button has the focus again.
  await tabTo(page, "Connect a bank");
  await press("Enter");
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
  await tabTo(page, "Continue");
  await press("Escape");
  await page.locator("iframe").waitFor({ state: "detached" });
  await expect.poll(() => focused(page)).toMatchObject({ name: "Connect a bank", visible: true });

  // Link, finished: the new bank has the focus.
  await press("Enter");
  await walkThroughLink(page, "Tattersall Federal Credit Union");
  await card(page).waitFor();
  await expect.poll(() => focusedName(page)).toContain("Tattersall Federal Credit Union");

  // The toast, closed: the focus returns to where it was.
  const before = await tabTo(page, /^Tattersall Federal Credit Union connected/);
  await tabTo(page, "Dismiss");
  await press("Enter");
  await page.locator("[data-sonner-toast]").waitFor({ state: "detached" });
  await expect.poll(async () => nameOf(await focused(page))).toBe(before);

  await tabTo(page, /^Your account/);
  await press("Enter");
  await tabTo(page, "Log out");
  await press("Enter");
  await page.waitForURL(`${app.url}/login`);
});

test("The dashboard focuses the page after a failure, with Try again one Tab away (E3)", async ({
  app,
  browser,
}) => {
  const user = await app.signUp("analyst");
  const { page } = await openPage(browser);
  const press = (key: string) => page.keyboard.press(key);
  await logIn(app, page, user);
  await app.fault({
    path: "/item/public_token/exchange",
    times: 9,
    do: { error: "RATE_LIMIT_EXCEEDED" },
  });
  await tabTo(page, "Connect a bank");
  await press("Enter");
  await walkThroughLink(page, "Tattersall Federal Credit Union");
  await page.getByText(/your bank log-in is kept/).waitFor();
  await expect.poll(() => focused(page)).toMatchObject({ name: "Connect a bank", visible: true });
  await tabTo(page, "Try again");
  await press("Enter");
  await card(page).waitFor();
  await expect.poll(() => focusedName(page)).toContain("Tattersall Federal Credit Union");
});
