import { sql } from "kysely";
import type { Transaction, TransactionFilter } from "../server/contracts/transactions.ts";
import type { Db } from "./client.ts";

/** What comes after this transaction, in the order of the list. */
export interface TransactionPlace {
  date: string;
  id: string;
}

/** Up to `max` of the user's transactions that fit `filter`, newest first, from after `after` on. */
export async function findTransactions(
  db: Db,
  userId: string,
  filter: TransactionFilter,
  after: TransactionPlace | null,
  max: number,
): Promise<Transaction[]> {
  const { accountId, from, to, category, minAmount, maxAmount, search } = filter;
  let query = db
    .selectFrom("transactions")
    .where("user_id", "=", userId)
    .select([
      "id",
      "account_id as accountId",
      sql<string>`date::text`.as("date"),
      "amount",
      "currency",
      "name",
      "merchant",
      "category",
      "pending",
    ])
    .orderBy(sql.ref("transactions.date"), "desc")
    .orderBy("transactions.id")
    .limit(max);
  if (after) {
    query = query
      .where("date", "<=", after.date)
      .where((eb) => eb.or([eb("date", "<", after.date), eb("id", ">", after.id)]));
  }
  if (accountId) query = query.where("account_id", "=", accountId);
  if (from) query = query.where("date", ">=", from);
  if (to) query = query.where("date", "<=", to);
  if (category) query = query.where("category", "=", category);
  if (minAmount) query = query.where("amount", ">=", minAmount);
  if (maxAmount) query = query.where("amount", "<=", maxAmount);
  if (search) {
    const pattern = `%${search.replace(/[\\%_]/g, "\\$&")}%`;
    query = query.where((eb) =>
      eb.or([eb("name", "ilike", pattern), eb("merchant", "ilike", pattern)]),
    );
  }
  return query.execute();
}
