import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { goThroughLink } from "../support/link-session.ts";

/** Exchanging the public_token of update mode returns the Item that is there: it must survive that. */
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
});

const exchange = (publicToken: string, person: Person) =>
  app.post("/plaid/exchange-token", { public_token: publicToken }, person);

async function connect(person: Person): Promise<string> {
  return (await exchange(await app.publicToken(), person)).body.item.id;
}

/** The public_token that Link returns in update mode. */
async function updateToken(person: Person, itemId: string): Promise<string> {
  const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, person);
  return (await goThroughLink(app, body.result.data.linkToken, {})).publicToken;
}

async function recover(): Promise<void> {
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
}

const removed = async () => (await app.itemsAtPlaid()).map((item) => item.removed);

test.each(["/plaid/exchange-token", "/api/v1/connections", "/trpc/connectAccount"])(
  "connectAccount answers already_connected and finishes the update when %s gets a token of update mode (I1 I2)",
  async (path) => {
    const person = await app.signUp("analyst");
    const itemId = await connect(person);
    await app.query("update items set status = 'login_required'");
    const token = await updateToken(person, itemId);
    const body = path.startsWith("/trpc") ? { publicToken: token } : { public_token: token };
    const answer = await app.post(path, body, person);
    const output = answer.body.result?.data ?? answer.body;
    expect([answer.status, output.outcome, output.item.id]).toEqual([
      200,
      "already_connected",
      itemId,
    ]);
    expect(output.item.status).toBe("good");
    expect(await removed()).toEqual([false]);
    expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
    const again = await exchange(token, person);
    expect([again.body.outcome, again.body.item.id]).toEqual(["already_connected", itemId]);
    expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  },
);

test("connectAccount keeps the Item when the accounts cannot be read after a token of update mode (I1)", async () => {
  const person = await app.signUp("analyst");
  const token = await updateToken(person, await connect(person));
  await app.fault({ path: "/accounts/get", times: 9, do: { error: "INSTITUTION_DOWN" } });
  expect((await exchange(token, person)).body.outcome).toBe("already_connected");
  await app.clearFaults();
  await recover();
  expect(await removed()).toEqual([false]);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("connectAccount keeps the Item when another user sends its token of update mode (I1 I6)", async () => {
  const person = await app.signUp("analyst");
  const token = await updateToken(person, await connect(person));
  const answer = await exchange(token, await app.signUp("analyst"));
  expect([answer.status, answer.body.error.reason]).toEqual([400, "public_token_invalid"]);
  await recover();
  expect(await removed()).toEqual([false]);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("connectAccount connects nothing when the bank of a token of update mode was disconnected (I1)", async () => {
  const person = await app.signUp("analyst");
  const itemId = await connect(person);
  const token = await updateToken(person, itemId);
  // Plaid does not confirm the removal yet, so the token can still be exchanged.
  await app.fault({ path: "/item/remove", times: 9, do: { error: "INTERNAL_SERVER_ERROR" } });
  await app.post(
    "/api/v1/disconnections",
    { item_id: itemId, confirmation: "disconnect First Platypus Bank" },
    person,
  );
  const answer = await exchange(token, person);
  expect(answer.body.error.reason).toBe("public_token_invalid");
  await app.clearFaults();
  await recover();
  expect(await removed()).toEqual([true]);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 0 });
});
