import type { RequestListener } from "node:http";
import { expect } from "vitest";
import { type ClientOptions, createClient, isFiscilityError } from "../../client/src/index.ts";
import { createApiKey, revokeApiKey } from "../../server/auth/api-keys.ts";
import { failure, json, quick, someKey, startStandIn } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";
import { expireApiKey } from "../support/rows.ts";

const test = testWithApp();
const baseUrl = "https://connect.example.com";

const wrongOptions: [string, Partial<ClientOptions>, "baseUrl" | "apiKey", RegExp][] = [
  ["no baseUrl", { baseUrl: undefined as never }, "baseUrl", /undefined.*environment variable/],
  ["an empty baseUrl", { baseUrl: "" }, "baseUrl", /empty.*environment variable/],
  ["the word undefined as baseUrl", { baseUrl: "undefined" }, "baseUrl", /environment variable/],
  ["a host alone", { baseUrl: "connect.example.com" }, "baseUrl", /mean https:\/\/connect\.ex/],
  ["localhost alone", { baseUrl: "localhost:3000" }, "baseUrl", /mean http:\/\/localhost:3000\?/],
  [
    "a host and port",
    { baseUrl: "example.com:8443" },
    "baseUrl",
    /mean https:\/\/example\.com:8443/,
  ],
  ["another scheme", { baseUrl: "ftp://example.com" }, "baseUrl", /mean https:\/\/connect/],
  [
    "the REST path",
    { baseUrl: `${baseUrl}/api/v1/` },
    "baseUrl",
    /Use https:\/\/connect\.example\.com\.$/,
  ],
  ["a REST address", { baseUrl: `${baseUrl}/api/v1/accounts` }, "baseUrl", /Use .*\.com\.$/],
  ["the tRPC path", { baseUrl: `${baseUrl}/x/trpc` }, "baseUrl", /Use .*\.com\/x\.$/],
  ["the documentation", { baseUrl: `${baseUrl}/api/docs` }, "baseUrl", /Use .*\.com\.$/],
  ["a query", { baseUrl: `${baseUrl}?a=1` }, "baseUrl", /has a \?/],
  [
    "a password in the address",
    { baseUrl: "https://me:hunter2@example.com" },
    "baseUrl",
    /password/,
  ],
  ["the key as baseUrl", { baseUrl: someKey }, "baseUrl", /holds an API key/],
  ["an unset key", { apiKey: undefined }, "apiKey", /undefined.*environment variable/],
  ["an empty key", { apiKey: "" }, "apiKey", /empty.*environment variable/],
  ["a key with its scheme", { apiKey: `Bearer ${someKey}` }, "apiKey", /starts with Bearer/],
  ["a key with a line break", { apiKey: `${someKey}\n` }, "apiKey", /line break/],
  ["a key in quotes", { apiKey: `"${someKey}"` }, "apiKey", /quotes/],
  ["half a key", { apiKey: someKey.slice(0, 40) }, "apiKey", /copied whole.* has 36\.$/],
  ["a key of another service", { apiKey: "sk_live_12345" }, "apiKey", /starts with fsk_/],
];

test("createClient throws at once for an invalid option, with what is wrong and what to do", () => {
  for (const [name, options, option, message] of wrongOptions) {
    let thrown: unknown;
    try {
      createClient({ baseUrl, apiKey: someKey, ...options });
    } catch (error) {
      thrown = error;
    }
    if (!isFiscilityError(thrown) || thrown.reason !== "invalid_options") throw new Error(name);
    expect(thrown.message, name).toMatch(message);
    expect(thrown.option, name).toBe(option);
    expect(thrown.message, name).not.toMatch(/fsk_[0-9a-f]|hunter2|sk_live/);
  }
});

test("createClient accepts an address with slashes, spaces or a path around it", async ({
  app,
}) => {
  for (const address of [`${app.url}/`, `${app.url}//`, ` ${app.url}\n`]) {
    const error = await failure(quick(address).plan.get.query());
    expect(error.reason, address).toBe("api_key_invalid");
  }
});

test("The client's error says what to do for a key that is missing, wrong, revoked, expired or too narrow", async ({
  app,
}) => {
  const { db } = app.services;
  const user = await app.signUp();
  const make = async () => {
    const input = { name: "Key", scopes: ["activity:read" as const], expiresInDays: 1 };
    const { apiKey, key } = await createApiKey(db, user.id, input);
    return { id: apiKey.id, client: quick(app.url, { apiKey: key }) };
  };
  const messageOf = async (client: ReturnType<typeof quick>) => {
    const { reason, message } = await failure(client.plan.get.query());
    return `${reason}: ${message}`;
  };
  expect(await messageOf(createClient({ baseUrl: app.url }))).toMatch(/^unauthenticated: .*apiKey/);
  expect(await messageOf(quick(app.url))).toMatch(/^api_key_invalid: .*the server that made it/);
  const revoked = await make();
  await revokeApiKey(db, user.id, revoked.id);
  expect(await messageOf(revoked.client)).toMatch(
    /^api_key_revoked: .*new one.*\/settings\/api-keys/,
  );
  const expired = await make();
  await expireApiKey(app, expired.id);
  expect(await messageOf(expired.client)).toMatch(
    /^api_key_expired: .*new one.*\/settings\/api-keys/,
  );
  expect(await messageOf((await make()).client)).toMatch(
    /^scope_missing: .*scope accounts:read; it has activity:read\. Make a new key/,
  );
});

/** Returns the errors of a query, a mutation and a subscription at a server with these responses. */
async function failuresAt(url: string, options: Partial<ClientOptions> = {}) {
  const client = quick(url, options);
  return [
    await failure(client.accounts.list.query()),
    await failure(client.plaid.createLinkToken.mutate()),
    await failure(
      new Promise((_, reject) => client.live.changes.subscribe(undefined, { onError: reject })),
    ),
  ];
}

const page =
  (status: number): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, { "content-type": "text/html" }).end("<h1>Hello</h1>");

test("The client's error names the address that responded instead of Fiscility, and what to check", async ({
  app,
}) => {
  const otherTrpc = {
    error: { message: "No procedure", code: -32004, data: { code: "NOT_FOUND" } },
  };
  const responses: [RequestListener | string, RegExp][] = [
    [page(200), /200 text\/html\. Check the baseUrl/],
    [page(404), /404 text\/html\. Check the baseUrl/],
    [page(401), /401 .* a log-in of its own/],
    [page(403), /403 .* a log-in of its own/],
    [page(502), /502 .* A gateway responded/],
    [json(200, { hello: "world" }), /200 application\/json/],
    [json(404, otherTrpc), /404 application\/json/],
    [`${app.url}/dashboard`, /Check the baseUrl/],
    [`${app.url}/api`, /404 application\/json.* Check the baseUrl/],
  ];
  for (const [response, message] of responses) {
    const url = typeof response === "string" ? response : (await startStandIn(response)).url;
    for (const error of await failuresAt(url)) {
      expect(`${error.reason}: ${error.message}`).toMatch(/^unexpected_response: Something other/);
      expect(error.message).toContain(`responded at ${url}`);
      expect(error.message).toMatch(message);
    }
  }
});

test("The client's error says where a redirect to another origin leads, because it loses the key (http for https)", async ({
  app,
}) => {
  for (const status of [301, 302, 307, 308]) {
    const { url } = await startStandIn(
      (req, res) => void res.writeHead(status, { location: `${app.url}${req.url}` }).end(),
    );
    for (const error of await failuresAt(url)) {
      expect(error.reason, String(status)).toBe("unexpected_response");
      expect(error.message).toContain(`redirected from ${url}`);
      expect(error.message).toContain(`responded at ${app.url}`);
    }
  }
});

test("The client's error says why there was no response", async () => {
  const { url, server } = await startStandIn(json(200, []));
  const https = url.replace("http:", "https:");
  const untrusted = async () => {
    const code = "DEPTH_ZERO_SELF_SIGNED_CERT";
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  };
  const check = async (
    address: string,
    hint: RegExp,
    retryable: boolean,
    options: Partial<ClientOptions> = {},
  ) => {
    for (const error of await failuresAt(address, options)) {
      expect([error.reason, error.retryable]).toEqual(["unreachable", retryable]);
      expect(error.message).toContain(`at ${address}/trpc. `);
      expect(error.message).toMatch(hint);
    }
  };
  await check(https, /does not speak https/, false);
  await check(https, /certificate .* NODE_EXTRA_CA_CERTS/, false, { fetch: untrusted });
  await check("http://no-such-host.invalid", /no host named no-such-host\.invalid/, true);
  server.close();
  await check(url, /Nothing listens at 127\.0\.0\.1:\d+/, true);
});
