import { sql } from "kysely";
import type { Db } from "./client.ts";
import { requestDeliveries } from "./webhook-deliveries.ts";

/** Disables a user. Returns false when they are disabled already. */
export async function disableUser(tx: Db, userId: string): Promise<boolean> {
  const result = await tx
    .updateTable("users")
    .set({ disabled_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where("id", "=", userId)
    .where("disabled_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Enables a user again, and makes the syncs and webhooks they missed due. Returns false when they are not
 * disabled.
 */
export async function enableUser(tx: Db, userId: string): Promise<boolean> {
  const result = await tx
    .updateTable("users")
    .set({ disabled_at: null, updated_at: sql<Date>`now()` })
    .where("id", "=", userId)
    .where("disabled_at", "is not", null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  await tx
    .updateTable("item_syncs")
    .set({ due_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .execute();
  await requestDeliveries(tx, userId);
  return true;
}

/** A user as an operator sees them: no secrets, and nothing about their money. */
export interface UserOverview {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
  plan: string;
  createdAt: Date;
  disabledAt: Date | null;
  banks: number;
  sessions: number;
  apiKeys: number;
  passkeys: number;
  hasAuthenticator: boolean;
  backupCodesLeft: number;
}

/** Returns the user with this email as an operator sees them; null when there is none. */
export async function findUserOverview(db: Db, email: string): Promise<UserOverview | null> {
  const { rows } = await sql<UserOverview>`
    select id, name, coalesce(claimed_email, email) as email, email_verified as "emailVerified", plan,
      created_at as "createdAt", disabled_at as "disabledAt",
      (select count(*) from items where user_id = users.id)::int as banks,
      (select count(*) from sessions where user_id = users.id and expires_at > now())::int as sessions,
      (select count(*) from api_keys where user_id = users.id and revoked_at is null
        and (expires_at is null or expires_at > now()))::int as "apiKeys",
      (select count(*) from passkeys where user_id = users.id)::int as passkeys,
      exists (select from totp_factors where user_id = users.id and confirmed_at is not null)
        as "hasAuthenticator",
      (select count(*) from backup_codes where user_id = users.id and used_at is null)::int
        as "backupCodesLeft"
    from users where email = ${email.toLowerCase()} and deleted_at is null`.execute(db);
  return rows[0] ?? null;
}
