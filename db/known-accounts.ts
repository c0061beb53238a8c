import { sql } from "kysely";
import type { AccountTraits } from "./account-traits.ts";
import type { Db } from "./client.ts";

/** A live account of the user. */
export interface KnownAccount extends AccountTraits {
  id: string;
  itemId: string;
  institutionId: string | null;
  /** The access of its Item has ended: it is no duplicate, and a new Item takes it over. */
  isEnded?: boolean;
}

/** A query for the traits of each live account of the user, grouped by Item, in the bank's order. */
export function knownAccounts(db: Db, userId: string) {
  return db
    .selectFrom("accounts")
    .innerJoin("items", "items.id", "accounts.item_id")
    .where("accounts.user_id", "=", userId)
    .where("items.user_id", "=", userId)
    .orderBy("items.created_at")
    .orderBy("accounts.position")
    .select([
      "accounts.id",
      "accounts.item_id as itemId",
      "accounts.plaid_account_id as accountId",
      "items.institution_id as institutionId",
      "accounts.persistent_account_id as persistentAccountId",
      "accounts.mask",
      "accounts.name",
      "accounts.subtype",
      sql<boolean>`items.status = 'revoked'`.as("isEnded"),
    ]);
}

/** Returns Plaid's ids of the accounts that one Item shares. */
export async function accountIdsOf(db: Db, userId: string, itemId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom("accounts")
    .where("user_id", "=", userId)
    .where("item_id", "=", itemId)
    .where("revoked_at", "is", null)
    .select("plaid_account_id as id")
    .execute();
  return new Set(rows.map(({ id }) => id));
}
