import { type Kysely, sql } from "kysely";

/**
 * Every link_token that a user opened Link with, until it is known how that Link ended:
 * docs/decisions/020-links-finished-without-us.md. `open_links` stays for nodes of the previous release.
 * `item_id` is no foreign key, because the Item may be disconnected while its Link is open.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table link_tokens (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null default gen_random_uuid(),
      link_token_hash bytea not null check (length(link_token_hash) = 32),
      link_token_sealed text,
      item_id uuid,
      kind text,
      expires_at timestamptz not null,
      status text not null default 'open' check (status in ('open', 'finishing', 'closed')),
      oauth_state_hash bytea,
      finished_at timestamptz,
      public_token_sealed text,
      link_session_id text,
      institution_id text,
      institution_name text,
      outcome text,
      reason text,
      found_item_id uuid,
      plaid_item_id text,
      told_at timestamptz,
      asked_at timestamptz,
      tries integer not null default 0,
      due_at timestamptz,
      created_at timestamptz not null default now(),
      primary key (user_id, id)
    );
    create unique index link_tokens_hash on link_tokens (link_token_hash, user_id);
    create index link_tokens_due on link_tokens (due_at) where due_at is not null;
  `.execute(db);
}
