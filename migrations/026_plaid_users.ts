import { type Kysely, sql } from "kysely";

/**
 * Plaid's users and what their Items are compared with: docs/decisions/018-nothing-is-left-at-plaid.md. A
 * Plaid user outlives ours until it is removed, in a table without our user's id.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table plaid_clients (
      client text primary key,
      user_apis_refused_at timestamptz,
      rounds integer not null default 0,
      round_began_at timestamptz,
      round_step integer not null default 1,
      swept_to uuid
    );

    create table plaid_users (
      user_id uuid primary key references users (id) on delete cascade,
      plaid_user_id text not null,
      client text not null,
      links_until timestamptz,
      due_at timestamptz,
      tries integer not null default 0,
      created_at timestamptz not null default now()
    );
    create index plaid_users_plaid_user on plaid_users (plaid_user_id);
    create index plaid_users_due on plaid_users (due_at) where due_at is not null;

    create table ended_plaid_users (
      plaid_user_id text primary key,
      client text not null,
      due_at timestamptz not null,
      tries integer not null default 0
    );

    create table unclaimed_items (
      user_id uuid not null references users (id) on delete cascade,
      plaid_item_id text not null,
      institution_id text,
      institution_name text,
      first_seen_at timestamptz not null,
      sent_at timestamptz,
      confirmed_at timestamptz,
      removed_at timestamptz,
      primary key (user_id, plaid_item_id)
    );

    alter table items add column plaid_user_id text;
    alter table link_attempts add column cleaned_up_at timestamptz;
  `.execute(db);
}
