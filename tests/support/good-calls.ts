import { randomBytes, randomUUID } from "node:crypto";
import snakecaseKeys from "snakecase-keys";
import { z } from "zod";
import { type Endpoint, endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "./app.ts";

type Schema = z.core.JSONSchema.JSONSchema;

/** A user's data that procedures take as input. */
export interface Owned {
  itemId: string;
  bank: string;
  accountId: string;
  /** The start of their second page of transactions. */
  cursor: string;
  /** Where they have read the changes of their transactions up to. */
  changesCursor: string;
  transactionId: string;
  apiKeyId: string;
  webhookId: string;
  deliveryId: string;
  linkId: string;
  passkeyId: string;
  /** Used up for their Item. */
  publicToken: string;
  /** Plaid's ids of their Item, their account and their Link session. */
  plaid: { institutionId: string; accountId: string; linkSessionId: string };
  dataVersion: number;
}

/**
 * The value of a field in a valid call by the owner, by the field's name, or by the procedure's and the
 * field's where the name alone is ambiguous. Ids are listed here; other fields are generated from their
 * schema unless they are listed.
 */
const values: Record<string, (own: Owned) => unknown> = {
  itemId: (own) => own.itemId,
  accountId: (own) => own.accountId,
  "connectAccount accountIds": (own) => [own.plaid.accountId],
  "items.chooseAccounts accountIds": (own) => [own.accountId],
  cursor: (own) => own.cursor,
  since: (own) => own.changesCursor,
  publicToken: (own) => own.publicToken,
  linkSessionId: (own) => own.plaid.linkSessionId,
  linkToken: () => "link-sandbox-00000000-0000-4000-8000-000000000000",
  institutionId: (own) => own.plaid.institutionId,
  "connections.get id": (own) => own.linkId,
  lastEventId: (own) => String(own.dataVersion),
  "accounts.get id": (own) => own.accountId,
  "webhooks.create url": () => "https://hooks.example.com/",
  "webhooks.delete id": (own) => own.webhookId,
  "webhooks.replaceSecret id": (own) => own.webhookId,
  "webhooks.deliveries id": (own) => own.webhookId,
  "webhooks.redeliver id": (own) => own.deliveryId,
  "webhooks.sendTest id": (own) => own.webhookId,
  "webhooks.enable id": (own) => own.webhookId,
  "apiKeys.revoke id": (own) => own.apiKeyId,
  "secondFactors.removePasskey id": (own) => own.passkeyId,
  "secondFactors.confirmAuthenticator code": () => "123456",
  "session.stepUp password": () => "correct horse battery",
  "connectAccount id": (own) => own.plaid.accountId,
  "account.delete confirmation": () => "delete my account",
  "items.disconnect confirmation": (own) => `disconnect ${own.bank}`,
  scopes: () => ["accounts:read"],
  month: () => "2026-01",
  plan: () => "cfo",
  transactionId: (own) => own.transactionId,
};

/** Procedures that end something. They are called last, and each leaves something for the ones after it. */
export const endings = [
  "items.disconnect",
  "webhooks.delete",
  "apiKeys.revoke",
  "secondFactors.removeAuthenticator",
  "secondFactors.removePasskey",
  "account.delete",
];

/**
 * Procedures that need a device's response, or that set up an authenticator app where there is one already.
 */
export const withDevice = [
  "secondFactors.startAuthenticator",
  "secondFactors.confirmAuthenticator",
  "secondFactors.addPasskey",
];

const namesThings = (name: string) => /^(id|cursor|since)$|Ids?$|Token$/.test(name);

/** Fills what a schema requires and every field that names something. */
function fill(procedure: string, schema: Schema, own: Owned, field = ""): unknown {
  const value = values[`${procedure} ${field}`] ?? values[field];
  if (value) return value(own);
  if (namesThings(field))
    throw new Error(`say in \`values\` what "${field}" of ${procedure} holds`);
  const [choice] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])] as Schema[];
  if (choice) return fill(procedure, choice, own, field);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "object") {
    const fields = Object.entries(schema.properties ?? {}) as [string, Schema][];
    const filled = fields.filter(
      ([name, inner]) =>
        schema.required?.includes(name) ||
        mentions(name, inner) ||
        values[`${procedure} ${name}`] !== undefined,
    );
    return Object.fromEntries(
      filled.map(([name, inner]) => [name, fill(procedure, inner, own, name)]),
    );
  }
  if (schema.type === "array") return [fill(procedure, schema.items as Schema, own)];
  if (schema.type === "boolean") return true;
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  return "Mine";
}

/** Whether a field, or one inside it, names something. */
function mentions(name: string, schema: Schema): boolean {
  const inner = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ] as Schema[];
  return (
    namesThings(name) ||
    inner.some((one) => mentions("", one)) ||
    Object.entries(schema.properties ?? {}).some(([field, one]) => mentions(field, one as Schema))
  );
}

/** The input schema of every procedure. */
export const inputs = new Map(
  [...endpoints, ...subscriptions].map(({ name, input }) => [name, input]),
);

/** Builds a valid call of a procedure by the owner of the data it names. */
export function goodCall(name: string, own: Owned): object | undefined {
  const input = inputs.get(name);
  if (!input) return undefined;
  return fill(name, z.toJSONSchema(input, { io: "input", unrepresentable: "any" }), own) as object;
}

/** Gives a user some of every kind of data. */
export async function stock(app: TestApp, owner: TestUser): Promise<Owned> {
  const publicToken = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, owner);
  const itemId: string = body.item.id;
  const { signal } = new AbortController();
  await syncItem(app.services, { userId: owner.id, itemId }, app.services.log, signal);
  const link = await app.post("/plaid/create-link-token", {}, owner);
  const key = { name: "Hers", scopes: ["accounts:read"], expires_in_days: 1 };
  await app.stepUp(owner);
  const made = await app.post("/api/v1/api-keys", key, owner);
  const webhook = { url: "https://hooks.example.com/", events: ["connection.connected"] };
  const added = await app.post("/api/v1/webhooks", webhook, owner);
  const webhookId: string = added.body.webhook.id;
  const [delivery] = await app.query(
    `insert into webhook_deliveries (user_id, endpoint_id, type, body)
     values ($1, $2, 'connection.connected', '{}') returning id`,
    [owner.id, webhookId],
  );
  const passkeyId = randomBytes(8).toString("hex");
  await app.query(
    `insert into passkeys (user_id, id, name, public_key, counter, transports)
     values ($1, $2, 'Hers', '', 0, '{}')`,
    [owner.id, passkeyId],
  );
  await app.query(
    "insert into totp_factors (user_id, secret_sealed, confirmed_at) values ($1, 'sealed', now())",
    [owner.id],
  );
  const accountId: string = body.accounts[0].id;
  const cookie = { cookie: owner.cookie };
  const page = await fetch(`${app.url}/api/v1/transactions`, { headers: cookie });
  const { next_cursor: cursor, transactions } = (await page.json()) as {
    next_cursor: string;
    transactions: { id: string; account_id: string }[];
  };
  const changes = await app.get("/api/v1/transaction-changes?limit=1", owner);
  const [account] = await app.query("select plaid_account_id id from accounts where id = $1", [
    accountId,
  ]);
  const [user] = await app.query("select data_version from users where id = $1", [owner.id]);
  return {
    itemId,
    bank: body.item.institution.name,
    accountId,
    cursor,
    changesCursor: changes.cursor,
    transactionId: transactions.find(({ account_id }) => account_id === accountId)?.id ?? "",
    apiKeyId: made.body.api_key.id,
    webhookId,
    deliveryId: delivery.id,
    linkId: link.body.link_id,
    passkeyId,
    publicToken,
    plaid: { institutionId: "ins_109508", accountId: account.id, linkSessionId: randomUUID() },
    dataVersion: user.data_version,
  };
}

/** Builds a REST call: its path with the fields in it and, except for a POST, in its query; and its body. */
export function restCall(
  { method, path }: Pick<Endpoint, "method" | "path">,
  input: object | undefined,
): { url: string; body: object | undefined } {
  const given: Record<string, unknown> = { ...input };
  const fields: Record<string, unknown> = snakecaseKeys(given, { deep: true });
  const at = path.replace(/\{(\w+)\}/g, (_whole, field) => {
    const value = String(fields[field]);
    delete fields[field];
    return encodeURIComponent(value);
  });
  if (method === "POST") return { url: `/api/v1${at}`, body: fields };
  const query = new URLSearchParams(fields as Record<string, string>);
  return { url: `/api/v1${at}?${query}`, body: undefined };
}
