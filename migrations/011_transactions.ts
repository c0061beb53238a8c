import { type Kysely, sql } from "kysely";

/**
 * Transactions, the state of each Item's sync, and Plaid's webhooks.
 *
 * Every unique key of `transactions` begins with the user, so the table can be partitioned by `user_id`
 * without another change.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table transactions (
      user_id uuid not null,
      id text collate "C" not null,
      account_id uuid not null references accounts (id) on delete cascade,
      date date not null,
      amount numeric not null,
      currency text,
      name text not null,
      merchant text,
      category text,
      pending boolean not null,
      primary key (user_id, id)
    );
    create index transactions_user on transactions (user_id, date desc, id);
    create index transactions_account on transactions (account_id, date desc, id);

    create table item_syncs (
      item_id uuid primary key references items (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      cursor text,
      update_cursor text,
      midway boolean not null default false,
      status text not null default 'waiting' check (status in ('waiting', 'done', 'failed')),
      synced_at timestamptz,
      due_at timestamptz not null default now()
    );
    create index item_syncs_user on item_syncs (user_id);
    create index item_syncs_due on item_syncs (due_at);
    insert into item_syncs (item_id, user_id) select id, user_id from items;

    create table webhooks (
      id uuid primary key default gen_random_uuid(),
      delivery_hash bytea not null unique check (length(delivery_hash) = 32),
      type text not null,
      code text not null,
      plaid_item_id text,
      details jsonb not null,
      signed_at timestamptz not null,
      received_at timestamptz not null default now(),
      outcome text
    );
    create index webhooks_received on webhooks (received_at);
    create index webhooks_item on webhooks (plaid_item_id, received_at);

    alter table items
      add column expires_at timestamptz,
      add column new_accounts boolean not null default false,
      add column status_at timestamptz not null default now();
    alter table items drop constraint items_status_check;
    alter table items add constraint items_status_check
      check (status in ('good', 'expiring', 'login_required', 'revoked'));
    alter table accounts add column revoked_at timestamptz;
    alter table account_activity drop constraint account_activity_kind_check;
    alter table account_activity add constraint account_activity_kind_check
      check (kind in ('connected', 'already_connected', 'refused', 'failed', 'reconnected',
        'login_required', 'expiring', 'revoked', 'repaired', 'new_accounts', 'account_revoked'));
  `.execute(db);
}
