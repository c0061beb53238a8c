import { sql } from "kysely";
import type { AccountsUpdateInput } from "../server/contracts/accounts.ts";
import type { Db } from "./client.ts";
import { raisedDataVersion } from "./users.ts";

/**
 * Changes the user's name for one of their accounts, or whether it counts in totals, and raises the user's
 * data version. Returns false when the account is not theirs.
 */
export async function changeAccount(
  db: Db,
  userId: string,
  { accountId: id, name, hidden }: AccountsUpdateInput,
): Promise<boolean> {
  const { rows } = await sql<object>`
    with version as (
      ${raisedDataVersion(sql`id = (select user_id from accounts
        where user_id = ${userId} and id = ${id})`)}
    )
    update accounts set updated_at = now(),
      chosen_name = case when ${name !== undefined} then ${name ?? null}::text else chosen_name end,
      is_hidden = coalesce(${hidden ?? null}::boolean, is_hidden)
    from version
    where accounts.user_id = version.id and accounts.id = ${id}
    returning accounts.id`.execute(db);
  return rows.length === 1;
}
