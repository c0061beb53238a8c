import type { Db } from "./client.ts";

/** The user's plan as connectAccount needs it: its name and the live accounts it allows. */
export interface PlanOfUser {
  plan: string;
  maxAccounts: number;
}

/**
 * Locks the user's row until the transaction ends: the one lock of the product. Whoever holds it is
 * the only one changing this user's Items, on any node; a process that dies lets go of it.
 * `no key update` leaves rows that merely refer to the user free to be inserted. Without `wait` a
 * lock that is held is PostgreSQL's error 55P03 at once. `deleted`: the person is gone, and only what
 * Plaid still has of them may be dealt with.
 */
export async function lockUser(
  tx: Db,
  userId: string,
  { wait } = { wait: true },
): Promise<PlanOfUser & { deleted: boolean }> {
  const { deletedAt, ...plan } = await tx
    .selectFrom("users")
    .innerJoin("plans", "plans.id", "users.plan")
    .where("users.id", "=", userId)
    .select([
      "plans.name as plan",
      "plans.max_accounts as maxAccounts",
      "users.deleted_at as deletedAt",
    ])
    .forNoKeyUpdate("users")
    .$if(!wait, (query) => query.noWait())
    .executeTakeFirstOrThrow();
  return { ...plan, deleted: deletedAt !== null };
}

/** Raises the data version: every cached entry of this user is out of date once it commits (I5). */
export async function raiseDataVersion(tx: Db, userId: string): Promise<void> {
  await tx
    .updateTable("users")
    .set((eb) => ({ data_version: eb("data_version", "+", 1) }))
    .where("id", "=", userId)
    .execute();
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
