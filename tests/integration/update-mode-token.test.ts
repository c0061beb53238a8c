import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { recover } from "../support/recover.ts";
import { updateItems } from "../support/rows.ts";

/** Exchanging the public_token of update mode returns the existing Item, which must survive it. */
const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

const exchange = (app: TestApp, publicToken: string, user: TestUser) =>
  app.post("/plaid/exchange-token", { public_token: publicToken }, user);

async function connect(app: TestApp, user: TestUser): Promise<string> {
  return (await exchange(app, await app.publicToken(), user)).body.item.id;
}

/** The public_token that Link returns in update mode. */
async function updateToken(app: TestApp, user: TestUser, itemId: string): Promise<string> {
  const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, user);
  return (await goThroughLink(app, body.result.data.linkToken, {})).publicToken;
}

const removed = async (app: TestApp) => (await app.itemsAtPlaid()).map((item) => item.removed);

test.for(["/plaid/exchange-token", "/api/v1/connections", "/trpc/connectAccount"])(
  "connectAccount returns already_connected and finishes the update when %s gets a token of update mode (I1, I2)",
  async (path, { app }) => {
    const user = await app.signUp("analyst");
    const itemId = await connect(app, user);
    await updateItems(app, { status: "login_required" });
    const token = await updateToken(app, user, itemId);
    const body = path.startsWith("/trpc") ? { publicToken: token } : { public_token: token };
    const response = await app.post(path, body, user);
    const output = response.body.result?.data ?? response.body;
    expect([response.status, output.outcome, output.item.id]).toEqual([
      200,
      "already_connected",
      itemId,
    ]);
    expect(output.item.status).toBe("good");
    expect(await removed(app)).toEqual([false]);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
    const again = await exchange(app, token, user);
    expect([again.body.outcome, again.body.item.id]).toEqual(["already_connected", itemId]);
    expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  },
);

test("connectAccount keeps the Item when the accounts cannot be read after a token of update mode (I1)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await updateToken(app, user, await connect(app, user));
  await app.fault({ path: "/accounts/get", times: 9, do: { error: "INSTITUTION_DOWN" } });
  expect((await exchange(app, token, user)).body.outcome).toBe("already_connected");
  await app.clearFaults();
  await recover(app);
  expect(await removed(app)).toEqual([false]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("connectAccount keeps the Item when another user sends its token of update mode (I1, I6)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await updateToken(app, user, await connect(app, user));
  const response = await exchange(app, token, await app.signUp("analyst"));
  expect([response.status, response.body.error.reason]).toEqual([400, "public_token_invalid"]);
  await recover(app);
  expect(await removed(app)).toEqual([false]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("connectAccount connects nothing when the bank of a token of update mode was disconnected (I1)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const itemId = await connect(app, user);
  const token = await updateToken(app, user, itemId);
  // Plaid does not confirm the removal yet, so the token can still be exchanged.
  await app.fault({ path: "/item/remove", times: 9, do: { error: "INTERNAL_SERVER_ERROR" } });
  await app.post(
    "/api/v1/disconnections",
    { item_id: itemId, confirmation: "disconnect First Platypus Bank" },
    user,
  );
  const response = await exchange(app, token, user);
  expect(response.body.error.reason).toBe("public_token_invalid");
  await app.clearFaults();
  await recover(app);
  expect(await removed(app)).toEqual([true]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});
