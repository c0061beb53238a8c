import { sql } from "kysely";
import type { AccountTraits } from "./account-traits.ts";
import type { Db } from "./client.ts";
import type { NewUnconnectedAccountRow } from "./schema.ts";

/** An account that a bank shares and that its Item lists as not connected. */
export interface UnconnectedAccount extends AccountTraits {
  /** It stays the account's id once it is connected. */
  id: string;
  itemId: string;
  institutionId: string | null;
  /** Plaid's id. */
  accountId: string;
  position: number;
  officialName: string | null;
  type: string;
  /** The user chose other accounts; false: the plan had no room for it. */
  declined: boolean;
}

/** A query for the user's accounts that are not connected, grouped by Item, in the bank's order. */
export function unconnectedAccounts(db: Db, userId: string) {
  return db
    .selectFrom("unconnected_accounts as u")
    .innerJoin("items", "items.id", "u.item_id")
    .where("u.user_id", "=", userId)
    .where("items.user_id", "=", userId)
    .orderBy("u.item_id")
    .orderBy("u.position")
    .select([
      "u.id",
      "u.item_id as itemId",
      "items.institution_id as institutionId",
      "u.plaid_account_id as accountId",
      "u.persistent_account_id as persistentAccountId",
      "u.position",
      "u.name",
      "u.official_name as officialName",
      "u.mask",
      "u.type",
      "u.subtype",
      "u.declined",
    ]);
}

/** Makes these the only accounts that one Item of the user lists as not connected. */
export async function setUnconnected(
  tx: Db,
  userId: string,
  itemId: string,
  accounts: NewUnconnectedAccountRow[],
): Promise<void> {
  await tx
    .deleteFrom("unconnected_accounts")
    .where("user_id", "=", userId)
    .where("item_id", "=", itemId)
    .execute();
  if (accounts.length > 0) await tx.insertInto("unconnected_accounts").values(accounts).execute();
}

/**
 * Disconnects accounts of one Item of the user and deletes their transactions. They are listed as not
 * connected, unless the bank no longer shares them.
 */
export async function listAsUnconnected(
  tx: Db,
  userId: string,
  itemId: string,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    with gone as (
      delete from accounts
      where user_id = ${userId} and item_id = ${itemId} and id = any(${ids}::uuid[])
      returning *
    )
    insert into unconnected_accounts (user_id, item_id, id, plaid_account_id, persistent_account_id,
      position, name, official_name, mask, type, subtype, declined)
    select user_id, item_id, id, plaid_account_id, persistent_account_id, position, name,
      official_name, mask, type, subtype, true
    from gone where revoked_at is null`.execute(tx);
}

/** Deletes accounts of the user from the lists of all their Items. */
export async function deleteUnconnected(tx: Db, userId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .deleteFrom("unconnected_accounts")
    .where("user_id", "=", userId)
    .where("id", "in", ids)
    .execute();
}
