import { randomUUID } from "node:crypto";
import type { TestApp, TestUser } from "./app.ts";

export interface AccountOf {
  name?: string;
  type?: string;
  balance: string | null;
  currency?: string;
  revoked?: boolean;
}

/** A transaction of the account at this position, so many days ago. */
export type TransactionRow = [
  account: number,
  daysAgo: number,
  amount: string,
  more?: { category?: string; pending?: boolean },
];

/** Days before today as YYYY-MM-DD. */
export const daysAgo = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

/** Inserts a bank of the user directly into the database, with data that no bank of the sandbox has. */
export async function addBank(
  app: Pick<TestApp, "query">,
  user: TestUser,
  name: string,
  accounts: AccountOf[],
  moved: TransactionRow[],
): Promise<void> {
  const itemId = randomUUID();
  await app.query(
    `insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
     values ($1, $2, gen_random_uuid()::text, $3, 'sealed')`,
    [itemId, user.id, name],
  );
  await app.query(
    `insert into item_syncs (item_id, user_id, status, synced_at, started_at, due_at, arrived)
     values ($1, $2, 'done', now(), now(), now() + interval '1 year', $3)`,
    [itemId, user.id, moved.length],
  );
  const ids = accounts.map(() => randomUUID());
  await app.query(
    `insert into accounts (id, item_id, user_id, plaid_account_id, position, name, type,
       current_balance, currency, revoked_at)
     select id, $1, $2, id::text, position, name, type, balance, currency, revoked
     from json_to_recordset($3) as a (id uuid, position int, name text, type text,
       balance numeric, currency text, revoked timestamptz)`,
    [
      itemId,
      user.id,
      JSON.stringify(
        accounts.map((account, position) => ({
          id: ids[position],
          position,
          name: account.name ?? "Account",
          type: account.type ?? "depository",
          balance: account.balance,
          currency: account.currency ?? "USD",
          revoked: account.revoked ? new Date() : null,
        })),
      ),
    ],
  );
  await app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, category, pending)
     select $1, gen_random_uuid()::text, account, date, amount, currency, 'Something', category, pending
     from json_to_recordset($2) as t (account uuid, date date, amount numeric, currency text,
       category text, pending boolean)`,
    [
      user.id,
      JSON.stringify(
        moved.map(([account, days, amount, { category, pending = false } = {}]) => ({
          account: ids[account],
          date: daysAgo(days),
          amount,
          currency: accounts[account]?.currency ?? "USD",
          category,
          pending,
        })),
      ),
    ],
  );
  await app.query("update users set data_version = data_version + 1 where id = $1", [user.id]);
}
