import { type Kysely, sql } from "kysely";

/** Items, their accounts, their attempts and the activity of both. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table link_attempts (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null references users (id) on delete cascade,
      public_token_hash bytea not null unique check (length(public_token_hash) = 32),
      status text not null default 'started'
        check (status in ('started', 'exchanged', 'connected', 'removing', 'failed')),
      access_token_sealed text,
      plaid_item_id text,
      reason text,
      reason_details jsonb,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check (status not in ('exchanged', 'removing') or access_token_sealed is not null),
      check ((status = 'failed') = (reason is not null) or status = 'removing')
    );
    create index link_attempts_user on link_attempts (user_id);
    create index link_attempts_unfinished on link_attempts (updated_at)
      where status in ('started', 'exchanged', 'removing');

    create table items (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      plaid_item_id text not null unique,
      institution_id text,
      institution_name text not null,
      access_token_sealed text not null,
      status text not null default 'good' check (status in ('good', 'login_required')),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index items_user on items (user_id, created_at desc);

    create table accounts (
      id uuid primary key default gen_random_uuid(),
      item_id uuid not null references items (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      plaid_account_id text not null unique,
      persistent_account_id text,
      position integer not null,
      name text not null,
      official_name text,
      mask text,
      type text not null,
      subtype text,
      current_balance numeric,
      available_balance numeric,
      balance_limit numeric,
      currency text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index accounts_item on accounts (item_id);
    create index accounts_user on accounts (user_id);

    create table account_activity (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null references users (id) on delete cascade,
      attempt_id uuid,
      kind text not null check (kind in ('connected', 'refused', 'failed')),
      institution_id text,
      institution_name text,
      account_count integer not null default 0,
      reason text,
      plaid_request_id text,
      created_at timestamptz not null default now()
    );
    create index account_activity_user on account_activity (user_id, created_at desc);
  `.execute(db);
}
