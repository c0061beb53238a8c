import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { PlaidApi } from "plaid";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type RunningSandbox, type SandboxOptions, startSandbox } from "../src/index.ts";
import { type Delivery, RETRIES, retryWaitMs } from "../src/webhooks/sender.ts";
import { connect, control, failure, LINK_TOKEN_REQUEST, plaidClient } from "./support/client.ts";
import { goThroughLink } from "./support/link-steps.ts";

/** Plaid's defaults, with short waits. */
const PLAIDS: SandboxOptions = {
  seed: 37,
  historicalPullMs: 1_000,
  transactionsReadyMs: 0,
  webhookRetryMs: 20,
};
const DAY = 86_400;

let sandbox: RunningSandbox;
let plaid: PlaidApi;
let receiver: Server;
let webhook: string;
let received: { webhook_code: string; item_id: string; [field: string]: unknown }[] = [];
let statuses: number[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await sandbox.close();
  received = [];
  statuses = [];
});
afterAll(() => receiver.close());

async function start(extra: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ ...PLAIDS, startDate: "today", ...extra });
  plaid = plaidClient(sandbox.url);
}
const post = (path: string, body: object = {}) => control(sandbox.url, "POST", path, body);
const advance = (seconds: number) => post("clock", { advance_seconds: seconds });
const arrived = (code: string, item_id?: string) =>
  vi.waitFor(
    () => {
      const found = received.find(
        (one) => one.webhook_code === code && (item_id ?? one.item_id) === one.item_id,
      );
      if (!found) throw new Error(`no ${code} in ${received.map((one) => one.webhook_code)}`);
      return found;
    },
    { timeout: 10_000, interval: 10 },
  );
const codes = () => received.map(({ webhook_code }) => webhook_code);

/** Every transaction from a cursor on. */
async function read(access_token: string, from?: string) {
  const dates: string[] = [];
  let [cursor, status]: [string | undefined, string] = [from, ""];
  for (let more = true; more; ) {
    const request = { access_token, count: 500, ...(cursor && { cursor }) };
    const { data } = await plaid.transactionsSync(request);
    dates.push(...data.added.map(({ date }) => date));
    [cursor, more, status] = [data.next_cursor, data.has_more, data.transactions_update_status];
  }
  return { dates, cursor, status };
}
const daysAgo = (days: number) =>
  new Date(Date.now() - days * DAY * 1000).toISOString().slice(0, 10);

test("Every setting has Plaid's default, and the README lists it", async () => {
  sandbox = await startSandbox();
  const settings = await control<Record<string, boolean | number>>(sandbox.url, "GET", "settings");
  expect(settings).toEqual({
    full_history: false,
    historical_pull_ms: 5_000,
    transactions_ready_ms: 1_000,
    webhooks_before_sync: false,
    link_events: false,
    login_repaired: false,
    log_ins_last: false,
    webhook_retry_ms: 30_000,
    transactions_for_all: false,
    user_apis: true,
    user_items_delay_ms: 0,
    require_consent: false,
    new_item_invalidates_old: true,
    rate_limits: false,
    latency_ms: 0,
  });
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const listed = [...readme.matchAll(/^\| `([a-z_]+)`\s+\| `(\w+)`/gm)];
  expect(
    Object.fromEntries(listed.map(([, name, value]) => [name, JSON.parse(value ?? "")])),
  ).toEqual(settings);
});

test("A new Item's transactions are not ready at once, and its webhook says when they are", async () => {
  await start({ transactionsReadyMs: undefined });
  const { access_token } = await connect(plaid, "ins_109508", { webhook });
  const early = (await plaid.transactionsSync({ access_token })).data;
  expect(early).toMatchObject({ added: [], transactions_update_status: "NOT_READY" });
  const { new_transactions } = await arrived("INITIAL_UPDATE");
  expect((await read(access_token)).dates).toHaveLength(Number(new_transactions));
});

test("Transactions are created for user_transactions_dynamic only, unless transactions_for_all is set", async () => {
  await start();
  const posted = { date_transacted: daysAgo(2), date_posted: daysAgo(1) };
  const transactions = [{ ...posted, amount: 9, description: "Made" }];
  const create = async (username: string) => {
    const { access_token } = await connect(plaid, "ins_109508", { username });
    await plaid.sandboxTransactionsCreate({ access_token, transactions });
    const { accounts, added } = (await plaid.transactionsSync({ access_token, count: 500 })).data;
    const made = added.find(({ name }) => name === "Made");
    return accounts.find(({ account_id }) => account_id === made?.account_id)?.type;
  };
  expect(await create("user_transactions_dynamic")).toBe("depository");
  expect((await failure(create("user_good"))).error_code).toBe("INVALID_FIELD");
  await post("settings", { transactions_for_all: true });
  expect(await create("user_good")).toBe("depository");
});

test("A webhook is retried after 30 s, then each time after four times as long, within a day", () => {
  const waits = Array.from({ length: RETRIES }, (_unused, index) => retryWaitMs(index + 1, 30_000));
  expect(waits.map((ms) => ms / 1000)).toEqual([30, 120, 480, 1920, 7680, 30_720]);
  const all = waits.reduce((sum, ms) => sum + ms, 0);
  expect(all).toBeLessThan(DAY * 1000);
  expect(all + retryWaitMs(RETRIES + 1, 30_000)).toBeGreaterThan(DAY * 1000);
});

test("An Item has 90 days: 30 first, then the rest, each announced with its count", async () => {
  await start();
  const { access_token } = await connect(plaid, "ins_109508", { webhook });
  const first = await read(access_token);
  expect(first.status).toBe("INITIAL_UPDATE_COMPLETE");
  expect(first.dates.every((date) => date >= daysAgo(31))).toBe(true);
  expect((await arrived("INITIAL_UPDATE")).new_transactions).toBe(first.dates.length);
  const historical = await arrived("HISTORICAL_UPDATE");
  const rest = await read(access_token, first.cursor);
  expect(rest.status).toBe("HISTORICAL_UPDATE_COMPLETE");
  expect(historical.new_transactions).toBe(rest.dates.length);
  expect(rest.dates.length).toBeGreaterThan(20);
  expect(rest.dates.every((date) => date >= daysAgo(91) && date < daysAgo(29))).toBe(true);
});

test("A request of 20 days has no second part", async () => {
  await start();
  const { data } = await plaid.sandboxPublicTokenCreate({
    institution_id: "ins_109508",
    initial_products: ["transactions" as never],
    options: { transactions: { days_requested: 20 } },
  });
  const { public_token } = data;
  const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  const first = await read(access_token);
  await advance(DAY);
  const rest = await read(access_token, first.cursor);
  expect(rest.dates.filter((date) => date < daysAgo(21))).toEqual([]);
});

test("SYNC_UPDATES_AVAILABLE is sent only after a first sync", async () => {
  await start({ historicalPullMs: 0 });
  const never = await connect(plaid, "ins_109508", { webhook });
  const reads = await connect(plaid, "ins_109508", { webhook });
  await plaid.transactionsSync({ access_token: reads.access_token });
  await arrived("HISTORICAL_UPDATE", never.item_id);
  await arrived("SYNC_UPDATES_AVAILABLE", reads.item_id);
  await post("items/refresh", { item_id: never.item_id });
  await arrived("DEFAULT_UPDATE", never.item_id);
  const told = received.filter(({ webhook_code }) => webhook_code === "SYNC_UPDATES_AVAILABLE");
  expect(new Set(told.map(({ item_id }) => item_id))).toEqual(new Set([reads.item_id]));
});

test("LOGIN_REPAIRED is not sent for the app's own update mode, unless login_repaired is set", async () => {
  await start();
  const { access_token } = await connect(plaid, "ins_109508", { webhook });
  const repair = async () => {
    await plaid.sandboxItemResetLogin({ access_token });
    const request = { ...LINK_TOKEN_REQUEST, products: [], access_token };
    const { link_token } = (await plaid.linkTokenCreate(request)).data;
    await goThroughLink(sandbox.url, link_token);
    await plaid.accountsGet({ access_token });
  };
  await repair();
  await plaid.itemWebhookUpdate({ access_token, webhook });
  await arrived("WEBHOOK_UPDATE_ACKNOWLEDGED");
  expect(codes()).not.toContain("LOGIN_REPAIRED");
  await post("settings", { login_repaired: true });
  await repair();
  await arrived("LOGIN_REPAIRED");
});

test("An Item needs its user again 30 days after the log-in, and 30 days after the repair", async () => {
  await start();
  const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook });
  await advance(29 * DAY);
  await plaid.accountsGet({ access_token });
  await advance(DAY);
  await arrived("ERROR", item_id);
  expect((await failure(plaid.accountsGet({ access_token }))).error_code).toBe(
    "ITEM_LOGIN_REQUIRED",
  );
  const request = { ...LINK_TOKEN_REQUEST, products: [], access_token };
  await goThroughLink(sandbox.url, (await plaid.linkTokenCreate(request)).data.link_token);
  await advance(29 * DAY);
  await plaid.accountsGet({ access_token });
  await advance(2 * DAY);
  expect((await failure(plaid.accountsGet({ access_token }))).error_code).toBe(
    "ITEM_LOGIN_REQUIRED",
  );
  await post("settings", { log_ins_last: true });
});

test("Verification keys rotate with the clock, and the old one can still be fetched", async () => {
  await start();
  const { access_token } = await connect(plaid, "ins_109508");
  const kid = async () => {
    const { webhooks } = await control<{ webhooks: Delivery[] }>(sandbox.url, "GET", "webhooks");
    return webhooks.at(-1)?.key_id ?? "";
  };
  const send = async () => {
    await plaid.itemWebhookUpdate({ access_token, webhook });
    await vi.waitFor(async () => expect(await kid()).not.toBe(""), { timeout: 10_000 });
    return kid();
  };
  const first = await send();
  await advance(8 * DAY);
  const second = await send();
  expect(second).not.toBe(first);
  const key = async (key_id: string) =>
    (await plaid.webhookVerificationKeyGet({ key_id })).data.key;
  expect((await key(first)).expired_at).toBeGreaterThan(0);
  expect((await key(second)).expired_at).toBeNull();
});

test("A webhook that always fails is sent seven times, then no more", async () => {
  await start({ webhookRetryMs: 1 });
  statuses = Array(20).fill(500);
  const { access_token } = await connect(plaid, "ins_109508");
  await plaid.itemWebhookUpdate({ access_token, webhook });
  await vi.waitFor(
    async () => {
      const { webhooks } = await control<{ webhooks: Delivery[] }>(sandbox.url, "GET", "webhooks");
      expect(webhooks).toMatchObject([{ attempts: 7, state: "failed" }]);
    },
    { timeout: 10_000, interval: 50 },
  );
});
