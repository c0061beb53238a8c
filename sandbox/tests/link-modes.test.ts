import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, FrameLocator, Page } from "playwright-core";
import { afterAll, expect, vi } from "vitest";
import { routePlaid } from "../playwright.ts";
import { launchBrowser } from "./support/browser.ts";
import { control, failure, LINK_TOKEN_REQUEST } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";
import { call, type HostPage, startHostPage } from "./support/host-page.ts";
import { goThroughLink } from "./support/link-steps.ts";

interface Webhook {
  webhook_code: string;
  [field: string]: unknown;
}

const test = testWithSandbox({ seed: 31, startDate: "today", linkEvents: false });
let host: HostPage;
let browser: Browser;
let receiver: Server;
let webhook: string;
let received: Webhook[] = [];

test.beforeAll(async ({ sandbox }) => {
  host = await startHostPage(sandbox.url);
  browser = await launchBrowser();
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});
test.beforeEach(async ({ sandbox }) => {
  await control(sandbox.url, "POST", "reset");
  received = [];
});
afterAll(async () => {
  await browser.close();
  host.close();
  receiver.close();
});

const arrived = (code: string) =>
  vi.waitFor(
    () => {
      const found = received.find(({ webhook_code }) => webhook_code === code);
      if (!found) throw new Error(`no ${code}`);
      return found;
    },
    { timeout: 10_000 },
  );

async function throughBank(link: FrameLocator, bank: string): Promise<void> {
  await link.getByRole("button", { name: bank, exact: true }).click();
  await logIn(link);
}
async function logIn(link: FrameLocator): Promise<void> {
  await link.getByRole("textbox", { name: "Username" }).fill("user_good");
  await link.getByRole("textbox", { name: "Password" }).fill("pass_good");
  await link.getByRole("button", { name: "Log in" }).click();
  await link.getByRole("button", { name: "Connect accounts" }).click();
}
async function newPage(url: string): Promise<{ page: Page; link: FrameLocator }> {
  const page = await browser.newPage({ reducedMotion: "reduce" });
  await page.goto(url);
  return { page, link: page.frameLocator("iframe").last() };
}

test("Hosted Link opens on its own page, sends its results, and continues to completion_redirect_uri", async ({
  plaid,
}) => {
  const { data } = await plaid.linkTokenCreate({
    ...LINK_TOKEN_REQUEST,
    webhook,
    hosted_link: { completion_redirect_uri: `${host.origin}/?done` },
  });
  const life = (Date.parse(data.expiration) - Date.now()) / 60_000;
  expect(life).toBeGreaterThan(28);
  expect(life).toBeLessThan(31);
  const { page, link } = await newPage(data.hosted_link_url ?? "");
  await link.getByRole("button", { name: "Continue" }).click();
  await throughBank(link, "First Platypus Bank");
  await page.waitForURL(`${host.origin}/?done`);
  await page.close();
  const finished = await arrived("SESSION_FINISHED");
  const { link_sessions } = (await plaid.linkTokenGet({ link_token: data.link_token })).data;
  const [added] = link_sessions?.[0]?.results?.item_add_results ?? [];
  expect(finished.public_tokens).toEqual([added?.public_token]);
  await plaid.itemPublicTokenExchange({ public_token: added?.public_token ?? "" });
});

test("A Hosted Link URL lives as long as url_lifetime_seconds says, and no longer", async ({
  sandbox,
  plaid,
}) => {
  const hosted = (seconds: number) =>
    plaid.linkTokenCreate({
      ...LINK_TOKEN_REQUEST,
      hosted_link: { url_lifetime_seconds: seconds },
    });
  const { data } = await hosted(60);
  await control(sandbox.url, "POST", "clock", { advance_seconds: 61 });
  const { page } = await newPage(data.hosted_link_url ?? "");
  await page.getByRole("heading", { name: "This link has expired" }).waitFor();
  await page.close();
  expect((await failure(hosted(0))).error_code).toBe("INVALID_FIELD");
  expect((await failure(hosted(22 * 86_400))).error_code).toBe("INVALID_FIELD");
});

test("A Multi-Item session adds one bank after another, and returns no public_token", async ({
  plaid,
}) => {
  const { user_id } = (await plaid.userCreate({ client_user_id: "user-1" })).data;
  const request = { ...LINK_TOKEN_REQUEST, webhook, enable_multi_item_link: true };
  expect((await failure(plaid.linkTokenCreate(request))).error_code).toBe("INVALID_FIELD");
  const { data } = await plaid.linkTokenCreate({ ...request, ...({ user_id } as object) });
  const { page, link } = await newPage(`${host.origin}/?token=${data.link_token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await throughBank(link, "First Platypus Bank");
  await link.getByRole("button", { name: "Connect another bank" }).click();
  await throughBank(link, "Houndstooth Bank");
  await link.getByRole("heading", { name: "2 banks connected" }).waitFor();
  await link.getByRole("button", { name: "Finish" }).click();
  const [public_token] = await call(page, "onSuccess");
  expect(public_token).toBe("");
  await page.close();
  const { public_tokens } = await arrived("SESSION_FINISHED");
  expect(public_tokens).toHaveLength(2);
  expect(received.filter((one) => one.webhook_code === "ITEM_ADD_RESULT")).toHaveLength(2);
  const { link_sessions } = (await plaid.linkTokenGet({ link_token: data.link_token })).data;
  expect(link_sessions?.[0]?.results?.item_add_results).toHaveLength(2);
});

test("A session without link_events reports nothing, by webhook or in /link/token/get", async ({
  sandbox,
  plaid,
}) => {
  const { data } = await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, webhook });
  await goThroughLink(sandbox.url, data.link_token, { institution_id: "ins_109508" });
  const { link_sessions } = (await plaid.linkTokenGet({ link_token: data.link_token })).data;
  expect(link_sessions).toHaveLength(1);
  expect(link_sessions?.[0]).not.toHaveProperty("results");
  const { webhooks } = await control<{ webhooks: object[] }>(sandbox.url, "GET", "webhooks");
  expect(webhooks).toEqual([]);
});

test("createEmbedded lists the banks in the page, opens Link at the chosen one, and disappears on destroy", async ({
  plaid,
}) => {
  const { data } = await plaid.linkTokenCreate(LINK_TOKEN_REQUEST);
  const { page } = await newPage(`${host.origin}/embedded?token=${data.link_token}`);
  const banks = page.frameLocator('iframe[title="Select your bank"]');
  await banks.getByRole("searchbox", { name: "Search for your bank" }).fill("houndstooth");
  await banks.getByRole("button", { name: "Houndstooth Bank" }).click();
  const link = page.frameLocator('iframe[title="Plaid Link"]');
  await link.getByRole("button", { name: "Continue" }).click();
  await logIn(link);
  const [public_token, metadata] = await call(page, "onSuccess");
  expect(metadata.institution.name).toBe("Houndstooth Bank");
  await plaid.itemPublicTokenExchange({ public_token });
  await page.evaluate(() =>
    (window as unknown as { embedded: { destroy(): void } }).embedded.destroy(),
  );
  expect(await page.locator("iframe").count()).toBe(0);
  await page.close();
});

test("routePlaid serves the sandbox's script to a page that loads Plaid's CDN, unchanged", async ({
  sandbox,
  plaid,
}) => {
  const { data } = await plaid.linkTokenCreate(LINK_TOKEN_REQUEST);
  const page = await browser.newPage({ reducedMotion: "reduce" });
  await routePlaid(page, sandbox.url);
  await page.goto(`${host.origin}/cdn?token=${data.link_token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const link = page.frameLocator("iframe");
  await link.getByRole("button", { name: "Continue" }).click();
  await throughBank(link, "Houndstooth Bank");
  expect((await call(page, "onSuccess"))[0]).toMatch(/^public-sandbox-/);
  await page.close();
});
