import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { text } from "../../app/text.ts";
import { itemProblemKinds, itemProblems } from "../../server/contracts/item-problem.ts";
import { changeItem, type ItemChange } from "../../server/items/check-item.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { findTextProblems } from "../pseudo-locale/find-text.ts";
import { inEither } from "../pseudo-locale/in-either.ts";
import { tag } from "../pseudo-locale/pseudo-locale.ts";
import { readData } from "../pseudo-locale/read-data.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { axeViolations } from "../support/axe.ts";
import { addBank, daysAgo, type TransactionRow } from "../support/bank.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import {
  card,
  finishLink,
  finishUpdateMode,
  link,
  logIn,
  logInByForm,
  manage,
  openBank,
} from "../support/link.ts";
import { mailAbout } from "../support/mail.ts";
import { deleteStepUps, removeJobs } from "../support/rows.ts";
import { authenticator } from "../support/second-factor.ts";
import { addVirtualAuthenticator } from "../support/virtual-authenticator.ts";

/**
 * A walk through every page and state. `npm run screenshots` takes pictures, for review:
 * `screenshots/<width>-<scheme>/<state>.png`. As a test in the pseudo-locale it checks the words instead.
 */
const folder = path.join(import.meta.dirname, "../../screenshots");
const isPseudo = text.locale === tag;

let app: TestApp;
let browser: Browser;
beforeAll(async () => {
  [app, browser] = await Promise.all([startTestApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});
beforeEach(() => app.clearFaults());

const everyView = [390, 768, 1280, 1920].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })),
);
/** Words have the least room on a phone. */
const views = isPseudo ? everyView.slice(0, 1) : everyView;

const fine = { untranslated: [], cut: [] };
/** For developers, who read English: what the API's schemas say, and the local mailbox. */
const isTranslated = (state: string) => !/^(api-docs|local-mailbox|mail-html)$/.test(state);

/**
 * Opens a page in one of the views. Returns it with a function that takes a picture once axe has found
 * nothing.
 */
async function studio(view: (typeof everyView)[number], { scripts = true } = {}) {
  const opened = await openPage(browser, { ...view, scripts });
  opened.page.setDefaultTimeout(30_000);
  const page = isPseudo ? inEither(opened.page) : opened.page;
  const into = path.join(folder, `${view.width}-${view.colorScheme}`);
  mkdirSync(into, { recursive: true });
  let data: string[] = [];
  const shoot = async (state: string, { whole = false, moving = false } = {}) => {
    const { overflow } = await page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    expect.soft(overflow, `${state}: pixels beyond the right edge`).toBeLessThanOrEqual(0);
    if (isPseudo) {
      if (scripts && isTranslated(state)) {
        // A page may still show what was deleted. While the database is away, nothing new has a name.
        data = [...data, ...(await readData(app).catch(() => []))];
        expect.soft(await findTextProblems(opened.page, data), state).toEqual(fine);
      }
      return;
    }
    // A fading toast has too little contrast; and axe is a script.
    if (!moving && scripts) expect(await axeViolations(page), state).toEqual([]);
    // What sticks to the top of the window would appear in the middle of the picture.
    if (whole) await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({
      path: path.join(into, `${state}.png`),
      fullPage: whole,
      // A passing state (a fading ring, a spinner) is captured as it is.
      animations: moving ? "allow" : "disabled",
    });
  };
  return { page, shoot };
}

const toast = (page: Page, words: string | RegExp) =>
  page.locator("[data-sonner-toast][data-mounted=true]").getByText(words).waitFor();

/** By its name, because Link is in a dialog too, which stays in the page for a moment after it closed. */
const roomDialog = (page: Page) => page.getByRole("dialog", { name: "Your plan has room for" });

test.each(views)("before the log-in, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  await page.goto(`${app.url}/login`);
  await shoot("log-in");
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor();
  await shoot("log-in-refused");
  await page.goto(`${app.url}/signup`);
  await shoot("sign-up");
  await page.locator("form button[type=submit]").click();
  await page.getByText("Enter your name").waitFor();
  await shoot("sign-up-refused");
  await page.goto(`${app.url}/nowhere`);
  await shoot("not-found");
  await page.goto(`${app.url}/api/docs`);
  await shoot("api-docs");
});

test.each(views)("from the first bank to the third, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("accountant", undefined, "Ada Lovelace");
  await logIn(app, page, user);
  await shoot("dashboard-empty", { whole: true });
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByText("Nothing yet").waitFor();
  await shoot("activity-empty");
  await page.getByRole("link", { name: "Dashboard", exact: true }).click();

  await app.fault({ path: "/link/token/create", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await toast(page, "The bank connection did not open");
  await shoot("link-did-not-open");
  await page.getByRole("button", { name: "Dismiss" }).click();

  await app.fault({ path: "/link/token/create", times: 1, do: { delay: 1_500 } });
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await page.locator("#connect-a-bank[aria-busy=true]").waitFor();
  await shoot("link-opening", { moving: true });
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
  await shoot("link-open");
  await link(page).getByRole("button", { name: "Close" }).first().click();
  await page.locator("iframe").waitFor({ state: "detached" });
  await shoot("link-closed");

  await app.fault({ path: "/item/public_token/exchange", times: 9, do: { error: "RATE_LIMIT" } });
  await openBank(page);
  await finishLink(page);
  await page.getByText("Busy, trying again").waitFor();
  await shoot("connecting-busy", { moving: true });
  await toast(page, /your bank log-in is kept/);
  await shoot("connection-failed");
  await app.fault({ path: "/item/public_token/exchange", times: 1, do: { delay: 1_500 } });
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("[data-pending]").waitFor();
  await shoot("connecting", { moving: true });
  await card(page).waitFor();
  await toast(page, /First Platypus Bank connected/);
  await shoot("connected", { moving: true });

  for (const bank of ["Transatlantic Trust", "Lighthouse Savings"]) {
    await openBank(page, bank);
    await finishLink(page);
    await page.locator(`[aria-label="${bank}"][data-item-id]`).waitFor();
  }
  await page.reload();
  await shoot("dashboard", { whole: true });
  await page.getByRole("button", { name: "Your account" }).click();
  await shoot("account-menu");
  await page.keyboard.press("Escape");
  await app.query("update items set status = 'login_required' where user_id = $1", [user.id]);
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await page.reload();
  await shoot("dashboard-needs-log-in", { whole: true });
  await app.query(
    `update items set status = case institution_name when 'Transatlantic Trust' then 'expiring'
         when 'Lighthouse Savings' then 'good' else 'revoked' end,
       expires_at = now() + interval '5 days', new_accounts = true where user_id = $1`,
    [user.id],
  );
  await app.query("update accounts set revoked_at = now() where user_id = $1 and position = 0", [
    user.id,
  ]);
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await page.reload();
  await shoot("dashboard-banks-ask", { whole: true });

  await openBank(page, "Houndstooth Bank");
  await finishLink(page);
  await roomDialog(page).waitFor();
  await shoot("too-many-accounts");
  await page.keyboard.press("Escape");
  await toast(page, /more than your plan holds/);
  await shoot("too-many-accounts-canceled");
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await shoot("activity");
});

test.each(views)("room in the plan, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  await logIn(app, page, await app.signUp("intern", undefined, "Ada Lovelace"));
  await openBank(page);
  await finishLink(page);
  const dialog = page.getByRole("dialog");
  await roomDialog(page).waitFor();
  await shoot("room-for-some");
  await dialog.getByRole("button", { name: "Connect 2 accounts" }).click();
  await toast(page, /First Platypus Bank connected/);
  await page.reload();
  await shoot("card-not-connected", { whole: true });
  await card(page)
    .getByRole("button", { name: /^Manage/ })
    .click();
  await shoot("card-menu");
  await page.getByRole("menuitem", { name: "Rename or hide accounts" }).click();
  await dialog.getByRole("textbox").first().fill("Everyday");
  await dialog.getByRole("checkbox").last().uncheck();
  await shoot("account-names");
  await dialog.getByRole("button", { name: "Save" }).click();
  await card(page).getByText("Everyday").waitFor();
  await shoot("account-renamed", { whole: true });
  await manage(page, "Add or remove accounts");
  await dialog.getByRole("checkbox", { name: "Everyday" }).uncheck();
  await shoot("change-accounts");
  await page.keyboard.press("Escape");
  await manage(page, "Refresh now");
  await toast(page, /Asking First Platypus Bank/);
  await shoot("refreshing", { moving: true });
});

test.each(views)("the way back to a connection, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("intern", undefined, "Ada Lovelace");
  await logIn(app, page, user);
  const { request } = page.context();
  const post = (body: string) =>
    request.post(`${app.url}/connect/oauth`, {
      headers: { "content-type": "application/x-www-form-urlencoded", origin: app.url },
      data: body,
    });
  await app.post("/trpc/plaid.createLinkToken", {}, user);
  await post("oauth_state_id=first");
  const back = `${app.url}/connect/oauth?oauth_state_id=first`;
  const end = (set: string) =>
    app.query(`update link_tokens set ${set} where user_id = $1`, [user.id]);
  for (const [state, set] of [
    ["opened-before", "asked_at = null"],
    ["pending", "finished_at = now(), institution_name = 'First Platypus Bank'"],
    ["connected", "status = 'closed', outcome = 'connected', told_at = now()"],
    ["not-connected", "outcome = 'not_connected', reason = 'limit_reached'"],
  ] as const) {
    await end(set);
    await page.goto(back);
    await page.getByRole("link", { name: "Back to the dashboard" }).waitFor();
    await shoot(`oauth-${state}`);
  }
  for (const [state, words, set] of [
    ["no-room", "has more accounts than", "told_at = null"],
    ["not-received", "we never received it", "told_at = null, outcome = 'not_received'"],
    ["connected", "We finished connecting", "told_at = null, outcome = 'connected'"],
  ] as const) {
    await end(set);
    await page.goto(`${app.url}/dashboard`);
    await toast(page, new RegExp(words));
    await shoot(`closed-tab-${state}`);
  }
  await app.query("update users set plan = 'cfo' where id = $1", [user.id]);
  await page.goto(`${app.url}/dashboard`);
  await openBank(page);
  await finishLink(page);
  await card(page).waitFor();
  const [{ plaid_item_id: item_id }] = await app.query(
    "select plaid_item_id from items where user_id = $1",
    [user.id],
  );
  const error_code = "USER_PERMISSION_REVOKED";
  await app.control("POST", "items/error", { item_id, error_code });
  await app.query("update items set status = 'good', problem = null");
  await page.reload();
  await openBank(page);
  await finishLink(page);
  await toast(page, "Access to First Platypus Bank had ended");
  await shoot("ended-duplicate");
  await page.getByText("Investments", { exact: true }).click();
  await openBank(page, "Meridian Brokerage");
  await finishLink(page);
  await card(page).nth(1).waitFor();
  await page.reload();
  await card(page).nth(1).waitFor();
  await shoot("card-balances-only", { whole: true });
});

test.each(views)("what a bank asks, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst", undefined, "Ada Lovelace");
  const { services } = app;
  const token = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: token }, user);
  const item = { userId: user.id, itemId: body.item.id };
  await syncItem(services, item, services.log, new AbortController().signal);
  await logIn(app, page, user);
  const message = "Please answer your bank's question in its app.";
  for (const kind of itemProblemKinds) {
    const { status, activity } = itemProblems[kind];
    const problem = { kind, message: kind === "unknown" ? message : null };
    const change: ItemChange = { status: status ?? "good", problem, kind: activity };
    await changeItem(services, item, services.log, () => change);
    await page.reload();
    await shoot(`card-${kind}`, { whole: true });
  }
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await shoot("activity-problems", { whole: true });
  const repaired = { status: "good", problem: null, kind: "repaired" } as const;
  await changeItem(services, item, services.log, () => repaired);
  await app.query(
    "update item_syncs set transactions_unreadable = 1, accounts_unreadable = 2 where item_id = $1",
    [item.itemId],
  );
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await page.goto(`${app.url}/dashboard`);
  await shoot("card-unreadable", { whole: true });
  await page.goto(`${app.url}/transactions`);
  await shoot("transactions-unreadable");
  await app.query(
    "update item_syncs set status = 'failed', cursor_refusals = 2 where item_id = $1",
    [item.itemId],
  );
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await page.goto(`${app.url}/dashboard`);
  await shoot("card-cursor-refused", { whole: true });
});

test.each(views)(
  "a full plan, odd names and broken pages, $width px, $colorScheme",
  async (view) => {
    const { page, shoot } = await studio(view);
    const user = await app.signUp("analyst", undefined, "Wolfeschlegelsteinhausenbergerdorff");
    await logIn(app, page, user);
    await openBank(page, "The Most Venerable");
    await finishLink(page);
    await card(page).waitFor();
    const dialog = page.getByRole("dialog");
    await manage(page, "Disconnect");
    await dialog.waitFor();
    await shoot("disconnect-long-name");
    await page.keyboard.press("Enter");
    await dialog.getByText("These are not the words above").waitFor();
    await shoot("disconnect-refused");
    await page.keyboard.press("Escape");
    await app.query("update users set plan = 'intern' where id = $1", [user.id]);
    await page.reload();
    await shoot("plan-full", { whole: true });
    await page.getByRole("button", { name: "Connect a bank" }).press("Enter");
    await toast(page, "Your plan is full");
    await shoot("plan-full-pressed");

    await page.goto(`${app.url}/connect/oauth`);
    await shoot("oauth-lost");
    await app.query("alter table items rename to gone");
    await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
    await page.goto(`${app.url}/dashboard`);
    await app.query("alter table gone rename to items");
    await shoot("page-failed");
  },
);

test.each(views)("a bank is disconnected, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst", undefined, "Ada Lovelace");
  await logIn(app, page, user);
  for (const institution of ["ins_109510", "ins_109508"]) {
    const token = await app.publicToken(institution);
    await app.post("/plaid/exchange-token", { public_token: token }, user);
  }
  await page.reload();
  const dialog = page.getByRole("dialog");
  await manage(page, "Disconnect", "First Platypus Bank");
  await dialog.waitFor();
  await shoot("disconnect");
  await dialog.getByRole("textbox").fill("disconnect First Platypus Bank");
  await app.query("alter table items rename to gone");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await dialog.getByRole("alert").waitFor();
  await app.query("alter table gone rename to items");
  await shoot("disconnect-failed");
  await app.fault({ path: "/item/remove", times: 1, do: { delay: 1_500 } });
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await dialog.locator("[aria-busy=true]").waitFor();
  await shoot("disconnecting", { moving: true });
  await toast(page, "First Platypus Bank disconnected");
  await shoot("disconnected", { whole: true });
});

test.each(views)("a bank is reconnected, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst", undefined, "Ada Lovelace");
  const token = await app.publicToken();
  await app.post("/plaid/exchange-token", { public_token: token }, user);
  await app.query("update items set status = 'login_required' where user_id = $1", [user.id]);
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
  await logIn(app, page, user);
  const reconnect = () =>
    card(page)
      .getByRole("button", { name: /^Reconnect/ })
      .click();
  await reconnect();
  await link(page).getByRole("button", { name: "Continue" }).click();
  const path = "**/trpc/plaid.finishUpdateMode*";
  let release = () => {};
  await page.route(path, (route) => {
    release = () => void route.abort();
  });
  await Promise.all([page.waitForRequest(path), finishUpdateMode(page)]);
  await shoot("reconnecting", { moving: true });
  release();
  await toast(page, "not confirmed yet");
  await shoot("reconnection-unclear");
  await page.unroute(path);
  await page.getByRole("button", { name: "Try again" }).click();
  await toast(page, "First Platypus Bank is connected again");
  await shoot("reconnected", { moving: true });
  await openBank(page);
  await finishLink(page);
  await page.getByRole("dialog", { name: "You have these accounts already" }).waitFor();
  await shoot("duplicate-accounts");
});

test.each(views)("the account goes, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst", undefined, "Ada Lovelace");
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/account`);
  await shoot("your-account-empty", { whole: true });
  const body = { public_token: await app.publicToken() };
  await app.post("/plaid/exchange-token", body, user);
  await page.reload();
  await shoot("your-account", { whole: true });
  const button = page.getByRole("button", { name: "Delete my account" });
  await button.click();
  await page.getByText("These are not the words above").waitFor();
  await shoot("delete-refused");
  await page.getByRole("textbox", { name: "to confirm" }).fill("delete my account");
  await app.fault({ path: "/item/remove", times: 1, do: { delay: 1_500 } });
  await button.click();
  await page.locator("[aria-busy=true]").waitFor();
  await shoot("deleting", { moving: true });
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  await shoot("account-deleted");
});

test.each(views)("API keys, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp();
  await deleteStepUps(app, user);
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/api-keys`);
  await shoot("api-keys-empty");
  const dialog = page.getByRole("dialog");
  const password = dialog.getByLabel("Password", { exact: true });
  for (const name of ["Nightly export", "A notebook on the laptop that has left the company"]) {
    await page.getByRole("button", { name: "Make a key" }).click();
    await dialog.getByLabel("Name").fill(name);
    // The password is needed only once in ten minutes.
    if ((await password.count()) > 0) {
      await shoot("api-key-form");
      await password.fill("not the password");
      await dialog.getByRole("button", { name: "Make a key" }).click();
      await dialog.getByText("This is not your current password").waitFor();
      await shoot("api-key-password-refused");
      await password.fill(user.password);
    } else await shoot("api-key-form-proved");
    await dialog.getByRole("button", { name: "Make a key" }).click();
    await page.getByRole("button", { name: "Done" }).waitFor();
    await shoot("api-key-made");
    await page.getByRole("button", { name: "Done" }).click();
  }
  await page.getByRole("button", { name: /^Revoke A notebook/ }).click();
  await shoot("api-key-revoke");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Revoked", { exact: true }).waitFor();
  await shoot("api-keys");
});

test.each(views)("webhooks, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp();
  await deleteStepUps(app, user);
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/webhooks`);
  await shoot("webhooks-empty");
  await page.getByRole("button", { name: "Add a webhook" }).click();
  const dialog = page.getByRole("dialog");
  const add = dialog.getByRole("button", { name: "Add a webhook" });
  await dialog.getByLabel("Address").fill("https://10.0.0.7/hook");
  await dialog.getByLabel("Password", { exact: true }).fill(user.password);
  await add.click();
  await dialog.getByText("We cannot send webhooks to this address").waitFor();
  await shoot("webhook-address-refused", { whole: true });
  await dialog.getByLabel("Address").fill("https://shop.example.com/webhooks/fiscility");
  await add.click();
  await page.getByRole("button", { name: "Done" }).waitFor();
  await shoot("webhook-secret");
  await page.getByRole("button", { name: "Done" }).click();
  await app.query(
    `insert into webhook_deliveries
       (user_id, endpoint_id, type, body, due_at, attempts, attempted_at, http_status, error, delivered_at)
     select e.user_id, e.id, 'connection.connected', '{"type": "connection.connected"}', d.due_at,
       d.attempts, now(), d.http_status, d.error, d.delivered_at
     from webhook_endpoints as e, (values
       (null::timestamptz, 1, 204, null::text, now()),
       (now() + interval '1 day', 3, 500, 'status', null),
       (null, 11, null::int, 'timed_out', null)) as d (due_at, attempts, http_status, error, delivered_at)
     where e.user_id = $1`,
    [user.id],
  );
  await page.reload();
  await shoot("webhooks");
  await page.getByRole("link", { name: /^Deliveries to/ }).click();
  await page.getByRole("heading", { level: 1, name: "Deliveries" }).waitFor();
  await page.getByText("Message").first().click();
  await shoot("webhook-deliveries");
  // As after a 410 Gone.
  for (const change of [
    "update webhook_endpoints set disabled_at = now() where user_id = $1",
    `update webhook_deliveries set due_at = null, error = 'disabled', http_status = null
     where due_at is not null and user_id = $1`,
  ])
    await app.query(change, [user.id]);
  await page.reload();
  await page.getByRole("button", { name: "Enable" }).waitFor();
  await shoot("webhook-deliveries-disabled");
  await page.getByRole("link", { name: "All webhooks" }).click();
  await page.getByText("Disabled", { exact: true }).waitFor();
  await shoot("webhook-disabled");
  await page.getByRole("button", { name: /^Remove/ }).click();
  await shoot("webhook-remove");
});

test.each(views)("the scheme of one's own choice, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  await logIn(app, page, await app.signUp());
  const other = view.colorScheme === "light" ? "Dark" : "Light";
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("button", { name: other }).click();
  await page.locator("button[aria-pressed=true]", { hasText: other }).waitFor();
  await shoot(`appearance-${other.toLowerCase()}`);
});

test.each(views)("second log-in step, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp();
  await deleteStepUps(app, user);
  await addVirtualAuthenticator(page);
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/security/second-step`);
  await shoot("second-step-confirm", { whole: true });
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("button", { name: "Set up an app" }).click();
  const secret = (await page.locator("p.font-mono").textContent()) ?? "";
  await shoot("second-step-qr", { whole: true });
  await page.getByLabel("Code from the app").fill(authenticator(secret.replace(/\s/g, "")).code());
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
  await page.getByLabel("Name of the new passkey").fill("The laptop in the living room");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("The laptop in the living room").waitFor();
  await shoot("second-step-on", { whole: true });
  await page.getByRole("button", { name: "Turn off the authenticator app" }).click();
  await shoot("second-step-turn-off");
  await page.context().clearCookies();
  await page.goto(`${app.url}/login`);
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: "Confirm it’s you" }).waitFor();
  await shoot("second-step-log-in");
});

test.each(views)("security, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp();
  await logInByForm(app, page, user);
  await page.goto(`${app.url}/settings/security`);
  await shoot("security", { whole: true });
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText(/^Use at least 8/).waitFor();
  await shoot("security-refused", { whole: true });
});

test.each(views)("without a network, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst");
  await addBank(app, user, "Mill Bank", [{ balance: "1250.4" }], []);
  // Prefetching happens when the browser is idle.
  await Promise.all([
    page.waitForEvent("requestfinished", (request) => request.url().includes("/toaster-")),
    logIn(app, page, user),
  ]);
  await page.waitForLoadState("networkidle");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await toast(page, "The bank connection did not open");
  await shoot("offline");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await manage(page, "Disconnect", "Mill Bank");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("disconnect Mill Bank");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await dialog.getByRole("alert").waitFor();
  await shoot("offline-disconnect");
});

test.each(views)("without PostgreSQL, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst");
  await addBank(app, user, "Mill Bank", [{ balance: "1250.4" }], []);
  await logIn(app, page, user);
  await app.setDatabase("away");
  try {
    const title = page.getByRole("heading", { name: "We will be back in a moment" });
    await page.getByRole("link", { name: "Activity" }).click();
    await title.waitFor();
    await shoot("away-in-the-frame");
    await page.goto(`${app.url}/login`);
    await title.waitFor();
    await shoot("away");
  } finally {
    await app.setDatabase("back");
  }
});

test.each(views)("without JavaScript, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view, { scripts: false });
  const user = await app.signUp("analyst");
  await logIn(app, page, user);
  await shoot("no-script-empty", { whole: true });
  const moved = Array.from(
    { length: 90 },
    (_, at): TransactionRow => [0, at * 3, at % 10 ? "61.5" : "-900"],
  );
  await addBank(app, user, "Mill Bank", [{ balance: "1250.4" }], moved);
  await page.goto(`${app.url}/dashboard`);
  await page.getByRole("img", { name: /^Line/ }).waitFor();
  await shoot("no-script", { whole: true });
  await page.goto(`${app.url}/transactions`);
  await shoot("no-script-transactions");
});

test.each(views)("the log-ins and the plan, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("accountant", undefined, "Ada Lovelace");
  await app.query(
    `insert into log_ins (user_id, outcome, at, ip_address, user_agent)
     select $1, case when n % 4 = 1 then 'wrong_password' else 'succeeded' end,
       now() - n * interval '29 hours', case n % 3 when 0 then '203.0.113.7'
         else '2001:db8:85a3:8d3:1319:8a2e:370:7348' end,
       'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/130.0.0.0 Safari/537.36'
     from generate_series(1, 14) n`,
    [user.id],
  );
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/security`);
  await shoot("log-ins", { whole: true });
  await page.getByText(/older ones/).click();
  await shoot("log-ins-older", { whole: true });
  const body = { public_token: await app.publicToken() };
  await app.post("/plaid/exchange-token", body, user);
  await page.goto(`${app.url}/settings/plan`);
  await shoot("plan", { whole: true });
  await app.query("update users set plan = 'intern' where id = $1", [user.id]);
  await page.reload();
  await shoot("plan-no-room", { whole: true });
  await page.goto(`${app.url}/dashboard`);
  await shoot("dashboard-plan-full");
  await page.goto(`${app.url}/settings/account`);
  await shoot("settings-account");
});

test.each(views)("transactions and the timeline, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("accountant", undefined, "Ada Lovelace");
  await logIn(app, page, user);
  await page.goto(`${app.url}/transactions`);
  await shoot("transactions-empty");
  // The syncs of other states' banks would take the failures of this one's.
  await removeJobs(app);
  const body = { public_token: await app.publicToken() };
  await app.post("/plaid/exchange-token", body, user);
  await page.goto(`${app.url}/dashboard`);
  await shoot("timeline-waiting", { whole: true });
  await app.fault({
    path: "/transactions/sync",
    times: 90,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  const worker = await startWorker(app.services);
  await page.locator("[data-timeline=failed]").waitFor();
  await page.locator("[data-timeline] summary").click();
  await shoot("timeline-failed", { whole: true });
  await app.clearFaults();
  await page.locator("[data-timeline=done]").waitFor({ timeout: 30_000 });
  await worker.stop();
  await shoot("timeline-done", { whole: true });
  await page.goto(`${app.url}/dashboard`);
  await page.locator("[data-charts=there]").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await shoot("charts");
  for (const summary of await page.getByText("Show as table").all()) await summary.click();
  await shoot("charts-tables", { whole: true });
  await page.goto(`${app.url}/transactions`);
  await shoot("transactions", { whole: true });
  await page.goto(`${app.url}/transactions?min=-100&max=-1&category=FOOD_AND_DRINK`);
  await shoot("transactions-filtered");
  await page.getByText("More filters").click();
  await shoot("transactions-more-filters");
  await page.goto(`${app.url}/transactions?search=nobody+sells+this`);
  await shoot("transactions-none");
  await page.goto(`${app.url}/transactions?from=yesterday`);
  await shoot("transactions-refused");
});

const manyBanks = [
  "Mill Bank",
  "Brook Bank",
  "The First Savings and Loan Association of Upper Lakeshore County",
  "Harbor Credit Union",
  "Northwind",
  "Sparkasse Oberland",
  "Lantern Trust",
  "Meadow Bank",
];
const manyAccounts = [
  "Everyday Checking",
  "Platinum Rewards Card for the Whole Family and Two Friends",
  "Savings",
  "Holiday",
  "Joint Household Account",
];

/** A transaction so many days ago; money in is negative, as with Plaid. */
type Entry = [daysAgo: number, amount: number, description: string];

/** A custom user of the sandbox with these accounts and all their transactions. */
const custom = (
  accounts: [type: string, subtype: string, name: string, balance: number, entries: Entry[]][],
) =>
  JSON.stringify({
    override_accounts: accounts.map(([type, subtype, name, starting_balance, entries], n) => ({
      type,
      subtype,
      starting_balance,
      meta: { name, mask: String(4821 + 1303 * n), limit: 6_000 },
      transactions: entries.map(([days, amount, description]) => {
        const date = daysAgo(days);
        return { date_transacted: date, date_posted: date, amount, description };
      }),
    })),
  });

/** A year of a user who earns, pays and saves. */
function ordinaryYear(): { house: string; thrift: string } {
  const checking: Entry[] = [];
  const savings: Entry[] = [];
  const card: Entry[] = [];
  for (let month = 0; month < 12; month += 1) {
    const day = (n: number) => month * 30 + 30 - n;
    checking.push(
      [day(1), -2_940, "Northwind Payroll"],
      [day(15), -2_940, "Northwind Payroll"],
      [day(2), 1_850, "Rosewater Property"],
      [day(9), 118 + ((month * 37) % 60), "City Power"],
      [day(16), 600, "To savings"],
      [day(28), 1_420 + ((month * 83) % 240), "Card payment"],
    );
    savings.push([day(16), -600, "From checking"], [day(30), -11 - month / 10, "Interest"]);
    for (let week = 0; week < 4; week += 1) {
      card.push([day(week * 7 + 3), 92 + ((month + week) % 5) * 14, "Corner Pantry"]);
      card.push([day(week * 7 + 5), 38 + ((month * week) % 7) * 9, "Noodle Lantern"]);
    }
    card.push([day(20), 640 + ((month * 53) % 200), "Harbor Travel"]);
    card.push([day(28), -1_420 - ((month * 83) % 240), "Payment"]);
  }
  return {
    house: custom([
      ["depository", "checking", "Everyday Checking", 8_421.55, checking],
      ["credit", "credit card", "Travel Card", 1_310.42, card],
    ]),
    thrift: custom([["depository", "savings", "Rainy Day Savings", 31_240.1, savings]]),
  };
}

test.each(views)("a year at two banks, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const user = await app.signUp("analyst", undefined, "Ada Lovelace");
  const { house, thrift } = ordinaryYear();
  for (const [bank, accounts] of [
    ["ins_109508", house],
    ["ins_109512", thrift],
  ]) {
    const body = { public_token: await app.publicToken(bank, "user_custom", accounts) };
    await app.post("/plaid/exchange-token", body, user);
  }
  const worker = await startWorker(app.services);
  await logIn(app, page, user);
  await page.locator("[data-timeline=done]").nth(1).waitFor({ timeout: 30_000 });
  await worker.stop();
  await page.goto(`${app.url}/dashboard`);
  await page.locator("[data-charts=there]").waitFor();
  await shoot("overview");
  const worth = page.getByRole("region", { name: "Net worth" });
  await worth.getByRole("slider").hover({ position: { x: 150, y: 60 } });
  await worth.locator("p", { hasText: /^[A-Z][a-z]{2} \d+, 20\d\d$/ }).waitFor();
  await shoot("net-worth-on-a-day", { moving: true });
  await page.getByRole("button", { name: /^October/ }).click();
  await worth.getByRole("heading", { name: "Money out" }).waitFor();
  await shoot("month-categories", { whole: true });
  await page.goto(`${app.url}/dashboard?range=3m&by=kind`);
  await page.locator("[data-charts=there]").waitFor();
  await shoot("by-kind", { whole: true });
});

test.each(views)("many banks, $width px, $colorScheme", async (view) => {
  const { page, shoot } = await studio(view);
  const person = await app.signUp("cfo", undefined, "Ada Lovelace");
  for (const [at, bank] of manyBanks.entries()) {
    const accounts = Array.from({ length: 1 + ((at * 3) % 7) }, (_, n) => ({
      name: manyAccounts[(at + n) % manyAccounts.length] ?? "",
      type: n % 3 === 1 ? "credit" : "depository",
      balance: n === 4 ? null : String((at + 1) * 1_337.42 * 10 ** (n % 4)),
      currency: at === 5 ? "EUR" : "USD",
    }));
    const moved = Array.from({ length: 60 }, (_, n): TransactionRow => {
      const category = ["FOOD_AND_DRINK", "TRAVEL", "RENT_AND_UTILITIES"][n % 3];
      return [n % accounts.length, n * 5 + at, n % 9 ? "61.5" : "-1900", { category }];
    });
    await addBank(app, person, bank, accounts, moved);
  }
  await logIn(app, page, person);
  await page.locator("[data-charts=there]").waitFor();
  await shoot("dashboard-many", { whole: true });
  await page.goto(`${app.url}/dashboard?by=kind`);
  await page.locator("[data-charts=there]").waitFor();
  await shoot("dashboard-many-by-kind", { whole: true });
});

test.each(views)(
  "mail: its pages, the banner, the choice, $width px, $colorScheme",
  async (view) => {
    const { page, shoot } = await studio(view);
    const worker = await startWorker(app.services);
    try {
      const email = `ada-${view.width}-${view.colorScheme}@example.com`;
      const user = await app.signUp("accountant", email, "Ada Lovelace");
      await page.goto(`${app.url}/login`);
      await shoot("log-in");
      await page.goto(`${app.url}/forgot-password`);
      await shoot("forgot-password");
      await page.getByLabel("Email").fill(email);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Check your email" }).waitFor();
      await shoot("forgot-password-sent");
      const [link = ""] = (await mailAbout(app, email, "Choose a new password")).links;
      await page.goto(link);
      await shoot("reset-password");
      await page.goto(`${link}x`);
      await shoot("dead-link");
      await app.query("update users set email_verified = false where id = $1", [user.id]);
      await logIn(app, page, user);
      await page.getByRole("region", { name: "Confirm your email" }).waitFor();
      await shoot("confirm-email-banner", { whole: true });
      await page.getByRole("button", { name: "Send it again" }).click();
      const [confirm = ""] = (await mailAbout(app, email, "Confirm your email address")).links;
      await page.goto(confirm);
      await shoot("verify-email");
      await page.getByRole("button", { name: "Confirm this address" }).click();
      await page.getByRole("heading", { name: "Your email is confirmed" }).waitFor();
      await shoot("verify-email-done");
      await app.post("/trpc/plaid.createLinkToken", { noticeVersion: "2026-11-29" }, user);
      await app.query("delete from declined_notices where user_id = $1", [user.id]);
      const input = { publicToken: await app.publicToken(), metadata: { linkSessionId: "5a3f-…" } };
      await app.post("/trpc/connectAccount", input, user);
      const connected = await mailAbout(app, email, "is connected");
      await page.goto(`${app.url}/settings/account`);
      await shoot("settings-account-email", { whole: true });
      await page.goto(`${app.url}/settings/notifications`);
      await shoot("notifications", { whole: true });
      await page.goto(`${app.url}/settings/security`);
      await shoot("security-record", { whole: true });
      await page.goto(`${app.url}/privacy`);
      await shoot("privacy", { whole: true });
      await page.goto(connected.links.at(-1) ?? "");
      await shoot("unsubscribe");
      await page.goto(app.mailbox.url);
      await shoot("local-mailbox");
      await page.setContent(connected.html);
      // A mail is no page: it has neither landmarks nor its own heading.
      await shoot("mail-html", { moving: true });
    } finally {
      await worker.stop();
    }
  },
);
