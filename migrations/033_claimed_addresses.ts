import { type Kysely, sql } from "kysely";

const indexes = {
  users_claimed_email: "users (claimed_email, created_at) where claimed_email is not null",
  users_claimed_since: "users (created_at) where claimed_email is not null",
  items_in_need: "items (user_id, id) where status in ('login_required', 'revoked')",
  items_ending: "items (user_id, id) where status = 'expiring'",
  items_reminded: "items (user_id, id) where reminded_at is not null",
};

/**
 * Indexes for the users who claim an address, for old claims, and for the banks whose users are mailed. Built
 * concurrently and repeatable, as in 015.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, on] of Object.entries(indexes)) {
    const { rows } = await sql`
      select 1 from pg_index
      where indexrelid = to_regclass(${name}) and not indisvalid`.execute(db);
    if (rows.length > 0) await sql.raw(`drop index concurrently ${name}`).execute(db);
    await sql.raw(`create index concurrently if not exists ${name} on ${on}`).execute(db);
  }
}
