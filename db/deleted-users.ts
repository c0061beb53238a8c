import { type ExpressionBuilder, sql } from "kysely";
import type { Db } from "./client.ts";
import type { Database } from "./schema.ts";
import { isLostExchange } from "./unclaimed-items.ts";
import { raiseDataVersion } from "./users.ts";

/**
 * Deletes everything we store about a user, in the transaction that holds their lock. Their row stays,
 * without personal data, for attempts whose Items may still exist at Plaid. Exchanges whose response was lost
 * stay too, because only Plaid's support can follow them up.
 */
export async function eraseUser(tx: Db, userId: string): Promise<void> {
  for (const table of [
    "account_activity",
    "webhook_endpoints",
    "link_tokens",
    "open_links",
    "unclaimed_items",
    "api_keys",
    "sessions",
    "log_ins",
    "known_devices",
    "pending_log_ins",
    "totp_factors",
    "passkeys",
    "backup_codes",
    "credentials",
    "mails",
    "mail_links",
    "declined_notices",
    "security_events",
    "consents",
    "plan_requests",
    "removed_transactions",
    "transaction_versions",
    "changed_objects",
  ] as const) {
    await tx.deleteFrom(table).where("user_id", "=", userId).execute();
  }
  await tx
    .deleteFrom("link_attempts")
    .where("user_id", "=", userId)
    .where((eb) => eb.not(concernsPlaid(eb)))
    .execute();
  await tx
    .updateTable("users")
    .set({
      name: "",
      email: `${userId}@deleted.invalid`,
      email_verified: false,
      claimed_email: null,
      image: null,
      deleted_at: sql<Date>`now()`,
      updated_at: sql<Date>`now()`,
    })
    .where("id", "=", userId)
    .execute();
  await raiseDataVersion(tx, userId);
}

/** Deletes the rows of erased users for whom nothing is left to do at Plaid. Returns their ids. */
export async function deleteErasedUsers(db: Db): Promise<string[]> {
  // Rows that requests which ran during the deletion have written since.
  for (const table of [
    "account_activity",
    "log_ins",
    "known_devices",
    "mails",
    "mail_links",
    "declined_notices",
    "security_events",
    "consents",
    "plan_requests",
  ] as const) {
    await db
      .deleteFrom(table)
      .where("user_id", "in", (eb) =>
        eb.selectFrom("users").where("deleted_at", "is not", null).select("users.id"),
      )
      .execute();
  }
  const found = await erased(db).select("users.id").execute();
  const forgotten: string[] = [];
  for (const { id } of found) {
    const gone = await db.transaction().execute(async (tx) => {
      // A request that began before the deletion may be about to record an attempt; then this row stays for
      // the next pass.
      const locked = await tx
        .selectFrom("users")
        .where("id", "=", id)
        .select("id")
        .forUpdate()
        .skipLocked()
        .executeTakeFirst();
      if (!locked) return false;
      const still = await erased(tx).where("users.id", "=", id).select("users.id").execute();
      if (still.length === 0) return false;
      await tx.deleteFrom("users").where("id", "=", id).execute();
      return true;
    });
    if (gone) forgotten.push(id);
  }
  return forgotten;
}

/** Erased users without an attempt whose Item may exist at Plaid. */
function erased(db: Db) {
  return db
    .selectFrom("users")
    .where("users.deleted_at", "is not", null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("link_attempts")
            .whereRef("link_attempts.user_id", "=", "users.id")
            .where(concernsPlaid)
            .select("link_attempts.id"),
        ),
      ),
    );
}

/** Whether the attempt's Item may exist at Plaid. */
function concernsPlaid(eb: ExpressionBuilder<Database, "link_attempts">) {
  return eb.or([
    eb("link_attempts.status", "in", ["exchanged", "removing"]),
    eb.and([
      eb("link_attempts.status", "=", "started"),
      eb("link_attempts.public_token_sealed", "is not", null),
    ]),
    // Only without a Plaid user: removing that user also removes its Items.
    eb.and([
      isLostExchange,
      eb.not(
        eb.exists(
          eb
            .selectFrom("plaid_users")
            .whereRef("plaid_users.user_id", "=", "link_attempts.user_id")
            .whereRef("plaid_users.created_at", "<=", "link_attempts.created_at")
            .select("plaid_users.plaid_user_id"),
        ),
      ),
    ]),
  ]);
}
