import type { InferResult, Insertable } from "kysely";
import type { ItemWithAccounts } from "../server/contracts/accounts.ts";
import type { Db } from "./client.ts";
import type { ItemsTable, NewAccountRow } from "./schema.ts";

/** Inserts an Item and its accounts, one at least; part of the connecting transaction. */
export async function insertItem(
  tx: Db,
  item: Insertable<ItemsTable>,
  accounts: NewAccountRow[],
): Promise<void> {
  await tx.insertInto("items").values(item).execute();
  await tx.insertInto("accounts").values(accounts).execute();
}

/** How many live accounts the user holds: what the plan's limit counts. */
export async function countAccounts(db: Db, userId: string): Promise<number> {
  const row = await db
    .selectFrom("accounts")
    .where("user_id", "=", userId)
    .select((eb) => eb.fn.countAll<string>().as("n"))
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

/** Every live Item of the user with its accounts, newest Item first, accounts in the bank's order. */
export async function listItems(db: Db, userId: string): Promise<ItemWithAccounts[]> {
  return toContract(await itemsWithAccounts(db, userId).execute());
}

/** One live Item of the user, or null. */
export async function findItem(
  db: Db,
  userId: string,
  id: string,
): Promise<ItemWithAccounts | null> {
  const rows = await itemsWithAccounts(db, userId).where("items.id", "=", id).execute();
  return toContract(rows)[0] ?? null;
}

/** One statement, so that an Item is never seen without its accounts; a row an account. */
function itemsWithAccounts(db: Db, userId: string) {
  return db
    .selectFrom("items")
    .innerJoin("accounts", "accounts.item_id", "items.id")
    .where("items.user_id", "=", userId)
    .where("accounts.user_id", "=", userId)
    .select([
      "items.id as itemId",
      "items.institution_id as institutionId",
      "items.institution_name as institutionName",
      "items.status",
      "items.created_at as createdAt",
      "accounts.id",
      "accounts.name",
      "accounts.official_name as officialName",
      "accounts.mask",
      "accounts.type",
      "accounts.subtype",
      "accounts.current_balance as current",
      "accounts.available_balance as available",
      "accounts.balance_limit as limit",
      "accounts.currency",
    ])
    .orderBy("items.created_at", "desc")
    .orderBy("items.id")
    .orderBy("accounts.position");
}

type Row = InferResult<ReturnType<typeof itemsWithAccounts>>[number];

/** The rows as `contracts/accounts.ts` shows them: what may leave the server. */
function toContract(rows: Row[]): ItemWithAccounts[] {
  const items = new Map<string, ItemWithAccounts>();
  for (const row of rows) {
    const item = items.get(row.itemId) ?? {
      id: row.itemId,
      institution: { id: row.institutionId, name: row.institutionName },
      status: row.status,
      createdAt: row.createdAt.toISOString(),
      accounts: [],
    };
    items.set(row.itemId, item);
    item.accounts.push({
      id: row.id,
      itemId: row.itemId,
      name: row.name,
      officialName: row.officialName,
      mask: row.mask,
      type: row.type,
      subtype: row.subtype,
      balances: {
        current: row.current,
        available: row.available,
        limit: row.limit,
        currency: row.currency,
      },
    });
  }
  return [...items.values()];
}
