import { expect } from "vitest";
import type { TestApp } from "../../support/app.ts";
import { compareBooks, right } from "../../support/books.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { recover } from "../../support/recover.ts";
import { attemptsOf, deleteUsers, itemsOf, updateItems } from "../../support/rows.ts";
import { type Bank, connectBank, shown, sync } from "./world.ts";

const test = testWithApp();
test.afterEach(async ({ app }) => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from refused_tokens");
  await deleteUsers(app);
});

const refusing = (app: TestApp, path: string) =>
  app.fault({ path, times: 99, do: { error: "INVALID_ACCESS_TOKEN" } });

/** As if the tokens that were refused had been refused for an hour. */
const anHourLater = (app: TestApp) =>
  app.query("update refused_tokens set first_at = now() - interval '1 hour'");

const verdicts = (app: TestApp) =>
  app.logLines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "token_refused")
    .map(({ verdict }) => verdict);

const disconnect = (app: TestApp, { owner, itemId }: Bank) =>
  app.post(
    "/api/v1/disconnections",
    { item_id: itemId, confirmation: "disconnect First Platypus Bank" },
    owner,
  );

const attempts = async (app: TestApp) =>
  (await attemptsOf(app)).map(({ status, access_token_sealed: token }) => ({
    status,
    token: token !== null,
  }));

test("syncItem revokes the Item after Plaid has refused a token of today's keys for a while, and not before", async ({
  app,
}) => {
  const bank = await connectBank(app);
  await refusing(app, "/transactions/sync");
  await refusing(app, "/item/get");
  expect(await sync(app, bank)).toBe("failed: plaid_refused");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
  await anHourLater(app);
  expect(await sync(app, bank)).toBe("needs_person");
  expect(await shown(app, bank)).toMatchObject({
    status: "revoked",
    problem: { kind: "connect_again" },
  });
});

test("syncItem forgets a refused token that works again", async ({ app }) => {
  const bank = await connectBank(app);
  await refusing(app, "/transactions/sync");
  await sync(app, bank);
  await app.clearFaults();
  expect(await sync(app, bank)).toBe("done");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: null });
  expect(await app.query("select 1 from refused_tokens")).toEqual([]);
});

test.for([["production/another-client"], [null]] as const)(
  "A token made by %s is never given up, however long it is refused",
  async ([client], { app }) => {
    const bank = await connectBank(app);
    await updateItems(app, { plaid_client: client });
    await refusing(app, "*");
    for (let n = 0; n < 3; n++) {
      expect(await sync(app, bank)).toBe("failed: plaid_refused");
      await anHourLater(app);
    }
    expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
    expect(verdicts(app).at(-1)).toBe("other_keys");

    await disconnect(app, bank);
    await recover(app);
    expect(await attempts(app)).toEqual([{ status: "removing", token: true }]);
    await app.clearFaults();
    await recover(app);
    expect(await attempts(app)).toEqual([{ status: "failed", token: false }]);
    expect(await compareBooks(app)).toEqual({ ...right, connected: 0 });
  },
);

test("syncItem stores whose keys an Item of the release before works with", async ({ app }) => {
  const bank = await connectBank(app);
  await updateItems(app, { plaid_client: null });
  expect(await sync(app, bank)).toBe("done");
  expect(await itemsOf(app)).toMatchObject([{ plaid_client: "sandbox/test-client-id" }]);
});

test("A burst of refused tokens ends no Item and discards no token, but raises an alarm", async ({
  app,
}) => {
  const bank = await connectBank(app);
  await app.query(
    "insert into refused_tokens (plaid_item_id) select 'item-' || n from generate_series(1, 5) n",
  );
  await refusing(app, "*");
  await sync(app, bank);
  await anHourLater(app);
  expect(await sync(app, bank)).toBe("failed: plaid_refused");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
  expect(verdicts(app).at(-1)).toBe("burst");
  await disconnect(app, bank);
  await recover(app);
  expect(await attempts(app)).toEqual([{ status: "removing", token: true }]);

  // The keys are right again.
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 0 });
});

test("/item/remove counts as done once the token of today's keys has been refused for a while", async ({
  app,
}) => {
  const bank = await connectBank(app);
  await refusing(app, "/item/remove");
  await disconnect(app, bank);
  await recover(app);
  expect(await attempts(app)).toEqual([{ status: "removing", token: true }]);
  await anHourLater(app);
  await recover(app);
  expect(await attempts(app)).toEqual([{ status: "failed", token: false }]);
});

test("Update mode of a refused token is unavailable until the Item counts as gone", async ({
  app,
}) => {
  const bank = await connectBank(app);
  const finish = async () =>
    (await app.post("/api/v1/finished-updates", { item_id: bank.itemId }, bank.owner)).body.error
      .reason;
  const open = async () =>
    (await app.post("/api/v1/link-tokens", { item_id: bank.itemId }, bank.owner)).body.error.reason;
  await refusing(app, "*");
  expect([await finish(), await open()]).toEqual(["bank_unavailable", "link_unavailable"]);
  await anHourLater(app);
  expect([await finish(), await open()]).toEqual(["item_gone", "item_gone"]);
});
