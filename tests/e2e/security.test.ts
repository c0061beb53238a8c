import { expect } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { bringSession, logInByForm } from "../support/link.ts";
import { sessionsOf } from "../support/rows.ts";

const test = testInBrowser();

test("The security page lists sessions, logs one out, and logs out the others when the password changes", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page, console: consoleLines } = await openPage(browser, {
    colorScheme: "dark",
    width: 390,
  });
  await logInByForm(app, page, ada);
  const other = await openPage(browser);
  await logInByForm(app, other.page, ada);
  await page.goto(`${app.url}/settings/security`);
  await page.getByText("This one").waitFor();
  const open = page.getByRole("region", { name: "Logged in" }).getByRole("listitem");
  expect(await open.filter({ hasText: "Chrome on Linux" }).count()).toBe(2);
  for (const { token } of await sessionsOf(app, ada)) {
    expect(await page.content()).not.toContain(token);
  }
  expect(await axeViolations(page)).toEqual([]);

  const before = (await sessionsOf(app, ada)).length;
  await page.getByRole("button", { name: "Log out Unknown device" }).click();
  await page.getByText("It is logged out.").waitFor();
  // Its button, which had the focus, no longer exists.
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
  expect((await sessionsOf(app, ada)).length).toBe(before - 1);

  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("another battery staple");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("This is not your current password").waitFor();
  await page.getByLabel("Current password").fill(ada.password);
  await page.getByLabel("New password").fill("another battery staple");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed.").waitFor();
  expect((await sessionsOf(app, ada)).length).toBe(1);
  // The other browser is logged out by itself.
  await other.page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  expect(consoleLines.filter((line) => !/40[01]/.test(line))).toEqual([]);
});

test("The security page changes the password once when the button is pressed twice on a slow network", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser);
  await bringSession(app, page, ada);
  await logInByForm(app, (await openPage(browser)).page, ada);
  await page.goto(`${app.url}/settings/security`);
  let sent = 0;
  let respond = () => {};
  const held = new Promise<void>((resolve) => {
    respond = resolve;
  });
  await page.route(/\/settings\/security\.data/, async (route) => {
    if (route.request().method() === "POST") sent += 1;
    // The request reaches the server whether or not the page waits for it. The response is late.
    const response = await route.fetch();
    await held;
    await route.fulfill({ response }).catch(() => {});
  });
  await page.getByLabel("Current password").fill(ada.password);
  await page.getByLabel("New password").fill("another battery staple");
  const button = page.getByRole("button", { name: /Chang/ });
  await button.dblclick();
  await page.waitForTimeout(100);
  expect(await button.getAttribute("aria-busy")).toBe("true");
  await button.press("Enter");
  // Another form of the page does not make it lose this one either.
  await page.getByRole("button", { name: "Log out everywhere else" }).press("Enter");
  await page
    .getByRole("button", { name: /^Log out Chrome/ })
    .first()
    .press("Enter");
  respond();
  await page.getByText("Your password is changed.").waitFor();
  await page.waitForTimeout(1_000);
  expect(await page.getByText("Your password is changed.").count()).toBe(1);
  expect(await page.getByText("This is not your current password").count()).toBe(0);
  expect(sent).toBe(1);
  await logInByForm(app, (await openPage(browser)).page, {
    ...ada,
    password: "another battery staple",
  });
});

test("The security page focuses the invalid password field, and clears the fields only when the password changed", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser);
  await bringSession(app, page, ada);
  await logInByForm(app, (await openPage(browser)).page, ada);
  await page.goto(`${app.url}/settings/security`);
  const current = page.getByLabel("Current password");
  const fresh = page.getByLabel("New password");
  const change = page.getByRole("button", { name: "Change password" });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name"));

  await current.fill("not the password");
  await fresh.fill("another battery staple");
  await change.click();
  await page.getByText("This is not your current password").waitFor();
  await expect.poll(focused).toBe("currentPassword");
  expect(await current.getAttribute("aria-describedby")).toBe("currentPassword-error");
  await current.fill(ada.password);
  await fresh.fill("short");
  await change.click();
  await expect.poll(focused).toBe("newPassword");

  await fresh.fill("another battery staple");
  await page.getByRole("button", { name: /^Log out Chrome/ }).click();
  await page.getByText("It is logged out.").waitFor();
  expect(await fresh.inputValue()).toBe("another battery staple");

  for (const [before, after] of [
    [ada.password, "another battery staple"],
    ["another battery staple", "yet another battery staple"],
  ] as const) {
    await current.fill(before);
    await fresh.fill(after);
    await change.click();
    // Two password hashes take time.
    await expect.poll(() => fresh.inputValue(), { timeout: 10_000 }).toBe("");
    expect(await current.inputValue()).toBe("");
    await page.getByText("Your password is changed.").waitFor();
  }
});

test("The security page revokes all API keys when the password changes, unless the box is unticked", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const makeKey = async () => {
    const input = { name: "Nightly", scopes: ["accounts:read" as const], expiresInDays: 1 };
    return (await createApiKey(app.services.db, ada.id, input)).key;
  };
  const status = async (key: string) =>
    (await fetch(`${app.url}/api/v1/accounts`, { headers: { authorization: `Bearer ${key}` } }))
      .status;
  const witness = await openPage(browser, { width: 390 });
  const { page } = witness;
  await bringSession(app, page, ada);
  await page.goto(`${app.url}/settings/security`);
  const box = page.getByRole("checkbox", { name: "Revoke all API keys" });
  const change = async (from: string, to: string) => {
    await page.getByLabel("Current password").fill(from);
    await page.getByLabel("New password").fill(to);
    await page.getByLabel("New password").press("Enter");
    await page.getByText("Your password is changed.").waitFor();
    await expect.poll(() => page.getByLabel("New password").inputValue()).toBe("");
  };
  const kept = await makeKey();
  expect(await box.isChecked()).toBe(true);
  await box.press("Space");
  expect(await box.isChecked()).toBe(false);
  await change(ada.password, "another battery staple");
  expect(await status(kept)).toBe(200);
  expect(await axeViolations(page)).toEqual([]);
  expect(await witness.layoutShifts()).toEqual([]);

  await page.reload();
  await change("another battery staple", "yet another battery staple");
  expect(await status(kept)).toBe(401);
  await page.goto(`${app.url}/settings/api-keys`);
  await page.getByText("Revoked", { exact: true }).waitFor();
});

test("The security page lists log-ins and failed attempts, newest first, while the log-in page reveals nothing to the visitor", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page } = await openPage(browser, { width: 390 });
  await page.goto(`${app.url}/login`);
  for (const email of ["nobody@example.com", ada.email]) {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    // The message of the first attempt may still be there.
    await Promise.all([
      page.waitForResponse((response) => response.request().method() === "POST"),
      page.getByRole("button", { name: "Log in" }).click(),
    ]);
    await page.getByText("This email and password do not fit together.").waitFor();
  }
  await logInByForm(app, page, ada);
  await app.query(
    `insert into log_ins (user_id, outcome, at)
     select $1, 'succeeded', now() - n * interval '1 day' from generate_series(1, 12) n`,
    [ada.id],
  );
  await page.goto(`${app.url}/settings/security`);
  const history = page.getByRole("region", { name: "Security record" });
  const lines = history.getByRole("listitem");
  // The page is rendered with UTC, and shows local time after hydration.
  await history.getByText("UTC").first().waitFor({ state: "detached" });
  const [first, second] = await lines.allInnerTexts();
  expect(first).toMatch(
    /^Logged in\s+\w+ \d+, \d{4}, [\d:]+ [AP]M\s+Chrome on Linux · (127\.0\.0\.1|::1)$/,
  );
  expect(second).toMatch(
    /^Someone tried a wrong password\s.*\s+Chrome on Linux · (127\.0\.0\.1|::1)$/s,
  );
  expect(await lines.count()).toBe(10);
  await history.getByText("4 older ones").press("Enter");
  expect(await lines.count()).toBe(14);
  expect(await page.content()).not.toContain("not the password");
  expect(await axeViolations(page)).toEqual([]);
});

test("The security page ends and shows no session of another user when its id is guessed, also without JavaScript", async ({
  app,
}) => {
  const ada = await app.signUp();
  const eve = await app.signUp();
  const [session] = await sessionsOf(app, ada);
  for (const id of [session?.id ?? "", "no uuid"]) {
    const response = await fetch(`${app.url}/settings/security`, {
      method: "POST",
      headers: { cookie: eve.cookie },
      body: new URLSearchParams({ intent: "end", id }),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(session?.id);
  }
  expect(await sessionsOf(app, ada)).toContainEqual(session);
});

test("A password field masks the password except while the user asks to see it", async ({
  app,
  browser,
}) => {
  const { page } = await openPage(browser);
  for (const path of ["/login", "/signup"]) {
    await page.goto(`${app.url}${path}`);
    const password = page.getByLabel("Password", { exact: true });
    await password.fill("correct horse battery");
    expect(await password.getAttribute("type")).toBe("password");
    await page.getByRole("button", { name: "Show password" }).click();
    expect(await password.getAttribute("type")).toBe("text");
    await page.getByRole("button", { name: "Hide password" }).click();
    expect(await password.getAttribute("type")).toBe("password");
    expect(await password.inputValue()).toBe("correct horse battery");
  }
});
