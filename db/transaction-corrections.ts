import { sql } from "kysely";
import type { CorrectTransactionInput } from "../server/contracts/transactions.ts";
import type { Db } from "./client.ts";
import { raisedTransactionsVersion } from "./transaction-changes.ts";
import { raisedDataVersion } from "./users.ts";

/**
 * Stores the user's corrections of one of their transactions, and raises their data version. Null restores
 * the bank's value; undefined changes nothing. Returns false when the transaction is not theirs.
 */
export async function correctTransaction(
  db: Db,
  userId: string,
  { transactionId, category, merchant }: CorrectTransactionInput,
): Promise<boolean> {
  const { rows } = await sql<object>`
    with version as (
      ${raisedDataVersion(sql`id = (select user_id from transactions
        where user_id = ${userId} and id = ${transactionId})`)}
    )
    insert into transaction_corrections (user_id, transaction_id, account_id, category, merchant)
    select t.user_id, t.id, t.account_id, ${category ?? null}::text, ${merchant ?? null}::text
    from (select id, ${raisedTransactionsVersion(sql`id`)} from version) as version
    join transactions as t on t.user_id = version.id and t.id = ${transactionId}
    on conflict (user_id, transaction_id) do update set corrected_at = now(),
      category = case when ${category !== undefined} then excluded.category
        else transaction_corrections.category end,
      merchant = case when ${merchant !== undefined} then excluded.merchant
        else transaction_corrections.merchant end
    returning transaction_id`.execute(db);
  return rows.length === 1;
}
