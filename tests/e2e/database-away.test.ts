import { sql } from "kysely";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { poolSize } from "../../server/services.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { awaitLater } from "../support/await-later.ts";
import { openPage } from "../support/browser.ts";
import { card, link, logIn } from "../support/link.ts";
import type { TestUser } from "../support/test-users.ts";

const test = testInBrowser();
let ada: TestUser;
test.beforeAll(async ({ app }) => {
  ada = await app.signUp("analyst");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
});
test.afterEach(({ app }) => app.setDatabase("back"));

const open = async (browser: Browser) => (await openPage(browser)).page;
const backInAMoment = (page: Page) =>
  page.getByRole("heading", { name: "We will be back in a moment" }).waitFor();

test("Every page says so in its own style while PostgreSQL is unavailable, and Try again works once it is back", async ({
  app,
  browser,
}) => {
  const page = await open(browser);
  await logIn(app, page, ada);
  await card(page).waitFor();
  await app.setDatabase("away");
  await page.getByRole("link", { name: "Transactions", exact: true }).click();
  await backInAMoment(page);
  for (const path of ["/", "/dashboard", "/login", "/settings/plan"]) {
    const response = await page.goto(app.url + path);
    expect([path, response?.status()]).toEqual([path, 503]);
    await backInAMoment(page);
  }
  await page.goto(`${app.url}/dashboard`);
  await app.setDatabase("back");
  await page.getByRole("link", { name: "Try again" }).click();
  await card(page).waitFor();
});

test("The connect button keeps the page while PostgreSQL is unavailable, and Try again works once it is back", async ({
  app,
  browser,
}) => {
  const page = await open(browser);
  await logIn(app, page, ada);
  await app.setDatabase("away");
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await page.getByText("The bank connection did not open").waitFor();
  await page.getByText(/Our own records cannot be reached just now/).waitFor();
  await app.setDatabase("back");
  await page.getByRole("button", { name: "Try again" }).click();
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
});

test("The log-in form keeps what was typed while PostgreSQL is unavailable, and works once it is back", async ({
  app,
  browser,
}) => {
  const page = await open(browser);
  await page.goto(`${app.url}/login`);
  await page.getByLabel("Email").fill(ada.email);
  await page.getByLabel("Password", { exact: true }).fill(ada.password);
  await app.setDatabase("away");
  await page.getByRole("button", { name: "Log in" }).click();
  await page
    .getByRole("alert")
    .getByText(/Our own records cannot be reached/)
    .waitFor();
  await app.setDatabase("back");
  await page.getByRole("button", { name: "Log in" }).click();
  await card(page).waitFor();
});

test("The API returns unavailable with the request id while PostgreSQL is unavailable, so that programs can retry", async ({
  app,
}) => {
  await app.setDatabase("away");
  const rest = await app.post("/plaid/create-link-token", {}, ada);
  expect([rest.status, rest.body.error.reason]).toEqual([503, "unavailable"]);
  for (const path of ["/trpc/accounts.list", "/trpc/live.changes"]) {
    const response = await fetch(app.url + path, { headers: { cookie: ada.cookie } });
    const { error } = await response.json();
    expect([path, response.status, error.data?.reason ?? error.reason]).toEqual([
      path,
      503,
      "unavailable",
    ]);
    expect(error.data?.requestId ?? error.requestId).toBe(response.headers.get("x-request-id"));
  }
});

test("A request that waits returns unavailable when every connection to PostgreSQL is in use for too long", async ({
  app,
}) => {
  const { db } = app.services;
  const taken = awaitLater(
    Promise.all(Array.from({ length: poolSize }, () => sql`select pg_sleep(4)`.execute(db))),
  );
  const response = await fetch(`${app.url}/trpc/accounts.list`, {
    headers: { cookie: ada.cookie },
  });
  expect([response.status, (await response.json()).error.data.reason]).toEqual([
    503,
    "unavailable",
  ]);
  await taken;
});
