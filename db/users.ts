import { type RawBuilder, sql } from "kysely";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";

/** The user's plan, for connectAccount: its name and how many live accounts it allows. */
export interface PlanOfUser {
  plan: string;
  maxAccounts: number;
}

/**
 * Locks the user's row until the transaction ends: the only lock of the product. While it is held, no other
 * process on any node changes this user's Items; it is released when the process dies. `no key update` does
 * not block inserting rows that refer to the user. A wait longer than `timeoutMs` fails with
 * PostgreSQL's error 55P03; without it, the transaction's own limit applies. `deleted`: the account was
 * deleted, and only what Plaid still stores of the user may be handled.
 */
export async function lockUser(
  tx: Db,
  userId: string,
  { timeoutMs }: { timeoutMs?: number | undefined } = {},
): Promise<PlanOfUser & { deleted: boolean }> {
  if (timeoutMs !== undefined) {
    await sql`select set_config('lock_timeout', ${String(timeoutMs)}, true)`.execute(tx);
  }
  const [row] = await lockedUser(tx, { userId });
  if (!row) throw new Error("no such user");
  const { deletedAt, ...plan } = row;
  return { ...plan, deleted: deletedAt !== null };
}

const lockedUser = compiledOnce((db, { userId }: { userId: string }) =>
  db
    .selectFrom("users")
    .innerJoin("plans", "plans.id", "users.plan")
    .where("users.id", "=", userId)
    .select([
      "plans.name as plan",
      "plans.max_accounts as maxAccounts",
      "users.deleted_at as deletedAt",
    ])
    .forNoKeyUpdate("users"),
);

/** Raises the data version: once it commits, every cached entry of this user is outdated (I5). */
export async function raiseDataVersion(tx: Db, userId: string): Promise<void> {
  await raisedDataVersion(sql`id = ${userId}`).execute(tx);
}

/**
 * The only statement that raises a data version, also as part of a larger one; returns the user's `id`.
 *
 * @param user the condition that finds the user
 */
export function raisedDataVersion(user: RawBuilder<unknown>): RawBuilder<{ id: string }> {
  return sql<{
    id: string;
  }>`update users set data_version = data_version + 1 where ${user} returning id`;
}

/** Returns the id of the user with this email, or null. */
export async function findUserId(db: Db, email: string): Promise<string | null> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .where("email", "=", email.toLowerCase())
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Whether a user with this email exists. */
export async function hasUser(db: Db, email: string): Promise<boolean> {
  return (await findUserId(db, email)) !== null;
}
