import { type RawBuilder, sql } from "kysely";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";

/** The user's plan as connectAccount needs it: its name and the live accounts it allows. */
export interface PlanOfUser {
  plan: string;
  maxAccounts: number;
}

/**
 * Locks the user's row until the transaction ends: the one lock of the product. Whoever holds it is
 * the only one changing this user's Items, on any node; a process that dies lets go of it.
 * `no key update` leaves rows that merely refer to the user free to be inserted. A lock that is held
 * for longer than `within`, milliseconds, is PostgreSQL's error 55P03; else the transaction's own limit
 * applies. `deleted`: the person is gone, and only what Plaid still has of them may be dealt with.
 */
export async function lockUser(
  tx: Db,
  userId: string,
  { within }: { within?: number | undefined } = {},
): Promise<PlanOfUser & { deleted: boolean }> {
  if (within !== undefined) {
    await sql`select set_config('lock_timeout', ${String(within)}, true)`.execute(tx);
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

/** Raises the data version: every cached entry of this user is stale once it commits (I5). */
export async function raiseDataVersion(tx: Db, userId: string): Promise<void> {
  await raisedDataVersion(sql`id = ${userId}`).execute(tx);
}

/**
 * The one statement that raises a data version, as part of a larger one too; it returns the user's `id`.
 *
 * @param user the condition that finds the user
 */
export function raisedDataVersion(user: RawBuilder<unknown>): RawBuilder<{ id: string }> {
  return sql<{
    id: string;
  }>`update users set data_version = data_version + 1 where ${user} returning id`;
}

/** The id of who signed up with this email, or null. */
export async function findUserId(db: Db, email: string): Promise<string | null> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .where("email", "=", email.toLowerCase())
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Whether somebody signed up with this email. */
export async function hasUser(db: Db, email: string): Promise<boolean> {
  return (await findUserId(db, email)) !== null;
}
