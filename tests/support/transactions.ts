import type { TestApp } from "./app.ts";

/** A transaction with the fields that both sides have. */
export interface Kept {
  id: string;
  account: string;
  date: string;
  amount: number;
  pending: boolean;
  name: string;
}

/** The Item's transactions in our table; `itemId` is ours. */
export async function transactionsHere(
  app: Pick<TestApp, "query">,
  itemId: string,
): Promise<Kept[]> {
  return app.query(
    `select t.id, a.plaid_account_id account, t.date::text date, t.amount::float8 amount,
       t.pending, t.name
     from transactions t join accounts a on a.id = t.account_id
     where a.item_id = $1 order by t.id collate "C"`,
    [itemId],
  );
}

/** The same in the sandbox's data. */
export async function transactionsAtPlaid(
  app: Pick<TestApp, "control">,
  plaidItemId: string,
): Promise<Kept[]> {
  const { transactions } = (await app.control(
    "GET",
    `items/transactions?item_id=${encodeURIComponent(plaidItemId)}`,
  )) as {
    transactions: {
      transaction_id: string;
      account_id: string;
      date: string;
      amount: number;
      pending: boolean;
      name: string;
    }[];
  };
  return transactions
    .map(({ transaction_id: id, account_id: account, date, amount, pending, name }) => ({
      id,
      account,
      date,
      amount,
      pending,
      name,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
