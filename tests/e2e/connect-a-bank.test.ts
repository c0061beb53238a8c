import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank } from "../support/bank.ts";
import { openPage, type Witness } from "../support/browser.ts";
import {
  card,
  closeLink,
  finishLink,
  finishUpdateMode,
  link,
  logIn,
  logInAtBank,
  manage,
  openBank,
  openOAuthBank,
} from "../support/link.ts";
import { goThroughLink } from "../support/link-session.ts";
import {
  dataVersionOf,
  itemsOf,
  only,
  raiseDataVersion,
  setPlanLimit,
  updateItems,
} from "../support/rows.ts";

const test = testInBrowser();

/** Opens the dashboard as a logged-in user, with the records of the page empty. */
async function dashboard(
  app: TestApp,
  browser: Browser,
  plan = "analyst",
  width = 1280,
): Promise<Witness & { user: TestUser }> {
  const user = await app.signUp(plan);
  const witness = await openPage(browser, { width });
  const { page } = witness;
  await logIn(app, page, user);
  witness.pageLoads.length = 0;
  return { ...witness, user };
}

/** Connects a bank without the browser, in a test that is about what comes after. */
async function connectBefore(app: TestApp, user: TestUser): Promise<void> {
  const { body: link } = await app.post("/plaid/create-link-token", {}, user);
  const { publicToken } = await goThroughLink(app, link.link_token, { bank: "ins_109508" });
  const body = { public_token: publicToken };
  expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
}

/** The log lines of this user's Link events, oldest first. */
const linkEvents = (app: TestApp, user: TestUser) =>
  app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === "link_event" && line.userId === user.id);

/** Everything that a connection would change for this user, here and at Plaid. */
async function stateOf(app: TestApp, user: TestUser) {
  const tables = ["items", "accounts", "link_attempts", "account_activity"];
  const counts = await Promise.all(
    tables.map((table) => app.query(`select 1 from ${table} where user_id = $1`, [user.id])),
  );
  const version = await dataVersionOf(app, user);
  const items = (await app.itemsAtPlaid()).filter((item) => item.client_user_id === user.id);
  return { rows: counts.map((rows) => rows.length), version, atPlaid: items };
}

function expectQuiet(witness: Witness): void {
  expect(witness.console).toEqual([]);
  expect(witness.pageLoads).toEqual([]);
  expect(witness.foreignHosts).toEqual([]);
}

test("Connecting a bank shows a toast and a highlighted card, without a reload or console output (C1, C2, C3, C4, P4, S2)", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page } = witness;
  await openBank(page);
  await finishLink(page);
  await page.getByText(/First Platypus Bank connected: \d+ accounts/).waitFor();
  await card(page).waitFor();
  expect(await card(page).getAttribute("data-new")).toBe("true");
  const shown = await card(page).innerText();
  expect(shown).toContain("Plaid Checking");
  expect(shown).toContain("0000");
  expect(shown).toContain("$110.00");
  expect(await witness.layoutShifts()).toEqual([]);
  expectQuiet(witness);
});

test("A wide dashboard has its cards in two columns, and no card moves when a bank is connected (C2)", async ({
  app,
  browser,
}) => {
  const person = await app.signUp("cfo");
  for (const [bank, accounts] of Object.entries({ Mill: 1, Brook: 3, Harbor: 3, Meadow: 1 })) {
    const balances = Array.from({ length: accounts }, () => ({ balance: "1" }));
    await addBank(app, person, `${bank} Bank`, balances, []);
  }
  const witness = await openPage(browser, { width: 1920 });
  const { page } = witness;
  await logIn(app, page, person);
  await page.locator("[data-charts=there]").waitFor();
  const places = async () =>
    (await card(page).all()).map(async (one) => {
      const { x = 0, y = 0 } = (await one.boundingBox()) ?? {};
      return [await one.getAttribute("aria-label"), x, y + (await page.evaluate(() => scrollY))];
    });
  const before = await Promise.all(await places());
  const [mill, brook, harbor, meadow] = before.map(([, x]) => x);
  expect([brook, meadow]).toEqual([mill, harbor]);
  expect(harbor).toBeGreaterThan(Number(mill));
  await openBank(page);
  await finishLink(page);
  await card(page).nth(4).waitFor();
  const after = await Promise.all(await places());
  expect(after.slice(0, 4)).toEqual(before);
  expect(after[4]?.slice(0, 2)).toEqual(["First Platypus Bank", meadow]);
});

test("The server logs one line for each of the browser's Link events, under one Link session (R6)", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser);
  await openBank(page);
  await finishLink(page);
  await card(page).waitFor();
  const named = () =>
    linkEvents(app, user)
      .map((line) => line.eventName)
      .sort();
  await expect.poll(named).toEqual(["HANDOFF", "OPEN", "SELECT_INSTITUTION"]);
  const lines = linkEvents(app, user);
  expect(new Set(lines.map((line) => line.linkSessionId)).size).toBe(1);
  expect(lines.find((line) => line.eventName === "HANDOFF").institutionId).toBe("ins_109508");
  for (const line of lines) expect(line.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test("A second tab shows the new bank when it gets the focus, without a reload (C4)", async ({
  app,
  browser,
}) => {
  const first = await dashboard(app, browser);
  const second = await openPage(browser, { from: first.page });
  await second.page.goto(`${app.url}/dashboard`);
  await second.page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  second.pageLoads.length = 0;
  await first.page.bringToFront();
  await openBank(first.page);
  await finishLink(first.page);
  await card(first.page).waitFor();
  await second.page.bringToFront();
  await second.page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await card(second.page).waitFor();
  expectQuiet(second);
});

test("An OAuth bank returns the user to /connect/oauth, which connects the accounts (S2)", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page } = witness;
  await openOAuthBank(page);
  await logInAtBank(page);
  await page.waitForURL(`${app.url}/connect/oauth?oauth_state_id=**`);
  await link(page).getByRole("button", { name: "Connect accounts" }).click();
  await page.getByText(/Platypus OAuth Bank connected: \d+ accounts/).waitFor();
  await card(page).waitFor();
  expect(await card(page).getAttribute("data-new")).toBe("true");
  expect(new URL(page.url()).pathname).toBe("/dashboard");
  expect([witness.console, witness.foreignHosts]).toEqual([[], []]);
  // To the bank and back, and no other page load.
  expect(witness.pageLoads.map((url) => new URL(url).pathname)).toEqual([
    "/link/oauth.html",
    "/connect/oauth",
  ]);
});

test("/connect/oauth connects the bank when it opens in a new tab with only the session cookie (S2)", async ({
  app,
  browser,
}) => {
  const first = await dashboard(app, browser);
  await openOAuthBank(first.page);
  const atBank = first.page.url();
  expect(await first.page.context().storageState()).toMatchObject({ origins: [] });
  const witness = await openPage(browser, { from: first.page });
  const { page } = witness;
  await first.page.close();
  await page.goto(atBank);
  await logInAtBank(page);
  await link(page).getByRole("button", { name: "Connect accounts" }).click();
  await card(page).waitFor();
  expect(await card(page).innerText()).toContain("Platypus OAuth Bank");
  expect([witness.console, witness.foreignHosts]).toEqual([[], []]);
});

test("/connect/oauth tells a user who canceled, and one whom no bank sent, what to do next (S2)", async ({
  app,
  browser,
}) => {
  const { page } = await dashboard(app, browser);
  await openOAuthBank(page);
  await page.getByRole("button", { name: "Cancel and return" }).click();
  await page.waitForURL(`${app.url}/connect/oauth?oauth_state_id=**`);
  await closeLink(page, "Exit");
  await page.getByRole("heading", { name: "You are back from your bank" }).waitFor();
  await page.goto(`${app.url}/connect/oauth`);
  await page.getByRole("heading", { name: "This connection cannot be continued" }).waitFor();
  await page.getByRole("link", { name: "Back to the dashboard" }).click();
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  expect(await card(page).count()).toBe(0);
});

test("/connect/oauth does not say that nothing was connected when the outcome is unknown (S2)", async ({
  app,
  browser,
}) => {
  const { page } = await dashboard(app, browser);
  await openOAuthBank(page);
  await logInAtBank(page);
  await page.route("**/trpc/connectAccount*", (route) => route.abort());
  await link(page).getByRole("button", { name: "Connect accounts" }).click();
  await page.getByText("The connection is not confirmed yet").waitFor();
  await page.getByText("The dashboard shows what is connected").waitFor();
  expect(await page.locator("body").innerText()).not.toContain("Nothing was connected");
});

test("Link does not offer the previous user's connection when another user logs in in the same tab (I6)", async ({
  app,
  browser,
}) => {
  const { page } = await dashboard(app, browser);
  await page.route("**/trpc/connectAccount*", (route) => route.abort());
  await openBank(page);
  await finishLink(page);
  await page.getByText("The connection is not confirmed yet").waitFor();
  await page.getByRole("button", { name: /Your account/ }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  await page.getByText("The connection is not confirmed yet").waitFor({ state: "detached" });
});

test("The log-in page shows none of the previous user's messages, not even late ones (I6)", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser);
  await connectBefore(app, user);
  let fail = () => {};
  const held = new Promise<void>((resolve) => {
    fail = resolve;
  });
  await page.route("**/trpc/items.refresh*", (route) => route.abort());
  await manage(page, "Refresh now");
  const message = page.getByText("The bank was not refreshed");
  await message.waitFor();
  await page.unroute("**/trpc/items.refresh*");
  await page.route("**/trpc/items.refresh*", (route) => held.then(() => route.abort()));
  await page.getByRole("button", { name: "Try again" }).click();
  // The session ends elsewhere.
  await app.query("delete from sessions where user_id = $1", [user.id]);
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Log in" }).waitFor();
  await message.waitFor({ state: "detached" });
  const failed = page.waitForEvent("requestfailed");
  fail();
  await failed;
  await page.waitForTimeout(300);
  expect(await message.count()).toBe(0);
});

test("/connect/oauth does not continue the connection of another user (S2, I6)", async ({
  app,
  browser,
}) => {
  const first = await dashboard(app, browser);
  await openOAuthBank(first.page);
  const atBank = first.page.url();
  const second = await dashboard(app, browser);
  await second.page.goto(atBank);
  await logInAtBank(second.page);
  await second.page.getByRole("heading", { name: "This connection cannot be continued" }).waitFor();
  expect(await second.page.content()).not.toContain("link-sandbox-");
  expect(await app.query("select * from open_links")).not.toEqual([]);
  expect(JSON.stringify(await app.query("select * from open_links"))).not.toContain("link-sandbox");
});

test("Closing Link shows no error, logs an analytics event and leaves nothing else (E2)", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page, user } = witness;
  const before = await stateOf(app, user);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  // Link reports OPEN once its first pane is shown.
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
  await closeLink(page);
  await page.locator("iframe").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Connect a bank" }).waitFor();
  await expect.poll(() => linkEvents(app, user)).toHaveLength(2);
  const [opened, closed] = ["OPEN", "EXIT"].map((name) =>
    linkEvents(app, user).find((line) => line.eventName === name),
  );
  expect(closed).toMatchObject({
    linkSessionId: opened.linkSessionId,
    requestId: expect.any(String),
  });
  expect([closed.errorType, closed.errorCode]).toEqual([null, null]);
  expect(await page.locator("[data-sonner-toast]").count()).toBe(0);
  expect(await card(page).count()).toBe(0);
  expect(await stateOf(app, user)).toEqual(before);
  const kinds = app.logLines.map((line) => JSON.parse(line)).filter((l) => l.userId === user.id);
  expect(kinds.map((line) => line.event)).toEqual([
    ...["plaid_user", "link_token"],
    ...["link_event", "link_event"],
  ]);
  expectQuiet(witness);
});

test("The dashboard shows a plain message and a retry when the link_token cannot be created (E1)", async ({
  app,
  browser,
}) => {
  const { page } = await dashboard(app, browser);
  await app.fault({ path: "/link/token/create", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await page.getByText("The bank connection did not open").waitFor();
  expect(await page.locator("body").innerText()).not.toContain("INTERNAL_SERVER_ERROR");
  await page.getByRole("button", { name: "Try again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
});

test("The dashboard connects the bank on a retry with the same log-in when the exchange failed (E3)", async ({
  app,
  browser,
}) => {
  const { page } = await dashboard(app, browser);
  await app.fault({
    path: "/item/public_token/exchange",
    times: 9,
    do: { error: "RATE_LIMIT_EXCEEDED" },
  });
  await openBank(page);
  await finishLink(page);
  await page.getByText("Busy, trying again").waitFor();
  await page.getByText(/your bank log-in is kept/).waitFor();
  expect(await card(page).count()).toBe(0);
  await page.getByRole("button", { name: "Try again" }).click();
  await card(page).waitFor();
});

test("The dashboard says so and offers a new start when the bank log-in has expired (E3)", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser);
  await app.fault({
    path: "/item/public_token/exchange",
    times: 9,
    do: { error: "RATE_LIMIT_EXCEEDED" },
  });
  await openBank(page);
  await finishLink(page);
  await page.getByText(/your bank log-in is kept/).waitFor();
  // Plaid's public_tokens are valid for 30 minutes.
  await app.advanceClock(31 * 60);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("This bank log-in has expired or was already used.").waitFor();
  expect(await page.locator("body").innerText()).not.toContain("PUBLIC_TOKEN");
  expect((await stateOf(app, user)).rows.slice(0, 2)).toEqual([0, 0]);
  await page.getByRole("button", { name: "Connect again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await link(page).getByRole("button", { name: "First Platypus Bank" }).click();
  await finishLink(page);
  await card(page).waitFor();
});

test("A user can sign up, log out and log in again on a phone (P1)", async ({ app, browser }) => {
  const witness = await openPage(browser, { width: 390 });
  const { page } = witness;
  await page.goto(`${app.url}/`);
  await page.goto(`${app.url}/signup`);
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByLabel("Email").fill("grace@example.com");
  await page.getByLabel("Password", { exact: true }).fill("a long enough one");
  await page.locator("form button[type=submit]").click();
  await page.getByText("Check your email to finish signing up").waitFor();
  await page.locator("[name=password]:focus").waitFor();
  // The email is filled in and the password has the focus, so the user only types it.
  await page.keyboard.type("a long enough one");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Accounts" }).waitFor();
  expect(witness.console).toEqual([]);
  const cookies = await page.context().cookies();
  const session = cookies.find((cookie) => cookie.name.includes("session_token"));
  expect([session?.httpOnly, session?.sameSite]).toEqual([true, "Lax"]);
});

test("The dashboard names the accounts and offers to reconnect or connect anyway when the bank is already connected (I2, K3)", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser, "cfo");
  const { page, user } = witness;
  await connectBefore(app, user);
  await card(page).waitFor();
  await openBank(page);
  await finishLink(page);
  const decision = page.getByRole("dialog", { name: "You have these accounts already" });
  await decision.getByRole("listitem").getByText("Plaid Checking •••• 0000").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await finishUpdateMode(page);
  await page.getByText("First Platypus Bank is connected again").waitFor();
  expect(await card(page).count()).toBe(1);
  const exchanged = (await stateOf(app, user)).atPlaid.filter((item) => item.access_token_issued);
  expect(exchanged).toHaveLength(1);
  await openBank(page);
  await finishLink(page);
  await page.getByRole("button", { name: "Connect anyway" }).click();
  await card(page).nth(1).waitFor();
  expect(witness.pageLoads).toEqual([]);
});

test("The dashboard offers to reconnect in a message when the dialog cannot be loaded (I7)", async ({
  app,
  browser,
}) => {
  const { page, user } = await dashboard(app, browser, "cfo");
  await connectBefore(app, user);
  await page.route(/\/decision-dialog-/, (route) => route.abort());
  await card(page).waitFor();
  await openBank(page);
  await finishLink(page);
  await page.getByText("You have these accounts already").waitFor();
  await page
    .getByText(/Plaid Checking/)
    .last()
    .waitFor();
  await page.getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
});

test("A bank's card offers its new accounts, and adds the chosen ones within the plan", async ({
  app,
  browser,
}) => {
  // Its own plan, because its limit changes.
  await app.query(
    `insert into plans values ('own', 'Own', 0, 'USD', 100)
     on conflict (id) do update set max_accounts = excluded.max_accounts`,
  );
  const witness = await dashboard(app, browser, "own");
  const { page, user } = witness;
  const logIn = async (check: "check" | "uncheck") => {
    await link(page).getByRole("textbox", { name: "Username" }).fill("user_good");
    await link(page).getByLabel("Password", { exact: true }).fill("pass_good");
    await link(page).getByRole("button", { name: "Log in" }).click();
    await link(page).getByRole("checkbox").last()[check]();
    await link(page).getByRole("button", { name: "Connect accounts" }).click();
  };
  await openBank(page);
  await logIn("uncheck");
  const rows = card(page)
    .getByRole("listitem")
    .filter({ has: page.getByRole("link") });
  await rows.first().waitFor();
  const shared = await rows.count();
  await setPlanLimit(app, "own", shared);
  // What the bank's webhook will do.
  await updateItems(app, { new_accounts: true }, { user });
  const look = async () => {
    await raiseDataVersion(app, user);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  };
  await look();
  await card(page).getByText("your plan has no room for another").waitFor();
  await setPlanLimit(app, "own", shared + 1);
  await look();
  const choose = async () => {
    const name = "Choose accounts at First Platypus Bank";
    await card(page).getByRole("button", { name }).click();
    await link(page).getByRole("button", { name: "Continue" }).click();
  };
  await choose();
  // The plan's room is used up while the user chooses.
  await setPlanLimit(app, "own", shared);
  await logIn("check");
  const toast = page.locator("[data-sonner-toast]");
  await toast.getByText("First Platypus Bank is connected again").waitFor();
  expect(witness.console.splice(0)).toEqual([expect.stringContaining("403")]);
  await toast.getByText("1 new account does not fit the Own plan").waitFor();
  await card(page).getByText("your plan has no room for another").waitFor();
  await page.getByRole("link", { name: "Activity", exact: true }).click();
  const line = page.getByRole("listitem").filter({ hasText: "First Platypus Bank reconnected" });
  await line.getByText("New accounts were not added").waitFor();
  await page.getByRole("link", { name: "Dashboard", exact: true }).click();
  await card(page).waitFor();
  await setPlanLimit(app, "own", shared + 1);
  await look();
  await choose();
  await logIn("check");
  await page.getByText("1 account added at First Platypus Bank").waitFor();
  await expect.poll(() => rows.count()).toBe(shared + 1);
  expect(
    await card(page)
      .getByRole("button", { name: /Choose/ })
      .count(),
  ).toBe(0);
  expectQuiet(witness);
});

/** Connects a bank that needs a new log-in, and waits for its card to show it. Returns the id of its Item. */
async function bankToReconnect(
  app: TestApp,
  { page, user }: { page: Page; user: TestUser },
): Promise<string> {
  await connectBefore(app, user);
  await card(page).waitFor();
  const item = await only(itemsOf(app, user));
  await app.control("POST", "items/reset-login", { item_id: item.plaid_item_id });
  // What the bank's webhook will do.
  await updateItems(app, { status: "login_required" }, { itemId: item.id });
  await raiseDataVersion(app, user);
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await card(page).getByRole("button", { name: "Reconnect First Platypus Bank" }).waitFor();
  return item.id;
}

test("A bank's card asks for a new log-in and repairs the bank in one press, even when no response arrived", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page, user } = witness;
  const itemId = await bankToReconnect(app, witness);
  await card(page).getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await page.route("**/trpc/plaid.finishUpdateMode*", (route) => route.abort());
  await finishUpdateMode(page);
  await page.getByText("The connection is not confirmed yet").waitFor();
  await page.unroute("**/trpc/plaid.finishUpdateMode*");
  expect(witness.console.splice(0)).toEqual([expect.stringContaining("ERR_FAILED")]);
  await page.getByRole("button", { name: "Try again" }).click();
  await card(page)
    .getByRole("button", { name: /Reconnect/ })
    .waitFor({ state: "detached" });
  expect(await card(page).getAttribute("data-item-id")).toBe(itemId);
  expect((await stateOf(app, user)).atPlaid).toHaveLength(1);
  expectQuiet(witness);
});

test("The toast offers to connect a bank again when it is gone at Plaid, which opens Link", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page } = witness;
  await bankToReconnect(app, witness);
  for (const path of ["/link/token/create", "/item/get"])
    await app.fault({ path, times: 1, do: { error: "ITEM_NOT_FOUND" } });
  await card(page).getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
  // The toast of the connection may still be fading out.
  const toast = page
    .locator("[data-sonner-toast]")
    .filter({ hasText: "Access to this bank has ended" });
  await toast.getByRole("button", { name: "Connect again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
});

test("The toast says that nothing changed and retries the same bank when the bank breaks off a reconnection", async ({
  app,
  browser,
}) => {
  const witness = await dashboard(app, browser);
  const { page, user } = witness;
  await bankToReconnect(app, witness);
  await card(page).getByRole("button", { name: "Reconnect First Platypus Bank" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await link(page).getByRole("textbox", { name: "Username" }).fill("user_good");
  await link(page).getByLabel("Password", { exact: true }).fill("error_INTERNAL_SERVER_ERROR");
  await link(page).getByRole("button", { name: "Log in" }).click();
  await closeLink(page, "Exit");
  const toast = page.locator("[data-sonner-toast]");
  await toast.getByText("The bank was not reconnected").waitFor();
  await toast.getByText("Nothing was changed").waitFor();
  await toast.getByRole("button", { name: "Try again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).click();
  await finishUpdateMode(page);
  await page.getByText("First Platypus Bank is connected again").waitFor();
  expect((await stateOf(app, user)).atPlaid).toHaveLength(1);
});
