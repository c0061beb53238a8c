import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt } from "jose";
import type { PlaidApi, Transaction } from "plaid";
import { afterAll, beforeAll, expect, vi } from "vitest";
import type { RunningSandbox } from "../src/index.ts";
import { absoluteReference, plaidAjv, readOpenApiDocument } from "../src/plaid/openapi-schemas.ts";
import { connect, control, failure, KIND } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox({ ...KIND, seed: 13 });
let receiver: Server;
let webhook: string;
let received: { body: { webhook_code: string; [field: string]: unknown }; jwt: string }[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const jwt = String(request.headers["plaid-verification"]);
    received.push({ body: JSON.parse(text), jwt });
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});
test.beforeEach(async ({ sandbox }) => {
  await post(sandbox, "reset");
  received = [];
});
afterAll(async () => {
  receiver.close();
});

const post = <T>(sandbox: RunningSandbox, path: string, body: object = {}) =>
  control<T>(sandbox.url, "POST", path, body);
const get = <T>(sandbox: RunningSandbox, path: string) => control<T>(sandbox.url, "GET", path);
const arrived = (code: string) =>
  vi.waitFor(
    () => {
      const found = received.find(({ body }) => body.webhook_code === code);
      if (!found) throw new Error(`no ${code}`);
      return found;
    },
    { timeout: 10_000 },
  );

/** A reader's copy of an Item's transactions, updated as Plaid's guide describes. */
async function read(
  plaid: PlaidApi,
  access_token: string,
  copy = new Map<string, Transaction>(),
  cursor = "",
) {
  let [next, pages] = [cursor, 0];
  for (let more = true; more; pages += 1) {
    const page = (await plaid.transactionsSync({ access_token, cursor: next, count: 500 })).data;
    for (const entry of [...page.added, ...page.modified]) copy.set(entry.transaction_id, entry);
    for (const { transaction_id } of page.removed) copy.delete(transaction_id);
    [next, more] = [page.next_cursor, page.has_more];
  }
  return { copy, cursor: next, pages };
}
async function atPlaid(sandbox: RunningSandbox, item_id: string): Promise<Transaction[]> {
  const { transactions } = await get<{ transactions: Transaction[] }>(
    sandbox,
    `items/transactions?item_id=${item_id}`,
  );
  return transactions;
}
const facts = (entries: Iterable<Transaction>) =>
  [...entries]
    .map(({ transaction_id, amount, date, pending }) => ({ transaction_id, amount, date, pending }))
    .sort((one, other) => (one.transaction_id < other.transaction_id ? -1 : 1));

test("items/transactions adds 20,000 transactions to an Item, which page out", async ({
  sandbox,
  plaid,
}) => {
  const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook });
  const first = await read(plaid, access_token);
  await post(sandbox, "items/transactions", { item_id, added: 20_000 });
  await arrived("SYNC_UPDATES_AVAILABLE");
  const second = await read(plaid, access_token, first.copy, first.cursor);
  expect(second.pages).toBe(40);
  expect(second.copy.size).toBeGreaterThan(20_000);
  expect(facts(second.copy.values())).toEqual(facts(await atPlaid(sandbox, item_id)));
});

test("A reader that follows the cursor has what the bank has after added, modified and removed", async ({
  sandbox,
  plaid,
}) => {
  const { access_token, item_id } = await connect(plaid);
  let { copy, cursor } = await read(plaid, access_token);
  for (const change of [
    { added: 30, modified: 7, removed: 5 },
    { removed: 40 },
    { modified: 100 },
    { added: 1 },
  ]) {
    const before = copy.size;
    await post(sandbox, "items/transactions", { item_id, ...change });
    ({ copy, cursor } = await read(plaid, access_token, copy, cursor));
    const { added = 0, removed = 0 } = change as { added?: number; removed?: number };
    expect(copy.size).toBe(before + added - removed);
    await post(sandbox, "items/refresh", { item_id });
    ({ copy, cursor } = await read(plaid, access_token, copy, cursor));
    expect(facts(copy.values())).toEqual(facts(await atPlaid(sandbox, item_id)));
  }
  expect(facts((await read(plaid, access_token)).copy.values())).toEqual(facts(copy.values()));
});

test("A change between two pages is a mutation during pagination", async ({ sandbox, plaid }) => {
  const { access_token, item_id } = await connect(plaid);
  const { next_cursor } = (await plaid.transactionsSync({ access_token, count: 10 })).data;
  await post(sandbox, "items/transactions", { item_id, added: 1 });
  const changed = await failure(plaid.transactionsSync({ access_token, cursor: next_cursor }));
  expect(changed.error_code).toBe("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION");
});

test("items/error puts an Item in any of Plaid's errors", async ({ sandbox, plaid }) => {
  const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook });
  await post(sandbox, "items/error", { item_id, error_code: "INSTITUTION_DOWN" });
  const { item } = (await plaid.itemGet({ access_token })).data;
  expect(item.error?.error_code).toBe("INSTITUTION_DOWN");
  expect((await arrived("ERROR")).body).toMatchObject({ item_id });
});

test("items/error with data_only fails data calls while /item/get shows a healthy Item, until error_code is null", async ({
  sandbox,
  plaid,
}) => {
  const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook });
  await post(sandbox, "items/error", { item_id, error_code: "NO_ACCOUNTS", data_only: true });
  expect((await plaid.itemGet({ access_token })).data.item.error).toBeNull();
  for (const call of [
    plaid.accountsGet({ access_token }),
    plaid.transactionsSync({ access_token }),
    plaid.authGet({ access_token }),
  ]) {
    expect((await failure(call)).error_code).toBe("NO_ACCOUNTS");
  }
  await post(sandbox, "items/error", { item_id, error_code: null });
  await plaid.accountsGet({ access_token });
  expect(received.map(({ body }) => body.webhook_code)).not.toContain("ERROR");
});

test("items/reset-login makes an Item need its user", async ({ sandbox, plaid }) => {
  const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook });
  await post(sandbox, "items/reset-login", { item_id });
  expect((await failure(plaid.accountsGet({ access_token }))).error_code).toBe(
    "ITEM_LOGIN_REQUIRED",
  );
  expect((await arrived("ERROR")).body).toMatchObject({ item_id });
});

test.for([
  ["PENDING_EXPIRATION", "PendingExpirationWebhook"],
  ["PENDING_DISCONNECT", "PendingDisconnectWebhook"],
  ["NEW_ACCOUNTS_AVAILABLE", "NewAccountsAvailableWebhook"],
  ["USER_ACCOUNT_REVOKED", "UserAccountRevokedWebhook"],
  ["USER_PERMISSION_REVOKED", "UserPermissionRevokedWebhook"],
  ["LOGIN_REPAIRED", "ItemLoginRepairedWebhook"],
  ["WEBHOOK_UPDATE_ACKNOWLEDGED", "WebhookUpdateAcknowledgedWebhook"],
  ["ERROR", "ItemErrorWebhook"],
  ["SYNC_UPDATES_AVAILABLE", "SyncUpdatesAvailableWebhook"],
  ["DEFAULT_UPDATE", "DefaultUpdateWebhook"],
] as const)(
  "%s can be sent by item_id, in its documented shape",
  async ([webhook_code, schema], { sandbox, plaid }) => {
    const { item_id } = await connect(plaid, "ins_109508", { webhook });
    await post(sandbox, "items/webhook", { item_id, webhook_code });
    const { body } = await arrived(webhook_code);
    const ajv = plaidAjv(readOpenApiDocument("webhook-schemas"), false);
    const validate = ajv.compile(absoluteReference({ $ref: `#/components/schemas/${schema}` }));
    expect(validate(body) ? null : ajv.errorsText(validate.errors)).toBeNull();
    expect(body.item_id).toBe(item_id);
  },
);

test("items/webhook can sign a webhook in the past", async ({ sandbox, plaid }) => {
  const { item_id } = await connect(plaid, "ins_109508", { webhook });
  const wanted = { item_id, webhook_code: "LOGIN_REPAIRED", signed_seconds_ago: 600 };
  await post(sandbox, "items/webhook", wanted);
  const { iat = 0 } = decodeJwt((await arrived("LOGIN_REPAIRED")).jwt);
  expect(Math.abs(Date.now() / 1000 - 600 - iat)).toBeLessThan(30);
});

test("settings apply while the sandbox runs, and a reset restores those of the start", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const call = () => plaid.itemGet({ access_token });
  for (let index = 0; index < 20; index += 1) await call();
  expect(await post(sandbox, "settings", { rate_limits: true })).toMatchObject({
    rate_limits: true,
    latency_ms: 0,
  });
  for (let index = 0; index < 15; index += 1) await call();
  expect((await failure(call())).error_code).toBe("ITEM_GET_LIMIT");
  await post(sandbox, "settings", { rate_limits: false, latency_ms: 120 });
  const started = performance.now();
  await call();
  expect(performance.now() - started).toBeGreaterThan(115);
  await post(sandbox, "reset");
  expect(await get(sandbox, "settings")).toEqual({
    rate_limits: false,
    latency_ms: 0,
    new_item_invalidates_old: true,
    transactions_ready_ms: 0,
    transactions_for_all: true,
    full_history: true,
    require_consent: false,
    link_events: true,
    webhook_retry_ms: 250,
    historical_pull_ms: 0,
    log_ins_last: true,
    login_repaired: true,
    webhooks_before_sync: true,
    user_apis: true,
    user_items_delay_ms: 0,
  });
});

test("transactionsSync returns NOT_READY and an empty cursor until the transactions are ready", async ({
  sandbox,
  plaid,
}) => {
  await post(sandbox, "settings", { transactions_ready_ms: 60_000 });
  const { access_token } = await connect(plaid);
  const early = (await plaid.transactionsSync({ access_token })).data;
  expect(early).toMatchObject({
    added: [],
    next_cursor: "",
    has_more: false,
    transactions_update_status: "NOT_READY",
  });
  const dates = { start_date: "2026-01-01", end_date: "2026-02-01" };
  const refused = await failure(plaid.transactionsGet({ access_token, ...dates }));
  expect(refused.error_code).toBe("PRODUCT_NOT_READY");
  await post(sandbox, "clock", { advance_seconds: 60 });
  expect((await read(plaid, access_token)).copy.size).toBeGreaterThan(100);
});

test.for([
  ["items/transactions", { item_id: "nobody", added: 1 }, "no such Item"],
  ["items/transactions", { added: 1 }, "no such Item"],
  ["items/reset-login", { item_id: "x", force: true }, "unknown force; known: item_id"],
  ["settings", { rate_limits: "yes" }, '"rate_limits" must be true or false'],
  ["settings", { latency_ms: -1 }, '"latency_ms" must be a whole number from 0 to 600000'],
  ["settings", { speed: 9 }, "unknown speed"],
  ["clock", { advance_seconds: 1e300 }, '"advance_seconds" must be a whole number'],
  ["nothing", {}, "no POST /_control/nothing"],
] as const)("%s with %j is rejected with the reason", async ([path, body, reason], { sandbox }) => {
  await expect(post(sandbox, path, body)).rejects.toThrow(reason);
});

test("Invalid numbers and codes are rejected by name", async ({ sandbox, plaid }) => {
  const { item_id } = await connect(plaid);
  await expect(post(sandbox, "items/transactions", { item_id, added: 1e9 })).rejects.toThrow(
    '"added"',
  );
  const oops = { item_id, webhook_code: "OOPS" };
  await expect(post(sandbox, "items/webhook", oops)).rejects.toThrow(
    '"webhook_code" must be one of',
  );
  const silent = { item_id, webhook_code: "ERROR" };
  await expect(post(sandbox, "items/webhook", silent)).rejects.toThrow("no webhook URL");
  const unknown = { item_id, error_code: "OOPS" };
  await expect(post(sandbox, "items/error", unknown)).rejects.toThrow('"error_code" must be');
});
