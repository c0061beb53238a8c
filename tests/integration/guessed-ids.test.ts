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
 * A good call of each procedure by the one who owns what it names; those that end something last. A
 * new procedure needs a line here, with every id that its input has a field for.
 */
const goodCalls: Record<string, (own: Owned) => object | undefined> = {
  "plaid.createLinkToken": ({ itemId }) => ({ itemId }),
  "plaid.finishUpdateMode": ({ itemId, plaid: { linkSessionId } }) => ({ itemId, linkSessionId }),
  "plaid.recordLinkEvent": ({ plaid: { linkSessionId, institutionId } }) => ({
    eventName: "OPEN",
    linkSessionId,
    institutionId,
  }),
  connectAccount: ({ publicToken, plaid: { linkSessionId, institutionId, accountId } }) => ({
    publicToken,
    metadata: {
      linkSessionId,
      institution: { institutionId, name: "Bank" },
      accounts: [{ id: accountId }],
    },
  }),
  "accounts.list": () => undefined,
  "transactions.list": ({ accountId, cursor }) => ({ accountId, cursor }),
  "insights.netWorth": () => undefined,
  "insights.cashFlow": () => undefined,
  "plan.get": () => undefined,
  "activity.list": () => undefined,
  "session.stepUp": () => ({ password: "correct horse battery" }),
  "apiKeys.create": () => ({ name: "Mine", scopes: ["accounts:read"], expiresInDays: 1 }),
  "apiKeys.list": () => undefined,
  "live.changes": ({ dataVersion }) => ({ lastEventId: String(dataVersion) }),
  "account.exportData": () => undefined,
  "items.disconnect": ({ itemId, bank }) => ({ itemId, confirmation: `disconnect ${bank}` }),
  "apiKeys.revoke": ({ apiKeyId: id }) => ({ id }),
  "account.delete": () => ({ confirmation: "delete my account" }),
};
const goodCall = (name: string, own: Owned) => goodCalls[name]?.(own);

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
  hers = await fill(ada);
  await fill(mallory);
});
afterAll(() => app?.close());

/** Gives a person something of everything. */
async function fill(person: Person): Promise<Owned> {
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

/** The dotted names of the fields of an input that name something. */
function idFields(schema: z.core.JSONSchema.JSONSchema, at = ""): string[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [
    ...inner.flatMap((one) => idFields(one as z.core.JSONSchema.JSONSchema, at)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
      const here = `${at}${name}`;
      const deeper = idFields(field as z.core.JSONSchema.JSONSchema, `${here}.`);
      return /^(id|cursor)$|Ids?$|Token$/.test(name) ? [here, ...deeper] : deeper;
    }),
  ];
}

function fieldsOf(value: unknown, at = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => fieldsOf(one, at));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => [
    `${at}${name}`,
    ...fieldsOf(field, `${at}${name}.`),
  ]);
}

test("no procedure is forgotten here, and no field that names something", () => {
  const all = [...endpoints, ...subscriptions];
  expect(Object.keys(goodCalls).sort()).toEqual(all.map(({ name }) => name).sort());
  for (const { name, input } of all) {
    const asked = input
      ? idFields(z.toJSONSchema(input, { io: "input", unrepresentable: "any" }))
      : [];
    expect(fieldsOf(goodCall(name, hers)), name).toEqual(expect.arrayContaining(asked));
  }
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
  for (const name of Object.keys(goodCalls)) {
    const endpoint = endpoints.find((one) => one.name === name);
    if (!endpoint) continue;
    const { status, body } = await faces(endpoint).REST(goodCall(name, hers), {
      cookie: ada.cookie,
    });
    expect(`${name}: ${status === 200 ? status : body}`).toBe(`${name}: 200`);
  }
});
