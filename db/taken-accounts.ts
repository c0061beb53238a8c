import { sql } from "kysely";
import type { Db } from "./client.ts";

/** A row that a new Item takes over, and Plaid's current id of its account. */
interface TakenRow {
  id: string;
  accountId: string;
  persistentAccountId: string | null;
}

/**
 * Moves rows of accounts to an Item that was just inserted with its own rows for them. Those are deleted, and
 * their position and balances are kept. The Item's transactions are held back until its history is complete.
 */
export async function takeAccounts(
  tx: Db,
  userId: string,
  itemId: string,
  taken: TakenRow[],
): Promise<void> {
  const given = JSON.stringify(taken);
  const { rows } = await sql<object>`
    delete from accounts using json_to_recordset(${given}::json) as t (id uuid, "accountId" text)
    where accounts.user_id = ${userId} and accounts.item_id = ${itemId}
      and accounts.plaid_account_id = t."accountId"
    returning t.id, accounts.plaid_account_id, accounts.persistent_account_id, accounts.position,
      accounts.current_balance::text, accounts.available_balance::text, accounts.balance_limit::text,
      accounts.currency`.execute(tx);
  // From an Item that ended before its own history was complete. The new Item's will be.
  await tx
    .deleteFrom("held_transactions")
    .where("user_id", "=", userId)
    .where(
      "account_id",
      "in",
      taken.map(({ id }) => id),
    )
    .execute();
  await sql`
    update accounts set item_id = ${itemId}, plaid_account_id = n.plaid_account_id,
      persistent_account_id = n.persistent_account_id, position = n.position, revoked_at = null,
      current_balance = n.current_balance, available_balance = n.available_balance,
      balance_limit = n.balance_limit, currency = n.currency, updated_at = now()
    from json_to_recordset(${JSON.stringify(rows)}::json) as n (id uuid, plaid_account_id text,
      persistent_account_id text, position int, current_balance numeric, available_balance numeric,
      balance_limit numeric, currency text)
    where accounts.user_id = ${userId} and accounts.id = n.id`.execute(tx);
  await tx
    .updateTable("item_syncs")
    .set({ is_held: true })
    .where("user_id", "=", userId)
    .where("item_id", "=", itemId)
    .execute();
}

/**
 * Returns which of these Items have ended because most of their accounts, as counted in `takenOf`, moved to
 * the new Item. The rest of their accounts moves too, as no longer shared.
 */
export async function emptiedItems(
  tx: Db,
  userId: string,
  newItemId: string,
  takenOf: ReadonlyMap<string, number>,
): Promise<string[]> {
  const over: string[] = [];
  for (const [itemId, taken] of takenOf) {
    const { rows } = await sql<{ left: number }>`
      select count(*)::int as left from accounts
      where user_id = ${userId} and item_id = ${itemId}`.execute(tx);
    if ((rows[0]?.left ?? 0) >= taken) continue;
    await sql`
      update accounts set item_id = ${newItemId}, revoked_at = coalesce(revoked_at, now()),
        position = position + 1000
      where user_id = ${userId} and item_id = ${itemId}`.execute(tx);
    over.push(itemId);
  }
  return over;
}
