import { type InferResult, sql } from "kysely";
import type {
  Account,
  AccountsGetOutput,
  ItemWithAccounts,
  UnconnectedAccount,
} from "../server/contracts/accounts.ts";
import {
  type ItemProblemKind,
  type StoredProblem,
  shownProblem,
} from "../server/contracts/item-problem.ts";
import type { Db } from "./client.ts";
import { isRefreshing, refreshOf } from "./refresh-of.ts";
import type { ItemRow, NewAccountRow } from "./schema.ts";
import { timelineOf } from "./timeline.ts";

/** An Item of a user, by our ids. */
export interface ItemOfUser {
  userId: string;
  itemId: string;
}

/** Returns every live Item of the user with its accounts, newest Item first, accounts in the bank's order. */
export async function listItems(db: Db, userId: string): Promise<ItemWithAccounts[]> {
  return toContract(await itemsWithAccounts(db, userId).execute());
}

/** Returns the encrypted access_token of one live Item of the user, or null. */
export async function findItemToken(db: Db, userId: string, id: string): Promise<string | null> {
  const row = await db
    .selectFrom("items")
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .select("access_token_sealed")
    .executeTakeFirst();
  return row?.access_token_sealed ?? null;
}

/**
 * Returns what update mode needs to open for one live Item of the user, or null. `choosesAccounts`: the bank
 * has accounts that are not shared yet, or only a new choice of accounts restores its data.
 */
export async function findItemToUpdate(
  db: Db,
  userId: string,
  id: string,
): Promise<{ tokenSealed: string; choosesAccounts: boolean } | null> {
  const row = await db
    .selectFrom("items")
    .where("items.id", "=", id)
    .where("items.user_id", "=", userId)
    .select((eb) => [
      "items.access_token_sealed as tokenSealed",
      eb
        .or([
          eb("items.new_accounts", "=", true),
          eb("items.problem", "in", curedByChoosing),
          eb.exists(
            eb
              .selectFrom("accounts")
              .where("accounts.user_id", "=", userId)
              .where("accounts.item_id", "=", id)
              .where("accounts.revoked_at", "is not", null)
              .select("accounts.id"),
          ),
        ])
        .as("choosesAccounts"),
    ])
    .executeTakeFirst();
  return row ? { ...row, choosesAccounts: Boolean(row.choosesAccounts) } : null;
}

/** Problems that update mode without its account picker may not solve. */
const curedByChoosing: ItemProblemKind[] = ["choose_accounts", "allow_access", "unknown"];

/**
 * Marks the Item as good after update mode. Returns its institution; null when it does not exist.
 *
 * `moreToChoose`: there are still accounts that are not shared. `institution`: Plaid's current values,
 * because update mode can move an Item to the bank's new id.
 */
export async function setItemGood(
  tx: Db,
  userId: string,
  id: string,
  {
    moreToChoose,
    institution,
  }: { moreToChoose: boolean; institution: { id: string | null; name: string | null } },
): Promise<Pick<ItemRow, "institution_id" | "institution_name"> | null> {
  const row = await tx
    .updateTable("items")
    .set({
      status: "good",
      status_at: sql<Date>`now()`,
      problem: null,
      problem_message: null,
      expires_at: null,
      new_accounts: moreToChoose,
      ...(institution.id !== null && { institution_id: institution.id }),
      ...(institution.name !== null && { institution_name: institution.name }),
      updated_at: sql<Date>`now()`,
    })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .returning(["institution_id", "institution_name"])
    .executeTakeFirst();
  return row ?? null;
}

/** Deletes one Item of the user with all its data; without `id` every one. */
export async function deleteItems(tx: Db, userId: string, id?: string): Promise<void> {
  await tx
    .deleteFrom("items")
    .where("user_id", "=", userId)
    .$if(id !== undefined, (query) => query.where("id", "=", id as string))
    .execute();
}

/** The state of an Item, as Plaid last reported it. */
export interface ItemState {
  status: ItemRow["status"];
  statusAt: Date;
  problem: StoredProblem | null;
  /** It is `expiring`, and the day that the bank named has passed. */
  isExpired: boolean;
  /** It has not changed since it was connected. */
  isUntouched: boolean;
  newAccounts: boolean;
  plaidItemId: string;
  plaidClient: string | null;
  institutionId: string | null;
  institutionName: string;
}

/** Returns the state of one live Item of the user, or null. */
export async function findItemState(db: Db, userId: string, id: string): Promise<ItemState | null> {
  const row = await db
    .selectFrom("items")
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .select([
      "status",
      "status_at as statusAt",
      "problem",
      "problem_message as problemMessage",
      isExpired.as("isExpired"),
      sql<boolean>`status_at <= created_at`.as("isUntouched"),
      "new_accounts as newAccounts",
      "plaid_item_id as plaidItemId",
      "plaid_client as plaidClient",
      "institution_id as institutionId",
      "institution_name as institutionName",
    ])
    .executeTakeFirst();
  if (!row) return null;
  const { problem, problemMessage: message, ...state } = row;
  return { ...state, problem: problem && { kind: problem, message } };
}

/**
 * An `expiring` Item is past the day that the bank named, or past the seven days that follow Plaid's warning:
 * https://plaid.com/docs/api/items/#pending_disconnect
 */
export const isExpired = sql<boolean>`(items.status = 'expiring'
  and coalesce(items.expires_at, items.status_at + interval '7 days') < now())`;

/** Returns the live Item with this Plaid id and its user, or null. For webhooks, which name no user. */
export async function findItemByPlaidId(db: Db, plaidItemId: string): Promise<ItemOfUser | null> {
  const row = await db
    .selectFrom("items")
    .where("plaid_item_id", "=", plaidItemId)
    .select(["user_id as userId", "id as itemId"])
    .executeTakeFirst();
  return row ?? null;
}

/** Whether a live row of any user holds the Item with this Plaid id. */
export async function isItemLive(db: Db, plaidItemId: string): Promise<boolean> {
  return (await findItemByPlaidId(db, plaidItemId)) !== null;
}

/**
 * The user withdrew an account's permission. Returns false when the account does not exist or was withdrawn
 * already.
 */
export async function revokeAccount(
  tx: Db,
  userId: string,
  itemId: string,
  plaidAccountId: string,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("accounts")
    .set({ revoked_at: sql<Date>`now()` })
    .where("plaid_account_id", "=", plaidAccountId)
    .where("item_id", "=", itemId)
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Stores which accounts of an Item the bank shares after update mode. Accounts in `shared` get Plaid's
 * current id, all others are revoked, and `added` are appended.
 */
export async function setSharedAccounts(
  tx: Db,
  userId: string,
  itemId: string,
  { shared, added }: { shared: { id: string; accountId: string }[]; added: NewAccountRow[] },
): Promise<void> {
  await sql`
    update accounts set revoked_at = case when s.id is null then coalesce(accounts.revoked_at, now()) end,
      plaid_account_id = coalesce(s."accountId", accounts.plaid_account_id)
    from accounts as a
    left join json_to_recordset(${JSON.stringify(shared)}::json) as s (id uuid, "accountId" text)
      on s.id = a.id
    where a.id = accounts.id and a.user_id = accounts.user_id
      and accounts.user_id = ${userId} and accounts.item_id = ${itemId}`.execute(tx);
  await addAccounts(tx, added);
}

/** Adds accounts to an Item. */
export async function addAccounts(tx: Db, accounts: NewAccountRow[]): Promise<void> {
  if (accounts.length > 0) await tx.insertInto("accounts").values(accounts).execute();
}

/** Stores what Plaid reported about one Item of the user. */
export async function updateItem(
  tx: Db,
  userId: string,
  id: string,
  change: {
    status?: ItemRow["status"];
    problem?: StoredProblem | null;
    expiresAt?: Date | null;
    newAccounts?: boolean;
  },
): Promise<void> {
  const { status, problem, expiresAt, newAccounts } = change;
  const now = sql<Date>`now()`;
  await tx
    .updateTable("items")
    .set({ updated_at: now })
    .$if(status !== undefined, (query) => query.set({ status, status_at: now }))
    .$if(problem !== undefined, (query) =>
      query.set({ problem: problem?.kind ?? null, problem_message: problem?.message ?? null }),
    )
    .$if(expiresAt !== undefined, (query) => query.set({ expires_at: expiresAt }))
    .$if(newAccounts !== undefined, (query) => query.set({ new_accounts: newAccounts }))
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .execute();
}

/** Stores that Plaid has added Transactions to the Item. */
export async function setHasTransactions(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("items")
    .set({ has_transactions: true, updated_at: sql<Date>`now()` })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .execute();
}

/** Returns one live Item of the user, or null. */
export async function findItem(
  db: Db,
  userId: string,
  id: string,
): Promise<ItemWithAccounts | null> {
  const rows = await itemsWithAccounts(db, userId).where("items.id", "=", id).execute();
  return toContract(rows)[0] ?? null;
}

/** Returns one account of the user with its Item, or null when it is not theirs. */
export async function findAccount(
  db: Db,
  userId: string,
  id: string,
): Promise<AccountsGetOutput | null> {
  const rows = await itemsWithAccounts(db, userId).where("accounts.id", "=", id).execute();
  const [found] = toContract(rows);
  if (!found) return null;
  const { accounts, ...item } = found;
  return { account: accounts[0] as Account, item };
}

/** The columns of an Item and an account that `contracts/accounts.ts` shows. */
export const itemAndAccountColumns = [
  "items.id as itemId",
  "items.institution_id as institutionId",
  "items.institution_name as institutionName",
  "institutions.logo_hash as logoHash",
  "institutions.color as institutionColor",
  "institutions.url as institutionUrl",
  "items.status",
  "items.problem",
  "items.problem_message as problemMessage",
  "items.expires_at as expiresAt",
  "items.new_accounts as newAccounts",
  "items.has_transactions as hasTransactions",
  "item_syncs.status as syncStatus",
  "item_syncs.synced_at",
  "item_syncs.started_at",
  "item_syncs.arrived",
  "item_syncs.retry_at",
  "item_syncs.due_at",
  "item_syncs.clear_retry_at",
  "item_syncs.cursor_refusals as cursorRefusals",
  "item_syncs.transactions_unreadable as transactionsUnreadable",
  "item_syncs.accounts_unreadable as accountsUnreadable",
  "item_syncs.refresh_asked_at",
  isRefreshing.as("isRefreshing"),
  "items.created_at as createdAt",
  "accounts.id",
  "accounts.name as bankName",
  "accounts.chosen_name as chosenName",
  "accounts.is_hidden as hidden",
  "accounts.official_name as officialName",
  "accounts.mask",
  "accounts.type",
  "accounts.subtype",
  "accounts.current_balance as current",
  "accounts.available_balance as available",
  "accounts.balance_limit as limit",
  "accounts.currency",
  "accounts.revoked_at as revokedAt",
] as const;

/** One statement, so that an Item is never read without its accounts. One row for each account. */
function itemsWithAccounts(db: Db, userId: string) {
  return db
    .selectFrom("items")
    .innerJoin("accounts", "accounts.item_id", "items.id")
    .innerJoin("item_syncs", "item_syncs.item_id", "items.id")
    .leftJoin("institutions", "institutions.id", "items.institution_id")
    .leftJoin(
      (eb) =>
        eb
          .selectFrom("unconnected_accounts as u")
          .where("u.user_id", "=", userId)
          // A node of the previous release connects accounts without updating this list.
          .where((each) =>
            each.not(
              each.exists(
                each
                  .selectFrom("accounts as a")
                  .where("a.user_id", "=", userId)
                  .whereRef("a.plaid_account_id", "=", "u.plaid_account_id")
                  .select("a.id"),
              ),
            ),
          )
          .groupBy("u.item_id")
          .select(["u.item_id", unconnectedAccountsJson.as("list")])
          .as("unconnected"),
      (join) => join.onRef("unconnected.item_id", "=", "items.id"),
    )
    .where("items.user_id", "=", userId)
    .where("accounts.user_id", "=", userId)
    .where("item_syncs.user_id", "=", userId)
    .select(itemAndAccountColumns)
    .select("unconnected.list as notConnected")
    .orderBy("items.created_at", "desc")
    .orderBy("items.id")
    .orderBy("accounts.position");
}

/** The accounts of a group of `unconnected_accounts as u`, as `contracts/accounts.ts` shows them. */
export const unconnectedAccountsJson = sql<
  UnconnectedAccount[]
>`json_agg(json_build_object('id', u.id,
  'name', u.name, 'officialName', u.official_name, 'mask', u.mask, 'type', u.type,
  'subtype', u.subtype) order by u.position)`;

export type ShownRow = InferResult<ReturnType<typeof itemsWithAccounts>>[number];

/** Maps the rows to `contracts/accounts.ts`: exactly what may leave the server. */
export function toContract(rows: ShownRow[]): ItemWithAccounts[] {
  const items = new Map<string, ItemWithAccounts>();
  for (const row of rows) {
    const item = items.get(row.itemId) ?? {
      id: row.itemId,
      institution: {
        id: row.institutionId,
        name: row.institutionName,
        logo: row.logoHash && `/logos/${row.logoHash}.png`,
        color: row.institutionColor,
        url: row.institutionUrl,
      },
      status: row.status,
      problem: shownProblem(
        row.status,
        row.problem && { kind: row.problem, message: row.problemMessage },
      ),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      newAccounts: row.newAccounts,
      hasTransactions: row.hasTransactions,
      notConnected: row.notConnected ?? [],
      sync: {
        status: row.syncStatus,
        at: row.synced_at?.toISOString() ?? null,
        problem: row.syncStatus === "failed" && row.cursorRefusals > 1 ? "cursor_refused" : null,
      },
      refresh: refreshOf(row),
      unreadable: {
        transactions: row.transactionsUnreadable,
        accounts: row.accountsUnreadable,
      },
      timeline: timelineOf(row.status, { ...row, status: row.syncStatus }),
      createdAt: row.createdAt.toISOString(),
      accounts: [],
    };
    items.set(row.itemId, item);
    item.accounts.push({
      id: row.id,
      itemId: row.itemId,
      name: row.chosenName ?? row.bankName,
      bankName: row.bankName,
      hidden: row.hidden,
      officialName: row.officialName,
      mask: row.mask,
      type: row.type,
      subtype: row.subtype,
      revoked: row.revokedAt !== null,
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
