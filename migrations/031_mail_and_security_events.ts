import { type Kysely, sql } from "kysely";

/**
 * Queued mail, links in mail, declined notices, and security events: docs/decisions/021-mail.md. Links are
 * looked up before the user is known, so the user is last in their key (decision 009). `users` is altered
 * first: the tables that refer to it lock it too, and a weaker lock must not be upgraded to a stronger one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table users add column claimed_email text;

    create table mails (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null default gen_random_uuid(),
      kind text not null,
      recipient text not null,
      details jsonb not null default '{}',
      created_at timestamptz not null default now(),
      sent_at timestamptz,
      failed_at timestamptz,
      last_error text,
      primary key (user_id, id)
    );
    create index mails_created on mails (created_at);

    create table mail_links (
      token_hash bytea not null,
      user_id uuid not null references users (id) on delete cascade,
      purpose text not null,
      email text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz,
      primary key (token_hash, user_id)
    );
    create index mail_links_user on mail_links (user_id, purpose);
    create index mail_links_expires on mail_links (expires_at);

    create table declined_notices (
      user_id uuid not null references users (id) on delete cascade,
      kind text not null,
      declined_at timestamptz not null default now(),
      primary key (user_id, kind)
    );

    create table security_events (
      user_id uuid not null references users (id) on delete cascade,
      at timestamptz not null default now(),
      id uuid not null default gen_random_uuid(),
      kind text not null,
      details jsonb not null default '{}',
      ip_address text,
      user_agent text,
      primary key (user_id, at, id)
    );
    create index security_events_at on security_events (at);
  `.execute(db);
}
