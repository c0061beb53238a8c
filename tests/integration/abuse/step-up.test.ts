import { describe, expect } from "vitest";
import { endpoints } from "../../../server/api/contract/endpoints.ts";
import { createApiKey } from "../../../server/auth/api-keys.ts";
import { scope } from "../../../server/contracts/api-keys.ts";
import type { TestApp, TestUser } from "../../support/app.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { goodCall, restCall, stock } from "../../support/good-calls.ts";
import { ageStepUps, apiKeysOf, deleteStepUps, itemsOf, usersIn } from "../../support/rows.ts";
import { addAuthenticator, addPasskey, beginLogIn } from "../../support/second-factor.ts";

const test = testWithApp();

const asking = endpoints.filter(({ stepUp }) => stepUp);

async function send(app: TestApp, user: TestUser, method: string, path: string, body?: object) {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { cookie: user.cookie, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

const submit = (app: TestApp, user: TestUser, path: string, fields: Record<string, string>) =>
  fetch(`${app.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: user.cookie, origin: app.url },
    body: new URLSearchParams(fields),
  });

test("A step-up is required to disconnect, export, delete, make a key, add a webhook, and change a factor", () => {
  expect(asking.map(({ name }) => name).sort()).toEqual([
    "account.delete",
    "account.exportData",
    "apiKeys.create",
    "items.disconnect",
    "secondFactors.addPasskey",
    "secondFactors.confirmAuthenticator",
    "secondFactors.passkeyOptions",
    "secondFactors.removeAuthenticator",
    "secondFactors.removePasskey",
    "secondFactors.replaceBackupCodes",
    "secondFactors.startAuthenticator",
    "webhooks.create",
    "webhooks.replaceSecret",
  ]);
});

describe("A step-up is required", () => {
  test("over tRPC, in a batch and over REST, and again after eleven minutes", async ({ app }) => {
    const ada = await app.signUp("cfo");
    const own = await stock(app, ada);
    const keys = (await apiKeysOf(app, ada)).length;
    await ageStepUps(app, 11);
    for (const { name, type, method, path } of asking) {
      const input = goodCall(name, own);
      const query = encodeURIComponent(JSON.stringify(input ?? null));
      const batch = encodeURIComponent(JSON.stringify({ 0: input ?? null }));
      const rest = restCall({ method, path }, input);
      const ways =
        type === "query"
          ? [
              ["GET", `/trpc/${name}?input=${query}`],
              ["GET", `/trpc/${name}?batch=1&input=${batch}`],
              [method, rest.url],
            ]
          : [
              ["POST", `/trpc/${name}`, input ?? {}],
              ["POST", `/trpc/${name}?batch=1`, { 0: input ?? {} }],
              [method, rest.url, rest.body],
            ];
      for (const [verb, at, body] of ways as [string, string, object?][]) {
        const { status, text } = await send(app, ada, verb, at, body);
        // A streamed export is never in a batch, for any caller.
        const refused = at.includes("exportData?batch") ? status >= 400 : status === 403;
        expect([name, at, refused, text.includes('transactions":[{')]).toEqual([
          name,
          at,
          true,
          false,
        ]);
        if (status === 403) expect(text).toContain("step_up_required");
      }
    }
    expect(await itemsOf(app, ada)).toHaveLength(1);
    expect(await apiKeysOf(app, ada)).toHaveLength(keys);
    expect((await usersIn(app)).find(({ id }) => id === ada.id)?.deleted_at).toBeNull();
  });

  test("by the pages' forms and downloads, when the password is wrong or missing", async ({
    app,
  }) => {
    const ada = await app.signUp("cfo");
    await addAuthenticator(app, ada);
    const passkey = await addPasskey(app, ada);
    await deleteStepUps(app, ada);
    const confirmation = "delete my account";
    const tries: Record<string, string>[] = [{}, { password: "not the password" }];
    for (const password of tries) {
      const fields = { confirmation, ...password };
      expect((await submit(app, ada, "/settings/account", fields)).status).toBe(403);
    }
    const path = "/settings/security/second-step";
    for (const intent of [
      ...["start-authenticator", "confirm-authenticator", "remove-authenticator"],
      ...["remove-passkey", "replace-codes"],
    ]) {
      const fields = { intent, code: "123456", id: passkey.id };
      expect([intent, (await submit(app, ada, path, fields)).status]).toEqual([intent, 403]);
    }
    const newEmail = "eve@example.com";
    const newPassword = "another good one";
    for (const currentPassword of ["", "not the password"]) {
      const email = { intent: "change-email", newEmail, currentPassword };
      expect([400, 403]).toContain((await submit(app, ada, "/settings/account", email)).status);
      const password = { newPassword, currentPassword };
      expect((await submit(app, ada, "/settings/security", password)).status).toBe(400);
    }
    for (const file of ["everything.json", "accounts.csv", "transactions.csv", "activity.csv"]) {
      const response = await fetch(`${app.url}/settings/export/${file}`, {
        headers: { cookie: ada.cookie },
        redirect: "manual",
      });
      expect([response.status, await response.text()]).toEqual([302, ""]);
    }
    expect((await usersIn(app)).find(({ id }) => id === ada.id)?.deleted_at).toBeNull();
    const kept = await app.query(
      `select (select count(*) from totp_factors where user_id = $1)::int as apps,
        (select count(*) from passkeys where user_id = $1)::int as passkeys,
        (select count(*) from mails where user_id = $1 and kind = 'confirm_new_email')::int as mails`,
      [ada.id],
    );
    expect(kept).toEqual([{ apps: 1, passkeys: 1, mails: 0 }]);
    expect((await beginLogIn(app, ada)).status).toBe(200);
  });

  test("by each session of a user, however fresh its log-in is", async ({ app }) => {
    const ada = await app.signUp();
    const { headers } = await app.post("/api/auth/sign-in/email", {
      email: ada.email,
      password: ada.password,
    });
    const line = headers.getSetCookie().find((one) => one.includes("session_token")) ?? "";
    const fresh = { ...ada, cookie: line.split(";")[0] ?? "" };
    await app.query(
      "update sessions set proved_at = null where user_id = $1 and user_agent = 'node'",
      [ada.id],
    );
    await app.post("/api/v1/session/step-up", { password: ada.password }, ada);
    expect((await send(app, ada, "GET", "/api/v1/account/export")).status).toBe(200);
    expect((await send(app, fresh, "GET", "/api/v1/account/export")).status).toBe(403);
  });
});

test("An API key disconnects, exports and adds webhooks with its scopes and no step-up, and never makes keys, changes log-in data or deletes", async ({
  app,
}) => {
  const ada = await app.signUp("cfo");
  const own = await stock(app, ada);
  const all = { name: "All", scopes: [...scope.options], expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, ada.id, all);
  const byKey = async ({ method, path }: (typeof endpoints)[number], input?: object) => {
    const { url, body } = restCall({ method, path }, input);
    const response = await fetch(`${app.url}${url}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  for (const endpoint of asking) {
    const { status, text } = await byKey(endpoint, goodCall(endpoint.name, own));
    if (endpoint.scope !== "session") expect([status, text]).toEqual([200, text]);
    else
      expect([endpoint.name, status, text]).toEqual([
        endpoint.name,
        403,
        expect.stringContaining("session_required"),
      ]);
  }
  expect(await itemsOf(app, ada)).toEqual([]);
});
