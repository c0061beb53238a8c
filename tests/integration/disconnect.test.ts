import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { recover } from "../support/recover.ts";
import { accountsOf, activityOf, attemptsOf, only, setPlanLimit } from "../support/rows.ts";

const test = testWithApp();
test.beforeEach(async ({ app }) => {
  await startOver(app);
  app.logLines.length = 0;
});

const bank = "First Platypus Bank";
const nothingWrong = {
  ...{ orphans: 0, duplicates: 0, overdrafts: 0, partial: 0, unfinished: 0, lost: 0 },
};

/** A user with a connected bank, and its public_token. */
async function connected(app: TestApp, plan = "analyst") {
  const user = await app.signUp(plan);
  const token = await app.publicToken();
  const response = await exchange(app, token, user);
  expect(response.body.outcome).toBe("connected");
  const { item, accounts } = response.body;
  return { user, token, itemId: item.id as string, accountCount: accounts.length as number };
}
const exchange = (app: TestApp, token: string, user: TestUser) =>
  app.post("/plaid/exchange-token", { public_token: token }, user);
const disconnect = (
  app: TestApp,
  user: TestUser,
  itemId: string,
  confirmation = `disconnect ${bank}`,
) => app.post("/api/v1/disconnections", { item_id: itemId, confirmation }, user);
const read = async (app: TestApp, user: TestUser, path: string) =>
  (await fetch(`${app.url}/api/v1/${path}`, { headers: { cookie: user.cookie } })).json();
const disconnections = async (app: TestApp) =>
  (await activityOf(app)).filter(({ kind }) => kind === "disconnected");
const connectionLines = (app: TestApp) =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === "connection");

test("items.disconnect removes the bank here and at Plaid, with one activity entry and one log line (I1, I8)", async ({
  app,
}) => {
  const { user, itemId, accountCount } = await connected(app);
  app.logLines.length = 0;
  const response = await disconnect(app, user, itemId);
  // No sync has fetched the bank's data yet.
  const unseen = { logo: null, color: null, url: null };
  expect([response.status, response.body]).toEqual([
    200,
    {
      item: { id: itemId, institution: { id: "ins_109508", name: bank, ...unseen } },
      account_count: accountCount,
    },
  ]);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await accountsOf(app)).toEqual([]);
  const attempt = await only(attemptsOf(app));
  expect([attempt.status, attempt.access_token_sealed]).toEqual(["failed", null]);

  const [entry, ...before] = (await read(app, user, "activity")).entries;
  expect(entry).toMatchObject({ kind: "disconnected", institution_name: bank, item_id: null });
  expect([entry.account_count, before.length]).toEqual([accountCount, 1]);
  const lines = connectionLines(app);
  expect(lines).toMatchObject([{ outcome: "disconnected", itemId, itemAtPlaid: "removed" }]);
  const { plaid_request_id: requestId } = await only(disconnections(app));
  expect([lines[0].plaidRequestId, requestId]).toEqual([requestId, expect.any(String)]);
});

test("items.disconnect shows in the first read after it, on another node too (I5)", async ({
  app,
}) => {
  const { user, itemId } = await connected(app);
  const node = await app.startNode();
  try {
    const headers = { cookie: user.cookie };
    const items = async (url: string) =>
      ((await (await fetch(`${url}/api/v1/accounts`, { headers })).json()) as { items: unknown[] })
        .items.length;
    expect([await items(app.url), await items(node.url)]).toEqual([1, 1]);
    expect((await disconnect(app, user, itemId)).status).toBe(200);
    expect([await items(app.url), await items(node.url)]).toEqual([0, 0]);
  } finally {
    await node.close();
  }
});

test("items.disconnect makes room in the plan at once, also for the same bank (I3)", async ({
  app,
}) => {
  const { user, itemId, accountCount } = await connected(app);
  await setPlanLimit(app, "analyst", accountCount);
  try {
    const refused = await app.post("/plaid/create-link-token", {}, user);
    expect(refused.body.error.reason).toBe("limit_reached");
    await disconnect(app, user, itemId);
    expect((await read(app, user, "plan")).accounts_used).toBe(0);
    expect((await app.post("/plaid/create-link-token", {}, user)).status).toBe(200);
    const again = await exchange(app, await app.publicToken(), user);
    expect(again.body.outcome).toBe("connected");
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
  } finally {
    await setPlanLimit(app, "analyst", 25);
  }
});

test("items.disconnect removes the bank here while Plaid is down, and the recovery removes it there (I1)", async ({
  app,
}) => {
  const { user, token, itemId } = await connected(app);
  await app.fault({ path: "/item/remove", times: 50, do: { error: "INTERNAL_SERVER_ERROR" } });
  expect((await disconnect(app, user, itemId)).status).toBe(200);
  expect((await read(app, user, "accounts")).items).toEqual([]);
  expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1, connected: 0 });
  expect(connectionLines(app).at(-1)).toMatchObject({ itemAtPlaid: "to be removed" });
  // The token that Plaid still accepts is stored encrypted (I6), and cannot bring the Item back (I2).
  expect(JSON.stringify(await attemptsOf(app))).not.toContain("access-");
  expect((await exchange(app, token, user)).body.error.reason).toBe("public_token_invalid");
  await recover(app);
  expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1 });
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await disconnections(app)).toMatchObject([{ plaid_request_id: expect.any(String) }]);
});

test("items.disconnect works when no key opens the token, and the recovery removes the Item once the key is back (I1)", async ({
  app,
}) => {
  const { user, itemId } = await connected(app);
  const rename = (table: string, from: string, to: string) =>
    app.query(`update ${table} set access_token_sealed = replace(access_token_sealed, $1, $2)`, [
      `v2.${from}.`,
      `v2.${to}.`,
    ]);
  await rename("items", "t1", "gone");
  expect((await disconnect(app, user, itemId)).status).toBe(200);
  expect((await read(app, user, "accounts")).items).toEqual([]);
  expect(connectionLines(app).at(-1)).toMatchObject({ itemAtPlaid: "to be removed" });
  await recover(app);
  expect(await attemptsOf(app)).toMatchObject([{ status: "removing", tries: 2 }]);
  await rename("link_attempts", "gone", "t1");
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
});

test("connectAccount restores nothing when the public_token of a disconnected bank is sent (I2)", async ({
  app,
}) => {
  const { user, token, itemId } = await connected(app);
  await disconnect(app, user, itemId);
  const response = await exchange(app, token, user);
  expect([response.status, response.body.error.reason]).toEqual([400, "public_token_invalid"]);
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
});

test("items.disconnect succeeds once when twenty requests race, and returns not_found to the others (I2, I8)", async ({
  app,
}) => {
  const { user, itemId } = await connected(app);
  const responses = await Promise.all(
    Array.from({ length: 20 }, () => disconnect(app, user, itemId)),
  );
  const done = responses.filter(({ status }) => status === 200);
  const others = new Set(
    responses.filter(({ status }) => status !== 200).map(({ body }) => body.error.reason),
  );
  expect([done.length, [...others]]).toEqual([1, ["not_found"]]);
  expect(await disconnections(app)).toHaveLength(1);
  expect(connectionLines(app).filter((line) => line.outcome === "disconnected")).toHaveLength(1);
});

test("items.disconnect changes nothing for another bank's phrase, and ignores case", async ({
  app,
}) => {
  const { user, itemId } = await connected(app);
  for (const words of ["", "disconnect", bank, "disconnect Another Bank"]) {
    const response = await disconnect(app, user, itemId, words);
    expect([response.status, response.body.error.reason]).toEqual([400, "confirmation_mismatch"]);
    expect(response.body.error.details).toEqual({ expected: `disconnect ${bank}` });
  }
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
  expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  expect((await disconnect(app, user, itemId, "Disconnect  first platypus bank ")).status).toBe(
    200,
  );
});

test("items.disconnect returns not_found for another user's bank (I6)", async ({ app }) => {
  const { itemId } = await connected(app);
  const response = await disconnect(app, await app.signUp(), itemId);
  expect([response.status, response.body.error.reason]).toEqual([404, "not_found"]);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
});
