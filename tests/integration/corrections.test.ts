import { expect } from "vitest";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { addBank } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

async function get(app: TestApp, path: string, user: TestUser) {
  const response = await fetch(`${app.url}/api/v1/${path}`, { headers: { cookie: user.cookie } });
  expect(response.status).toBe(200);
  return response.json();
}
const correct = (app: TestApp, user: TestUser, body: object) =>
  app.post("/api/v1/transaction-corrections", body, user);

test("A correction of a pending transaction still applies once it is posted, and after the history is synced again (I5)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const body = { public_token: await app.publicToken() };
  const itemId = (await app.post("/plaid/exchange-token", body, user)).body.item.id;
  const { signal } = new AbortController();
  const sync = () => syncItem(app.services, { userId: user.id, itemId }, app.services.log, signal);
  await sync();
  const { transactions } = await get(app, "transactions", user);
  const pending = transactions.find((one: { pending: boolean }) => one.pending);
  const correction = { category: "TRAVEL", merchant: "Night train" };
  const response = await correct(app, user, { transaction_id: pending.id, ...correction });
  expect(response.body.transaction).toMatchObject({
    id: pending.id,
    corrected: true,
    ...correction,
  });

  const found = async () =>
    (await get(app, "transactions?category=TRAVEL&search=night", user)).transactions;
  expect(await found()).toMatchObject([{ id: pending.id, pending: true }]);
  await app.advanceClock(7 * 86_400);
  await sync();
  const [posted, ...others] = await found();
  expect(others).toEqual([]);
  expect(posted).toMatchObject({ pending: false, corrected: true, ...correction });
  expect(posted.id).not.toBe(pending.id);

  await app.query("update item_syncs set cursor = null where user_id = $1", [user.id]);
  await sync();
  expect(await found()).toMatchObject([{ id: posted.id, ...correction }]);

  await correct(app, user, { transaction_id: posted.id, category: null, merchant: null });
  expect(await found()).toEqual([]);
});

test("A correction changes the totals, belongs to its user only, and is deleted with its account", async ({
  app,
}) => {
  const [ada, eve] = await Promise.all([app.signUp("cfo"), app.signUp()]);
  await addBank(
    app,
    ada,
    "Mill Bank",
    [{ balance: "9" }],
    [
      [0, 1, "5", { category: "TRAVEL" }],
      [0, 1, "2", { category: "TRAVEL" }],
    ],
  );
  const { transactions } = await get(app, "transactions", ada);
  const transaction_id = transactions.find(({ amount }: { amount: string }) => amount === "5").id;
  expect((await correct(app, eve, { transaction_id, category: "MEDICAL" })).status).toBe(404);
  expect((await correct(app, ada, { transaction_id, category: "none" })).status).toBe(400);
  expect((await correct(app, ada, { transaction_id, category: "MEDICAL" })).status).toBe(200);
  const [totals] = (await get(app, "transaction-totals", ada)).currencies;
  expect(totals.categories).toEqual([
    { category: "MEDICAL", in: "0", out: "5", count: 1 },
    { category: "TRAVEL", in: "0", out: "2", count: 1 },
  ]);
  expect(totals.months).toMatchObject([{ in: "0", out: "7", count: 2 }]);
  const [filtered] = (await get(app, "transaction-totals?category=MEDICAL", ada)).currencies;
  expect(filtered.months).toMatchObject([{ out: "5", count: 1 }]);
  expect((await get(app, "transaction-totals", eve)).currencies).toEqual([]);
  await app.query("delete from items where user_id = $1", [ada.id]);
  expect(
    await app.query("select 1 from transaction_corrections where user_id = $1", [ada.id]),
  ).toEqual([]);
});
