import type { PlaidApi, RemovedTransaction, Transaction } from "plaid";
import { expect } from "vitest";
import { connect, control, failure, KIND } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox({ ...KIND, seed: 11 });

interface Update {
  added: Transaction[];
  modified: Transaction[];
  removed: RemovedTransaction[];
  cursor: string;
  pages: number;
}

/** Every page from a cursor on, read as Plaid's guide describes. */
async function sync(
  plaid: PlaidApi,
  access_token: string,
  cursor = "",
  count = 500,
): Promise<Update> {
  const update: Update = { added: [], modified: [], removed: [], cursor, pages: 0 };
  for (let more = true; more; ) {
    const page = (await plaid.transactionsSync({ access_token, cursor: update.cursor, count }))
      .data;
    update.added.push(...page.added);
    update.modified.push(...page.modified);
    update.removed.push(...page.removed);
    update.cursor = page.next_cursor;
    update.pages += 1;
    more = page.has_more;
  }
  return update;
}

test("A new Item has two plausible years: salary, rent, groceries, subscriptions, transfers, a refund, one pending", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const { added } = await sync(plaid, access_token);
  const dates = added.map(({ date }) => date).sort();
  const days = (Date.parse(dates.at(-1) ?? "") - Date.parse(dates[0] ?? "")) / 86_400_000;
  expect(days).toBeGreaterThan(720);
  const has = (test: (entry: Transaction) => boolean) =>
    expect(added.filter(test).length).toBeGreaterThan(0);
  has(
    ({ personal_finance_category: category, amount }) =>
      category?.detailed === "INCOME_WAGES" && amount < 0,
  );
  has(
    ({ personal_finance_category: category }) => category?.detailed === "RENT_AND_UTILITIES_RENT",
  );
  has(
    ({ personal_finance_category: category }) => category?.detailed === "FOOD_AND_DRINK_GROCERIES",
  );
  has(({ merchant_name }) => merchant_name === "Streamhouse");
  has(({ personal_finance_category: category }) => category?.primary === "TRANSFER_OUT");
  has(({ name, amount }) => name.startsWith("REFUND") && amount < 0);
  expect(added.filter(({ pending }) => pending)).toHaveLength(1);
  expect(new Set(added.map(({ transaction_id }) => transaction_id)).size).toBe(added.length);
  for (const { amount } of added)
    expect(Math.abs(amount * 100 - Math.round(amount * 100))).toBeLessThan(1e-6);
});

test("Other currencies have their own code", async ({ plaid }) => {
  const { access_token } = await connect(plaid, "ins_900001");
  const codes = new Set(
    (await sync(plaid, access_token)).added.map(({ iso_currency_code }) => iso_currency_code),
  );
  expect([...codes].sort()).toEqual(["EUR", "GBP", "USD"]);
});

test("Small pages return the same as large ones, and a finished cursor nothing more", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const large = await sync(plaid, access_token);
  const small = await sync(plaid, access_token, "", 37);
  expect(small.pages).toBe(Math.ceil(large.added.length / 37));
  expect(small.added).toEqual(large.added);
  expect(await sync(plaid, access_token, small.cursor)).toMatchObject({
    added: [],
    modified: [],
    removed: [],
    pages: 1,
  });
});

test("A refresh posts the pending transaction: removed, and added with its pending_transaction_id", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const first = await sync(plaid, access_token);
  const pending = first.added.find((entry) => entry.pending);
  await plaid.transactionsRefresh({ access_token });
  const second = await sync(plaid, access_token, first.cursor);
  expect(second.removed).toEqual([
    { transaction_id: pending?.transaction_id, account_id: pending?.account_id },
  ]);
  const posted = second.added.find(
    (entry) => entry.pending_transaction_id === pending?.transaction_id,
  );
  expect(posted).toMatchObject({ pending: false, amount: pending?.amount });
  expect(second.added.filter((entry) => entry.pending)).toHaveLength(1);
  expect(second.modified).toHaveLength(1);
  expect(first.added.map(({ transaction_id }) => transaction_id)).toContain(
    second.modified[0]?.transaction_id,
  );
});

test("A sync from the start leaves out transactions that were added and then removed", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const first = await sync(plaid, access_token);
  await plaid.transactionsRefresh({ access_token });
  const again = await sync(plaid, access_token);
  expect(again.removed).toEqual([]);
  expect(again.modified).toEqual([]);
  const pending = first.added.find((entry) => entry.pending);
  expect(again.added.map(({ transaction_id }) => transaction_id)).not.toContain(
    pending?.transaction_id,
  );
});

test("A change between two pages returns TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION, and the old cursor works", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const { next_cursor } = (await plaid.transactionsSync({ access_token, count: 10 })).data;
  await plaid.transactionsRefresh({ access_token });
  const changed = await failure(
    plaid.transactionsSync({ access_token, cursor: next_cursor, count: 10 }),
  );
  expect(changed).toMatchObject({
    status: 400,
    error_type: "TRANSACTIONS_ERROR",
    error_code: "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION",
  });
  expect((await sync(plaid, access_token)).added.length).toBeGreaterThan(10);
});

test("Transactions continue by themselves as days pass", async ({ sandbox, plaid }) => {
  const { access_token } = await connect(plaid);
  const first = await sync(plaid, access_token);
  await control(sandbox.url, "POST", "clock", { advance_seconds: 20 * 86_400 });
  const second = await sync(plaid, access_token, first.cursor);
  expect(second.added.length).toBeGreaterThan(5);
  const newest =
    first.added
      .map(({ date }) => date)
      .sort()
      .at(-1) ?? "";
  expect(second.added.every(({ date }) => date >= newest)).toBe(true);
});

test("Cursors of another Item and invented ones are rejected", async ({ plaid }) => {
  const [one, other] = [await connect(plaid), await connect(plaid)];
  const { cursor } = await sync(plaid, one.access_token);
  const foreign = await failure(
    plaid.transactionsSync({ access_token: other.access_token, cursor }),
  );
  expect(foreign).toMatchObject({
    error_code: "INVALID_FIELD",
    error_message: "cursor not associated with access_token",
  });
  const made = await failure(
    plaid.transactionsSync({ access_token: one.access_token, cursor: "garbage" }),
  );
  expect(made.error_code).toBe("INVALID_FIELD");
});

test("days_requested and an account narrow what is returned", async ({ plaid }) => {
  const { access_token } = await connect(plaid);
  const [checking] = (await plaid.accountsGet({ access_token })).data.accounts;
  const account_id = checking?.account_id ?? "";
  const page = (await plaid.transactionsSync({ access_token, count: 500, options: { account_id } }))
    .data;
  expect(page.accounts).toHaveLength(1);
  expect(page.added.every((entry) => entry.account_id === account_id)).toBe(true);
});

test("/transactions/get pages newest first, within the dates", async ({ plaid }) => {
  const { access_token } = await connect(plaid);
  const request = { access_token, start_date: "2026-01-01", end_date: "2026-03-31" };
  const all = (await plaid.transactionsGet({ ...request, options: { count: 500 } })).data;
  expect(all.total_transactions).toBe(all.transactions.length);
  const dates = all.transactions.map(({ date }) => date);
  expect(dates).toEqual([...dates].sort().reverse());
  expect(dates.length).toBeGreaterThan(10);
  const second = (await plaid.transactionsGet({ ...request, options: { count: 10, offset: 10 } }))
    .data;
  expect(second.transactions).toEqual(all.transactions.slice(10, 20));
});

test("Created transactions are in the next sync and in /transactions/get", async ({ plaid }) => {
  const { access_token } = await connect(plaid);
  const { cursor } = await sync(plaid, access_token);
  const get = async () => {
    const days = { start_date: "2020-01-01", end_date: "2099-01-01" };
    return (await plaid.transactionsGet({ access_token, ...days })).data;
  };
  const before = await get();
  const entry = {
    date_transacted: "2026-11-01",
    date_posted: "2026-11-02",
    amount: -42.5,
    description: "Found money",
  };
  await plaid.sandboxTransactionsCreate({ access_token, transactions: [entry] });
  const { added } = await sync(plaid, access_token, cursor);
  expect(added).toHaveLength(1);
  expect(added[0]).toMatchObject({
    amount: -42.5,
    date: "2026-11-02",
    name: "Found money",
    iso_currency_code: "USD",
  });
  const after = await get();
  expect(after.total_transactions).toBe(before.total_transactions + 1);
  expect(after.transactions.map(({ name }) => name)).toContain("Found money");
});

test("A custom user has the given accounts and transactions", async ({ plaid }) => {
  const password = JSON.stringify({
    override_accounts: [
      {
        type: "depository",
        subtype: "checking",
        starting_balance: 77,
        meta: { name: "Mine", mask: "4321" },
        transactions: [
          {
            date_transacted: "2026-10-01",
            date_posted: "2026-10-02",
            amount: 3,
            description: "Bread",
            currency: "USD",
          },
        ],
      },
    ],
  });
  const { access_token } = await connect(plaid, "ins_109508", {
    username: "user_custom",
    password,
  });
  expect((await plaid.accountsGet({ access_token })).data.accounts).toMatchObject([
    { name: "Mine", mask: "4321", balances: { current: 77 } },
  ]);
  expect((await sync(plaid, access_token)).added).toMatchObject([{ name: "Bread", amount: 3 }]);
  const bad = await failure(
    connect(plaid, "ins_109508", { username: "user_custom", password: "[]" }),
  );
  expect(bad.error_code).toBe("INVALID_CREDENTIALS");
});
