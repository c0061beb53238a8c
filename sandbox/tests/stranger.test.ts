import { type ChildProcess, spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { launchBrowser } from "./support/browser.ts";
import { control, KIND } from "./support/client.ts";

let sandbox: RunningSandbox;
let stranger: ChildProcess;
let browser: Browser;
let page: Page;
let url: string;

// Before each try, because the backend and the sandbox remember the Item.
beforeEach(async () => {
  sandbox = await startSandbox({ ...KIND, seed: 17, transactionsReadyMs: 600 });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const file = (name: string) => new URL(`./stranger/${name}`, import.meta.url).pathname;
  stranger = spawn(process.execPath, ["--require", file("point.cjs"), file("server.cjs")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      NODE_ENV: "test",
      PORT: String(port),
      PLAID_AT: sandbox.url,
      PLAID_ENV: "sandbox",
      PLAID_CLIENT_ID: "stranger",
      PLAID_SECRET: "stranger-key",
      WEBHOOK_URL: `${url}/webhook`,
      LINK_SCRIPT: `${sandbox.url}/link/v2/stable/link-initialize.js`,
    },
  });
  await new Promise((resolve, reject) => {
    stranger.stdout?.once("data", resolve);
    stranger.once("exit", (code) => reject(new Error(`the backend exited with ${code}`)));
  });
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(url);
});
afterEach(async () => {
  await browser?.close();
  stranger?.kill();
  await sandbox?.close();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function get(path: string) {
  const answer = await fetch(url + path);
  return { status: answer.status, body: await answer.json() };
}
async function post(path: string, body: object = {}) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}
const webhook = (code: string) =>
  vi.waitFor(
    async () => {
      const { body } = await get("/api/webhooks");
      const found = body.find((entry: { webhook_code: string }) => entry.webhook_code === code);
      if (!found) throw new Error(`no ${code} in ${JSON.stringify(body)}`);
      return found as { item_id: string; verified: boolean };
    },
    { timeout: 10_000, interval: 50 },
  );

test("An unmodified public backend works: link token, Link, exchange, data, webhooks, repair, removal", async () => {
  const link = page.frameLocator("iframe").last();
  const said = (text: string) => page.getByText(text, { exact: true }).waitFor();
  const logIn = async () => {
    await link.getByRole("textbox", { name: "Username" }).fill("user_good");
    await link.getByRole("textbox", { name: "Password" }).fill("pass_good");
    await link.getByRole("button", { name: "Log in" }).click();
  };

  await page.getByRole("button", { name: "Connect" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: "First Platypus Bank" }).click();
  await logIn();
  await link.getByRole("button", { name: "Connect accounts" }).click();
  await said("connected");

  const { item, institution } = (await get("/api/item")).body;
  expect(institution.name).toBe("First Platypus Bank");
  // Link shows checking and savings accounts only when auth is among the products.
  expect((await get("/api/accounts")).body.accounts).toHaveLength(2);
  expect((await get("/api/balance")).body.accounts[0].balances.current).toBe(110);
  expect((await get("/api/auth")).body.numbers.ach).toHaveLength(2);
  expect((await get("/api/identity")).body.accounts[0].owners[0].names).toHaveLength(1);
  const first = (await get("/api/transactions")).body;
  expect(first.total).toBeGreaterThan(500);
  expect(first.latest_transactions).toHaveLength(8);

  expect(await webhook("SYNC_UPDATES_AVAILABLE")).toMatchObject({
    item_id: item.item_id,
    verified: true,
  });
  expect(await webhook("SESSION_FINISHED")).toMatchObject({ verified: true });
  await post("/api/refresh");
  expect(await webhook("TRANSACTIONS_REMOVED")).toMatchObject({ verified: true });
  expect((await get("/api/transactions")).body.total).toBe(first.total + 1);
  await post("/api/webhook_url", { webhook: `${url}/webhook?again` });
  expect(await webhook("WEBHOOK_UPDATE_ACKNOWLEDGED")).toMatchObject({ verified: true });

  await post("/api/break");
  expect(await get("/api/accounts")).toMatchObject({
    status: 400,
    body: { error: { error_type: "ITEM_ERROR", error_code: "ITEM_LOGIN_REQUIRED" } },
  });
  expect(await webhook("ERROR")).toMatchObject({ verified: true });
  await page.getByRole("button", { name: "Repair" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await logIn();
  await said("repaired");
  expect((await get("/api/accounts")).status).toBe(200);
  expect(await webhook("LOGIN_REPAIRED")).toMatchObject({ verified: true });

  expect((await post("/api/remove")).status).toBe(200);
  expect((await get("/api/accounts")).body.error.error_code).toBe("ITEM_NOT_FOUND");
  const { items } = await control<{ items: object[] }>(sandbox.url, "GET", "items");
  expect(items).toMatchObject([{ client_user_id: "user-id", removed: true }]);
});
