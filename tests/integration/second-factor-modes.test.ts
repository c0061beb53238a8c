import { describe, expect } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { attemptsOf } from "../support/rows.ts";
import { addAuthenticator, addPasskey } from "../support/second-factor.ts";

/** Every way to start or make a connection: REST, tRPC, and the short paths. */
const ways = [
  ["/plaid/create-link-token", () => ({})],
  ["/api/v1/link-tokens", () => ({})],
  ["/trpc/plaid.createLinkToken", () => ({})],
  ["/plaid/exchange-token", (token: string) => ({ public_token: token })],
  ["/api/v1/connections", (token: string) => ({ public_token: token })],
  ["/trpc/connectAccount", (token: string) => ({ publicToken: token })],
] as const;

async function send(app: TestApp, path: string, body: object, headers: Record<string, string>) {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  const json: any = await response.json();
  return { status: response.status, reason: json.error?.reason ?? json.error?.data?.reason };
}

async function keyOf(app: TestApp, { id }: TestUser) {
  const input = { name: "All", scopes: [...scope.options], expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, id, input);
  return { authorization: `Bearer ${key}` };
}

const whenConnecting = testWithApp({ SECOND_FACTOR: "connect" });
const whenAlways = testWithApp({ SECOND_FACTOR: "always" });

describe("SECOND_FACTOR=connect:", () => {
  whenConnecting(
    "a user without a second factor connects no bank, by session or by key, and may do everything else",
    async ({ app }) => {
      const ada = await app.signUp("analyst");
      const token = await app.publicToken();
      for (const headers of [{ cookie: ada.cookie }, await keyOf(app, ada)]) {
        for (const [path, body] of ways) {
          expect([path, await send(app, path, body(token), headers)]).toEqual([
            path,
            { status: 403, reason: "second_factor_required" },
          ]);
        }
        const read = await fetch(`${app.url}/api/v1/accounts`, { headers });
        expect(read.status).toBe(200);
      }
      expect(await attemptsOf(app, ada)).toEqual([]);
      expect(
        (await fetch(`${app.url}/dashboard`, { headers: { cookie: ada.cookie } })).status,
      ).toBe(200);
      await addAuthenticator(app, ada);
      expect((await send(app, "/plaid/create-link-token", {}, await keyOf(app, ada))).status).toBe(
        200,
      );
      const connected = await send(
        app,
        "/api/v1/connections",
        { public_token: token },
        { cookie: ada.cookie },
      );
      expect(connected.status).toBe(200);
      // A passkey is a second factor as well.
      const bob = await app.signUp("analyst");
      await addPasskey(app, bob);
      expect((await send(app, "/plaid/create-link-token", {}, { cookie: bob.cookie })).status).toBe(
        200,
      );
    },
  );

  whenConnecting(
    "a user who has lost their factor reconnects the bank they have, and connects no other",
    async ({ app }) => {
      const ada = await app.signUp("analyst");
      await addAuthenticator(app, ada);
      const { body } = await app.post(
        "/plaid/exchange-token",
        { public_token: await app.publicToken() },
        ada,
      );
      await app.query("delete from totp_factors where user_id = $1", [ada.id]);
      const itemId = body.item.id;
      expect(
        (await send(app, "/plaid/create-link-token", { item_id: itemId }, { cookie: ada.cookie }))
          .status,
      ).toBe(200);
      expect((await send(app, "/plaid/create-link-token", {}, { cookie: ada.cookie })).reason).toBe(
        "second_factor_required",
      );
    },
  );
});

describe("SECOND_FACTOR=always:", () => {
  whenAlways("a user without a second factor reaches only what sets one up", async ({ app }) => {
    const ada = await app.signUp();
    const get = (path: string, headers: Record<string, string> = { cookie: ada.cookie }) =>
      fetch(`${app.url}${path}`, { headers, redirect: "manual" });
    for (const path of ["/dashboard", "/settings/account", "/transactions", "/activity"]) {
      const page = await get(path);
      expect([path, page.status, page.headers.get("location")]).toEqual([
        path,
        302,
        "/settings/security/second-step",
      ]);
    }
    for (const path of ["/settings/security/second-step", "/settings/security", "/verify-email"])
      expect([path, (await get(path)).status]).not.toEqual([path, 302]);
    for (const headers of [{ cookie: ada.cookie }, await keyOf(app, ada)]) {
      const read = await get("/api/v1/accounts", headers);
      expect([read.status, (await read.json()).error.reason]).toEqual([
        403,
        "second_factor_required",
      ]);
    }
    await addAuthenticator(app, ada);
    expect((await get("/dashboard")).status).toBe(200);
    expect((await get("/api/v1/accounts", await keyOf(app, ada))).status).toBe(200);
  });
});
