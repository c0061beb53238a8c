import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import {
  SandboxItemFireWebhookRequestWebhookCodeEnum as Code,
  type PlaidApi,
  WebhookType as Type,
} from "plaid";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { absoluteReference, plaidAjv, readOpenApiDocument } from "../src/plaid/openapi-schemas.ts";
import type { Delivery } from "../src/webhooks/sender.ts";
import { connect, control, failure, KIND, LINK_TOKEN_REQUEST } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

interface Received {
  text: string;
  body: { webhook_type: string; webhook_code: string; item_id: string; [field: string]: unknown };
  headers: IncomingHttpHeaders;
}

const test = testWithSandbox(KIND);
let receiver: Server;
let url: string;
let received: Received[] = [];
/** The receiver's next responses, 0 for none; then 200. */
let answers: number[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    received.push({ text, body: JSON.parse(text), headers: request.headers });
    const answer = answers.shift() ?? 200;
    if (answer > 0) response.writeHead(answer).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/plaid`;
});
test.beforeEach(async ({ sandbox }) => {
  await control(sandbox.url, "POST", "reset");
  received = [];
  answers = [];
});
afterAll(async () => {
  receiver.close();
});

function arrived(code: string): Promise<Received> {
  return vi.waitFor(
    () => {
      const found = received.find(({ body }) => body.webhook_code === code);
      if (!found)
        throw new Error(`no ${code} among ${received.map(({ body }) => body.webhook_code)}`);
      return found;
    },
    { timeout: 4_000, interval: 10 },
  );
}

const webhookSchemas = readOpenApiDocument("webhook-schemas");
const ajv = plaidAjv(webhookSchemas, false);

function fits(schema: string, body: object): void {
  const validate = ajv.compile(absoluteReference({ $ref: `#/components/schemas/${schema}` }));
  expect(validate(body) ? null : ajv.errorsText(validate.errors)).toBeNull();
}

test("A webhook verifies as Plaid documents: key by kid, ES256, fresh, the body's SHA-256", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid, "ins_109508", { webhook: url });
  await plaid.sandboxItemFireWebhook({ access_token, webhook_code: Code.DefaultUpdate });
  const { text, headers } = await arrived("DEFAULT_UPDATE");
  const jwt = String(headers["plaid-verification"]);
  const { kid, alg } = decodeProtectedHeader(jwt);
  expect(alg).toBe("ES256");
  const { key } = (await plaid.webhookVerificationKeyGet({ key_id: kid ?? "" })).data;
  const { payload } = await jwtVerify(jwt, await importJWK({ ...key }, "ES256"), {
    maxTokenAge: "5 min",
  });
  expect(payload.request_body_sha256).toBe(createHash("sha256").update(text).digest("hex"));
  // Plaid indents by two spaces: a body parsed and written again does not match.
  expect(text).not.toBe(JSON.stringify(JSON.parse(text)));
});

test("A new Item's transactions are announced after the exchange, not before", async ({
  plaid,
}) => {
  const { item_id } = await connect(plaid, "ins_109508", { webhook: url });
  // A webhook of the previous test may still arrive.
  expect(received.filter(({ body }) => body.item_id === item_id)).toEqual([]);
  fits("InitialUpdateWebhook", (await arrived("INITIAL_UPDATE")).body);
  fits("HistoricalUpdateWebhook", (await arrived("HISTORICAL_UPDATE")).body);
  fits("SyncUpdatesAvailableWebhook", (await arrived("SYNC_UPDATES_AVAILABLE")).body);
});

test.for([
  [Code.DefaultUpdate, "DefaultUpdateWebhook"],
  [Code.SyncUpdatesAvailable, "SyncUpdatesAvailableWebhook"],
  [Code.NewAccountsAvailable, "NewAccountsAvailableWebhook"],
  [Code.PendingDisconnect, "PendingDisconnectWebhook"],
  [Code.UserPermissionRevoked, "UserPermissionRevokedWebhook"],
  [Code.UserAccountRevoked, "UserAccountRevokedWebhook"],
  [Code.LoginRepaired, "ItemLoginRepairedWebhook"],
  [Code.Error, "ItemErrorWebhook"],
] as const)(
  "/sandbox/item/fire_webhook sends %s in its documented shape",
  async ([webhook_code, schema], { plaid }) => {
    const { access_token, item_id } = await connect(plaid, "ins_109508", { webhook: url });
    await plaid.sandboxItemFireWebhook({ access_token, webhook_code });
    const { body } = await arrived(webhook_code);
    fits(schema, body);
    expect(body.item_id).toBe(item_id);
  },
);

/** At Tartan Bank, which has accounts of every kind. */
async function fullItem(plaid: PlaidApi): Promise<string> {
  const { public_token } = (
    await plaid.sandboxPublicTokenCreate({
      institution_id: "ins_109511",
      initial_products: ["transactions", "auth", "investments", "liabilities", "assets"] as never[],
      options: { webhook: url },
    })
  ).data;
  return (await plaid.itemPublicTokenExchange({ public_token })).data.access_token;
}

test.for([
  [Type.Auth, Code.DefaultUpdate, "AuthDefaultUpdateWebhook"],
  [Type.Holdings, Code.DefaultUpdate, "HoldingsDefaultUpdateWebhook"],
  [Type.InvestmentsTransactions, Code.DefaultUpdate, "InvestmentsDefaultUpdateWebhook"],
  [Type.Liabilities, Code.DefaultUpdate, "LiabilitiesDefaultUpdateWebhook"],
  [Type.Transactions, Code.DefaultUpdate, "DefaultUpdateWebhook"],
  [undefined, Code.RecurringTransactionsUpdate, "RecurringTransactionsUpdateWebhook"],
  [undefined, Code.SmsMicrodepositsVerification, "HostedMMDVerificationWebhook"],
  [undefined, Code.ProductReady, "AssetsProductReadyWebhook"],
  [Type.Assets, Code.Error, "AssetsErrorWebhook"],
] as const)(
  "/sandbox/item/fire_webhook sends %s %s in its own shape",
  async ([type, code, schema], { plaid }) => {
    const access_token = await fullItem(plaid);
    const webhook_type = type === undefined ? {} : { webhook_type: type };
    await plaid.sandboxItemFireWebhook({ access_token, webhook_code: code, ...webhook_type });
    const sent = (one: Received) =>
      one.body.webhook_code === code && (type ?? one.body.webhook_type) === one.body.webhook_type;
    await vi.waitFor(() => expect(received.some(sent)).toBe(true), { timeout: 4_000 });
    fits(schema, received.find(sent)?.body ?? {});
    expect((await plaid.itemGet({ access_token })).data.item.error).toBeNull();
  },
);

test("/sandbox/item/fire_webhook rejects a product that the Item does not have, and a code of another type", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid, "ins_109508", { webhook: url });
  const code = async (webhook_code: Code, webhook_type: Type) =>
    (await failure(plaid.sandboxItemFireWebhook({ access_token, webhook_code, webhook_type })))
      .error_code;
  expect(await code(Code.DefaultUpdate, Type.Holdings)).toBe("SANDBOX_PRODUCT_NOT_ENABLED");
  expect(await code(Code.ProductReady, Type.Assets)).toBe("SANDBOX_PRODUCT_NOT_ENABLED");
  expect(await code(Code.DefaultUpdate, Type.Item)).toBe("SANDBOX_WEBHOOK_INVALID");
  expect(await code(Code.PendingDisconnect, Type.Transactions)).toBe("SANDBOX_WEBHOOK_INVALID");
});

test("A refresh announces what it added and what it removed", async ({ plaid }) => {
  const { access_token } = await connect(plaid, "ins_109508", { webhook: url });
  await plaid.transactionsRefresh({ access_token });
  fits("TransactionsRemovedWebhook", (await arrived("TRANSACTIONS_REMOVED")).body);
  expect((await arrived("DEFAULT_UPDATE")).body.new_transactions).toBeGreaterThan(0);
});

test("An updated webhook URL receives WEBHOOK_UPDATE_ACKNOWLEDGED, and the Item shows the last webhook", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  await plaid.itemWebhookUpdate({ access_token, webhook: url });
  fits("WebhookUpdateAcknowledgedWebhook", (await arrived("WEBHOOK_UPDATE_ACKNOWLEDGED")).body);
  const { status } = (await plaid.itemGet({ access_token })).data;
  expect(status?.last_webhook?.code_sent).toBe("WEBHOOK_UPDATE_ACKNOWLEDGED");
});

test("A webhook is retried with the same body when its receiver returns anything but 200", async ({
  sandbox,
  plaid,
}) => {
  answers = [500, 204];
  const { access_token } = await connect(plaid);
  await plaid.itemWebhookUpdate({ access_token, webhook: url });
  await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 5_000 });
  expect(new Set(received.map(({ text }) => text)).size).toBe(1);
  await vi.waitFor(
    async () => {
      const { webhooks } = await control<{ webhooks: Delivery[] }>(sandbox.url, "GET", "webhooks");
      expect(webhooks).toMatchObject([{ attempts: 3, status: 200, state: "delivered" }]);
    },
    { timeout: 5_000 },
  );
});

test("A webhook that waits for its response is not retried after a reset", async ({
  sandbox,
  plaid,
}) => {
  answers = [0];
  const { access_token } = await connect(plaid);
  await plaid.itemWebhookUpdate({ access_token, webhook: url });
  await arrived("WEBHOOK_UPDATE_ACKNOWLEDGED");
  await control(sandbox.url, "POST", "reset");
  // Longer than the wait before the first retry.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(received).toHaveLength(1);
});

test("A webhook never leaves the machine", async ({ sandbox, plaid }) => {
  const { access_token } = await connect(plaid);
  await plaid.itemWebhookUpdate({ access_token, webhook: "https://example.com/hook" });
  const { webhooks } = await control<{ webhooks: Delivery[] }>(sandbox.url, "GET", "webhooks");
  expect(webhooks).toMatchObject([{ attempts: 0, state: "refused" }]);
});

test("fire_webhook returns SANDBOX_WEBHOOK_INVALID for an Item without a webhook", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const refused = await failure(
    plaid.sandboxItemFireWebhook({ access_token, webhook_code: Code.DefaultUpdate }),
  );
  expect(refused).toMatchObject({
    error_type: "SANDBOX_ERROR",
    error_code: "SANDBOX_WEBHOOK_INVALID",
  });
});

test("A Link session sends its events, its Item and its end", async ({ sandbox, plaid }) => {
  const { link_token } = (await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, webhook: url }))
    .data;
  const step = async (name: string, fields: object) => {
    const answer = await fetch(`${sandbox.url}/link/session/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    return answer.json();
  };
  const { link_session_id } = await step("start", { link_token });
  await step("institution", { link_session_id, institution_id: "ins_109508" });
  await step("log-in", { link_session_id, username: "user_good", password: "pass_good" });
  const event = {
    event_name: "OPEN",
    event_id: "1",
    timestamp: "2026-01-01T00:00:00Z",
    event_metadata: {},
  };
  const { public_token } = await step("connect", {
    link_session_id,
    account_ids: [0],
    events: [event],
  });
  fits("LinkEventsWebhook", (await arrived("EVENTS")).body);
  const added = (await arrived("ITEM_ADD_RESULT")).body;
  fits("ItemAddResultWebhook", added);
  expect(added).toMatchObject({ link_session_id, link_token, public_token });
  const finished = (await arrived("SESSION_FINISHED")).body;
  fits("LinkSessionFinishedWebhook", finished);
  expect(finished).toMatchObject({ status: "SUCCESS", public_tokens: [public_token] });
});
