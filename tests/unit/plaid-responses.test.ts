import fc from "fast-check";
import { expect, test } from "vitest";
import { account as accountContract } from "../../server/contracts/accounts.ts";
import { adviceText, cleanText } from "../../server/contracts/text.ts";
import { transaction as transactionContract } from "../../server/contracts/transactions.ts";
import type { PlaidAccount, PlaidTransaction } from "../../server/plaid/responses.ts";
import {
  accountsResponse,
  exchangeResponse,
  transactionsResponse,
} from "../../server/plaid/responses.ts";
import { changeValue, isPlain, oddValue, oneChange } from "../support/odd-values.ts";

const id = "00000000-0000-4000-8000-000000000001";
const account = (n: number) => ({
  account_id: `account-${n}`,
  persistent_account_id: `persistent-${n}`,
  name: "Checking",
  official_name: "Gold Checking",
  mask: "0000",
  type: "depository",
  subtype: "checking",
  balances: {
    current: 110.5,
    available: 100,
    limit: null,
    iso_currency_code: "USD",
    unofficial_currency_code: null,
  },
});
const transaction = (n: number) => ({
  transaction_id: `transaction-${n}`,
  account_id: "account-0",
  date: "2026-11-01",
  amount: 12.34,
  iso_currency_code: "USD",
  unofficial_currency_code: null,
  name: "COFFEE 123",
  merchant_name: "Coffee",
  personal_finance_category: { primary: "FOOD_AND_DRINK" },
  pending: false,
  pending_transaction_id: null,
});
const page = () => ({
  added: [0, 1, 2].map(transaction),
  modified: [transaction(3)],
  removed: [{ transaction_id: "transaction-4" }],
  accounts: [0, 1].map(account),
  next_cursor: "cursor",
  has_more: false,
  transactions_update_status: "HISTORICAL_UPDATE_COMPLETE",
  request_id: "request",
});

function expectShowable(row: PlaidAccount | PlaidTransaction): void {
  const texts = JSON.stringify(row, (_key, value) => {
    if (typeof value === "string") expect(isPlain(value), value).toBe(true);
    return value;
  });
  expect(texts.length).toBeLessThan(3_000);
  if ("balances" in row) {
    const { accountId: _, persistentAccountId: __, unreadable: ___, ...rest } = row;
    const ours = { id, itemId: id, bankName: rest.name, hidden: false, revoked: false };
    accountContract.parse({ ...rest, ...ours });
  } else {
    const { pendingId: _, ...rest } = row;
    transactionContract.parse({ ...rest, accountId: id, corrected: false });
    expect(row.date >= "0001").toBe(true);
  }
}

test("A transaction with one bad value keeps the others, and they can be stored and shown", () => {
  fc.assert(
    fc.property(oneChange(page().added), (change) => {
      const sent = page();
      changeValue(sent.added, change);
      const { added } = transactionsResponse.parse(JSON.parse(JSON.stringify(sent)));
      expect(added.read.length + added.unreadable.length).toBe(sent.added.length);
      expect(added.read.length).toBeGreaterThanOrEqual(page().added.length - 1);
      added.read.forEach(expectShowable);
    }),
    { numRuns: 2_000 },
  );
});

test("An account with one bad value keeps the others, and they can be stored and shown", () => {
  fc.assert(
    fc.property(oneChange(page().accounts), (change) => {
      const sent = { accounts: [0, 1].map(account), item: null, request_id: 5 };
      changeValue(sent.accounts, change);
      const { accounts } = accountsResponse.parse(JSON.parse(JSON.stringify(sent)));
      expect(accounts.read.length).toBeGreaterThanOrEqual(1);
      accounts.read.forEach(expectShowable);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["amount", 1e300],
  ["amount", "12"],
  ["amount", null],
  ["date", "2026-02-30"],
  ["date", "0000-01-01"],
  ["date", null],
  ["pending", "no"],
  ["account_id", null],
])("A transaction whose %s is %j is skipped and reported by its id", (field, value) => {
  const sent = page();
  sent.added[1] = { ...transaction(1), [field]: value };
  const { added } = transactionsResponse.parse(sent);
  expect(added.read.map((row) => row.id)).toEqual(["transaction-0", "transaction-2"]);
  expect(added.unreadable).toEqual([{ id: "transaction-1", field }]);
});

test("A row without an id keeps the id that was generated for it", () => {
  const read = (more: object) => {
    const added = [{ ...transaction(0), transaction_id: null, ...more }];
    return transactionsResponse.parse({ ...page(), added }).added.unreadable[0]?.id;
  };
  expect(read({})).toMatch(/^unnamed-[0-9a-f]{32}$/);
  expect(read({})).toBe(read({}));
  expect(read({ amount: 1 })).not.toBe(read({}));
});

test("Texts, codes and kinds are returned as the contract defines them", () => {
  const sent = page();
  sent.added = [
    {
      ...transaction(0),
      name: "A\0B\ud800\u202e  C\n",
      merchant_name: "\0",
      iso_currency_code: "usd ",
      personal_finance_category: { primary: "brand new" },
    },
    {
      ...transaction(1),
      iso_currency_code: null as never,
      unofficial_currency_code: "ABCDEFGHIJKLMNOPQRST" as never,
    },
  ];
  sent.accounts = [
    { ...account(0), name: null as never, type: "piggy bank", mask: " 0000\0" },
    { ...account(1), balances: { ...account(1).balances, current: 1e20, available: 7 } },
  ];
  const { added, accounts } = transactionsResponse.parse(sent);
  expect(added.read[0]).toMatchObject({
    name: "AB C",
    merchant: null,
    currency: "USD",
    category: null,
  });
  expect(added.read[1]?.currency).toBeNull();
  expect(accounts.read[0]).toMatchObject({ name: "Gold Checking", type: "other", mask: "0000" });
  expect(accounts.read[1]).toMatchObject({
    unreadable: "balances.current",
    balances: { current: null, available: "7", currency: "USD" },
  });
});

test("An access_token is kept whatever else the exchange returns", () => {
  fc.assert(
    fc.property(oddValue, oddValue, (item_id, request_id) => {
      const sent = JSON.parse(JSON.stringify({ access_token: "access-1", item_id, request_id }));
      const { access_token, item_id: read } = exchangeResponse.parse(sent);
      expect(access_token).toBe("access-1");
      if (read !== null) expect(read).toBe(item_id);
    }),
  );
});

test("Cleaned text is one plain line of the given length, and cleaning it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, most) => {
      const clean = cleanText(text, most);
      expect(clean.length).toBeLessThanOrEqual(most);
      expect(isPlain(clean)).toBe(true);
      expect(cleanText(clean, most)).toBe(clean);
    }),
  );
});

test("Text that is only a hint is never rejected", () => {
  fc.assert(
    fc.property(oddValue, (value) => {
      const read = adviceText(300).parse(value);
      if (read !== null && read !== undefined) expect(isPlain(read)).toBe(true);
    }),
  );
});
