import { randomBytes, randomUUID } from "node:crypto";
import snakecaseKeys from "snakecase-keys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Endpoint, endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { openStream } from "../support/sse.ts";
import { until } from "../support/until.ts";

type Schema = z.core.JSONSchema.JSONSchema;

/** What a person has, as far as a procedure takes it. */
interface Owned {
  itemId: string;
  bank: string;
  accountId: string;
  /** Where their second page of transactions begins. */
  cursor: string;
  apiKeyId: string;
  /** Spent for their Item. */
  publicToken: string;
  /** What Plaid calls their Item, their account and their opening of Link. */
  plaid: { institutionId: string; accountId: string; linkSessionId: string };
  dataVersion: number;
}

/**
 * What a field of an input holds in a good call by the owner, by the field's name, or by the procedure's
 * and the field's where the name alone does not say. Ids are taken from here; other fields are made up
 * from their schema unless they are here.
 */
const values: Record<string, (own: Owned) => unknown> = {
  itemId: (own) => own.itemId,
  accountId: (own) => own.accountId,
  cursor: (own) => own.cursor,
  publicToken: (own) => own.publicToken,
  linkSessionId: (own) => own.plaid.linkSessionId,
  institutionId: (own) => own.plaid.institutionId,
  lastEventId: (own) => String(own.dataVersion),
  "accounts.get id": (own) => own.accountId,
  "apiKeys.revoke id": (own) => own.apiKeyId,
  "connectAccount id": (own) => own.plaid.accountId,
  "account.delete confirmation": () => "delete my account",
  "items.disconnect confirmation": (own) => `disconnect ${own.bank}`,
  password: () => "correct horse battery",
  scopes: () => ["accounts:read"],
};

/** Those that end something, called last: each leaves the ones after it something to end. */
const endings = ["items.disconnect", "apiKeys.revoke", "account.delete"];

const namesThings = (name: string) => /^(id|cursor)$|Ids?$|Token$/.test(name);

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
      ([name, inner]) => schema.required?.includes(name) || mentions(name, inner),
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

const inputs = new Map([...endpoints, ...subscriptions].map(({ name, input }) => [name, input]));

/** A good call of a procedure by the one who owns what it names. */
function goodCall(name: string, own: Owned): object | undefined {
  const input = inputs.get(name);
  if (!input) return undefined;
  return fill(name, z.toJSONSchema(input, { io: "input", unrepresentable: "any" }), own) as object;
}

let app: TestApp;
let ada: Person;
let mallory: Person;
let hers: Owned;
/** Of Mallory, for everything that a key may do. */
let key: string;
beforeAll(async () => {
  app = await startTestApp();
  [ada, mallory] = [await app.signUp("cfo"), await app.signUp("cfo", undefined, "Mallory")];
  const everything = { name: "All", scopes: scope.options, expiresInDays: 1 };
  ({ key } = await createApiKey(app.services.db, mallory.id, everything));
  hers = await stock(ada);
  await stock(mallory);
});
afterAll(() => app?.close());

/** Gives a person something of everything. */
async function stock(person: Person): Promise<Owned> {
  const publicToken = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, person);
  const itemId: string = body.item.id;
  const { signal } = new AbortController();
  await syncItem(app.services, { userId: person.id, itemId }, app.services.log, signal);
  await app.post("/plaid/create-link-token", {}, person);
  const key = { name: "Hers", scopes: ["accounts:read"], expires_in_days: 1 };
  await app.stepUp(person);
  const made = await app.post("/api/v1/api-keys", key, person);
  const accountId: string = body.accounts[0].id;
  const cookie = { cookie: person.cookie };
  const page = await fetch(`${app.url}/api/v1/transactions`, { headers: cookie });
  const { next_cursor: cursor } = (await page.json()) as { next_cursor: string };
  const [account] = await app.query("select plaid_account_id id from accounts where id = $1", [
    accountId,
  ]);
  const [user] = await app.query("select data_version from users where id = $1", [person.id]);
  return {
    itemId,
    bank: body.item.institution.name,
    accountId,
    cursor,
    apiKeyId: made.body.api_key.id,
    publicToken,
    plaid: { institutionId: "ins_109508", accountId: account.id, linkSessionId: randomUUID() },
    dataVersion: user.data_version,
  };
}

/** Every row that is of Ada or about her. */
async function rowsOfAda(): Promise<string> {
  const tables = await app.query(
    `select table_name as name from information_schema.columns
     where table_schema = 'public' and column_name = 'user_id'`,
  );
  const rows = await Promise.all([
    app.query("select * from users where id = $1", [ada.id]),
    ...tables.map(({ name }) =>
      app.query(`select * from ${name} where user_id = $1 order by ${name}::text`, [ada.id]),
    ),
  ]);
  expect(rows.flat().length).toBeGreaterThan(20);
  return JSON.stringify(rows);
}

/** What identifies Ada or anything of hers, wherever it stands in her rows. */
async function namesOfAda(): Promise<string[]> {
  const known = (await rowsOfAda()).match(/[0-9a-f-]{36}|"[A-Za-z0-9]{37}"|[^"]+@example\.com/g);
  return [...new Set(known), hers.apiKeyId].map((name) => name.replaceAll('"', ""));
}

interface Answer {
  status: number;
  body: string;
}
/** The headers that say who asks. */
type Who = { cookie: string } | { authorization: string };

async function request(
  path: string,
  method: string,
  body: object | undefined,
  who: Who,
): Promise<Answer> {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { ...who, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  // The id of the request differs, and says nothing.
  const text = (await response.text()).replaceAll(response.headers.get("x-request-id") ?? "", "");
  return { status: response.status, body: text };
}

/** The same call over tRPC and over REST. */
const faces = ({ name, type, method, path }: Endpoint) => ({
  tRPC: (input: object | undefined, who: Who) =>
    type === "query"
      ? request(
          `/trpc/${name}?input=${encodeURIComponent(JSON.stringify(input ?? null))}`,
          "GET",
          undefined,
          who,
        )
      : request(`/trpc/${name}`, "POST", input ?? {}, who),
  REST: (input: object | undefined, who: Who) => {
    const fields: Record<string, unknown> = { ...input };
    const at = path.replace(/\{(\w+)\}/g, (_whole, field) => {
      const value = String(fields[field]);
      delete fields[field];
      return encodeURIComponent(value);
    });
    const snake = snakecaseKeys(fields, { deep: true });
    if (method === "POST") return request(`/api/v1${at}`, method, snake, who);
    const query = new URLSearchParams(snake as Record<string, string>);
    return request(`/api/v1${at}?${query}`, method, undefined, who);
  },
});

/** The same input with ids that nobody has. */
function withStrangersIds(input: object | undefined): object | undefined {
  if (!input) return undefined;
  const text = JSON.stringify(input)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, () => randomUUID())
    .replace(/"[0-9a-f]{16}"/g, () => `"${randomBytes(8).toString("hex")}"`);
  return JSON.parse(text);
}

test("a good call of every procedure can be made up from its input's fields", () => {
  for (const name of inputs.keys()) expect(() => goodCall(name, hers), name).not.toThrow();
  for (const name of endings) expect(inputs.has(name), name).toBe(true);
});

describe("what is another's is to a stranger as what is not there, and stays as it was", () => {
  for (const endpoint of endpoints) {
    // The stranger's own good call, about nothing of Ada's, would end the stranger.
    if (endpoint.name === "account.delete") continue;
    const { tRPC, REST } = faces(endpoint);
    const ways: [string, (input?: object) => Promise<Answer>][] = [
      ["over tRPC", (input) => tRPC(input, { cookie: mallory.cookie })],
      ["over REST", (input) => REST(input, { cookie: mallory.cookie })],
    ];
    if (endpoint.scope !== "session") {
      ways.push(["with a key", (input) => REST(input, { authorization: `Bearer ${key}` })]);
    }
    for (const [way, send] of ways) {
      test(`${endpoint.name} ${way}`, async () => {
        const names = await namesOfAda();
        const before = await rowsOfAda();
        const input = goodCall(endpoint.name, hers);
        const guessed = await send(input);
        expect([401, 403]).not.toContain(guessed.status);
        expect(await rowsOfAda()).toBe(before);
        const sent = JSON.stringify(input) ?? "";
        const told = names.filter((one) => guessed.body.includes(one) && !sent.includes(one));
        expect(told).toEqual([]);
        const random = await send(withStrangersIds(input));
        expect(guessed.status).toBe(random.status);
        if (guessed.status >= 400) expect(guessed.body).toBe(random.body);
      });
    }
  }

  test("live.changes", async () => {
    const { dataVersion } = hers;
    await app.query("update users set data_version = 70 where id = $1", [mallory.id]);
    const input = encodeURIComponent(JSON.stringify({ lastEventId: String(dataVersion) }));
    const stream = await openStream(`${app.url}/trpc/live.changes?input=${input}`, {
      cookie: mallory.cookie,
    });
    await until(() => stream.messages().length === 1);
    await app.query("update users set data_version = data_version + 1 where id = $1", [ada.id]);
    await app.query("update users set data_version = 71 where id = $1", [mallory.id]);
    await until(() => stream.messages().length > 1);
    expect(stream.messages().map((message) => message.dataVersion)).toEqual([70, 71]);
    stream.close();
    await stream.ended;
  });
});

test("the same calls are good ones: their owner's go through", async () => {
  const made = await app.post("/plaid/exchange-token", { public_token: hers.publicToken }, ada);
  expect(made.body.outcome).toBe("already_connected");
  const last = ({ name }: Endpoint) => endings.indexOf(name);
  for (const endpoint of endpoints.toSorted((a, b) => last(a) - last(b))) {
    const { name } = endpoint;
    const { status, body } = await faces(endpoint).REST(goodCall(name, hers), {
      cookie: ada.cookie,
    });
    expect(`${name}: ${status === 200 ? status : body}`).toBe(`${name}: 200`);
  }
});
