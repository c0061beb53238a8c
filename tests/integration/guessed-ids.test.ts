import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Endpoint, endpoints } from "../../server/api/contract/endpoints.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import {
  endings,
  goodCall,
  inputs,
  type Owned,
  restCall,
  stock,
  withDevice,
} from "../support/good-calls.ts";
import { dataVersionOf, raiseDataVersion } from "../support/rows.ts";
import { openStream } from "../support/sse.ts";

let app: TestApp;
let ada: TestUser;
let mallory: TestUser;
let hers: Owned;
/** Mallory's key, with every scope. */
let key: string;
beforeAll(async () => {
  app = await startTestApp();
  [ada, mallory] = [await app.signUp("analyst"), await app.signUp("cfo", undefined, "Mallory")];
  const everything = { name: "All", scopes: scope.options, expiresInDays: 1 };
  ({ key } = await createApiKey(app.services.db, mallory.id, everything));
  hers = await stock(app, ada);
  await stock(app, mallory);
});
afterAll(() => app?.close());

let rowsQuery: string | undefined;

/** Every row that belongs to Ada or is about her, as JSON. One statement, because each test reads them twice. */
async function rowsOfAda(): Promise<string> {
  if (!rowsQuery) {
    const tables = await app.query(
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name = 'user_id'`,
    );
    const selects = tables.map(
      ({ name }) => `select to_jsonb(t) as row from ${name} t where user_id = $1`,
    );
    const all = [...selects, "select to_jsonb(t) from users t where id = $1"].join(" union all ");
    rowsQuery = `select row from (${all}) every order by row::text`;
  }
  const rows = await app.query(rowsQuery, [ada.id]);
  expect(rows.length).toBeGreaterThan(20);
  return JSON.stringify(rows);
}

/** Every id of Ada or her data, anywhere in her rows. */
function namesIn(rows: string): string[] {
  const known = rows.match(/[0-9a-f-]{36}|"[A-Za-z0-9]{37}"|[^"]+@example\.com/g) ?? [];
  return [...new Set(known), hers.apiKeyId].map((name) => name.replaceAll('"', ""));
}

interface Answer {
  status: number;
  body: string;
}
/** The headers that identify the caller. */
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
  // The request id differs, which reveals nothing.
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
    const { url, body } = restCall({ method, path }, input);
    return request(url, method, body, who);
  },
});

/** The same input with ids that do not exist. */
function withStrangersIds(input: object | undefined): object | undefined {
  if (!input) return undefined;
  const text = JSON.stringify(input)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, () => randomUUID())
    .replace(/"[0-9a-f]{16}"/g, () => `"${randomBytes(8).toString("hex")}"`);
  return JSON.parse(text);
}

test("goodCall builds a valid call of every procedure from its input's fields", () => {
  for (const name of inputs.keys()) expect(() => goodCall(name, hers), name).not.toThrow();
  for (const name of endings) expect(inputs.has(name), name).toBe(true);
});

describe("A call about another user's data gets the response of one about nothing, and changes nothing", () => {
  for (const endpoint of endpoints) {
    // The stranger's own valid call, without Ada's data, would delete the stranger's account or factor.
    if (["account.delete", "secondFactors.removeAuthenticator"].includes(endpoint.name)) continue;
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
        const before = await rowsOfAda();
        const names = namesIn(before);
        const input = goodCall(endpoint.name, hers);
        const guessed = await send(input);
        expect([401, 403]).not.toContain(guessed.status);
        expect(await rowsOfAda()).toBe(before);
        const sent = JSON.stringify(input) ?? "";
        const leaked = names.filter((one) => guessed.body.includes(one) && !sent.includes(one));
        expect(leaked).toEqual([]);
        const random = await send(withStrangersIds(input));
        expect(guessed.status).toBe(random.status);
        if (guessed.status >= 400) expect(guessed.body).toBe(random.body);
      });
    }
  }

  test("live.changes", async () => {
    const { dataVersion } = hers;
    await raiseDataVersion(app, mallory, 70 - (await dataVersionOf(app, mallory)));
    const input = encodeURIComponent(JSON.stringify({ lastEventId: String(dataVersion) }));
    const stream = await openStream(`${app.url}/trpc/live.changes?input=${input}`, {
      cookie: mallory.cookie,
    });
    await expect.poll(() => stream.messages()).toHaveLength(1);
    await raiseDataVersion(app, ada);
    await raiseDataVersion(app, mallory);
    await expect.poll(() => stream.messages().length).toBeGreaterThan(1);
    expect(stream.messages().map((message) => message.dataVersion)).toEqual([70, 71]);
    stream.close();
    await stream.ended;
  });
});

test("The same calls succeed for their owner", async () => {
  const made = await app.post("/plaid/exchange-token", { public_token: hers.publicToken }, ada);
  expect(made.body.outcome).toBe("already_connected");
  const last = ({ name }: Endpoint) => endings.indexOf(name);
  for (const endpoint of endpoints.toSorted((a, b) => last(a) - last(b))) {
    const { name } = endpoint;
    if (withDevice.includes(name)) continue;
    const { status, body } = await faces(endpoint).REST(goodCall(name, hers), {
      cookie: ada.cookie,
    });
    expect(`${name}: ${status === 200 ? status : body}`).toBe(`${name}: 200`);
  }
});
