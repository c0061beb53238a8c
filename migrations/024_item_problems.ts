import { type Kysely, sql } from "kysely";

/**
 * Why an Item's data does not arrive, and which of our keys made its token: a token that Plaid does not know
 * may have been made with others. Nullable columns without a default rewrite no row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table items
      add column problem text,
      add column problem_message text,
      add column plaid_client text;
    alter table link_attempts add column plaid_client text;
    alter table account_activity add column problem text;
    create table refused_tokens (
      plaid_item_id text primary key,
      first_at timestamptz not null default now(),
      last_at timestamptz not null default now()
    );
    create index refused_tokens_last on refused_tokens (last_at);
  `.execute(db);
}
