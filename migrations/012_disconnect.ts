import { type Kysely, sql } from "kysely";

/** The entry that a disconnected bank leaves, and people who are gone but for what Plaid still has. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table account_activity drop constraint account_activity_kind_check;
    alter table account_activity add constraint account_activity_kind_check
      check (kind in (
        'connected', 'already_connected', 'refused', 'failed', 'reconnected', 'disconnected',
        'login_required', 'expiring', 'revoked', 'repaired', 'new_accounts', 'account_revoked'
      ));
    alter table users add column deleted_at timestamptz;
    create index users_deleted on users (deleted_at) where deleted_at is not null;
  `.execute(db);
}
