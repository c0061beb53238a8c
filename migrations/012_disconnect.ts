import { type Kysely, sql } from "kysely";

/** The activity entry of a disconnected bank, and users who are deleted except for their Items at Plaid. */
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
