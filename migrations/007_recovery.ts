import { type Kysely, sql } from "kysely";

/** Columns for ending an attempt without its process, and the kinds of activity that came with it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table link_attempts
      add column public_token_sealed text,
      add column sent_again boolean not null default false,
      add column connect_anyway boolean not null default false,
      add column tries integer not null default 0,
      add column retry_at timestamptz not null default now();
    drop index link_attempts_unfinished;
    create index link_attempts_unfinished on link_attempts (retry_at)
      where status in ('started', 'exchanged', 'removing');
    alter table account_activity add column link_session_id text;
    create unique index account_activity_link_session on account_activity (user_id, link_session_id);
    alter table account_activity drop constraint account_activity_kind_check;
    alter table account_activity add constraint account_activity_kind_check
      check (kind in ('connected', 'already_connected', 'refused', 'failed', 'reconnected'));
  `.execute(db);
}
