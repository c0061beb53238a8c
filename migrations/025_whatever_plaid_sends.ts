import { type Kysely, sql } from "kysely";

/**
 * Transactions that could not be parsed, and syncs of an Item that start again from the beginning:
 * docs/decisions/006-sync-and-webhooks.md. The columns have constant defaults, so no row is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table unreadable_transactions (
      user_id uuid not null,
      item_id uuid not null,
      id text collate "C" not null,
      field text not null,
      reading integer not null,
      added_from bigint,
      primary key (user_id, item_id, id),
      foreign key (user_id, item_id) references items (user_id, id) on delete cascade
    );

    alter table item_syncs
      add column transactions_unreadable integer not null default 0,
      add column accounts_unreadable integer not null default 0,
      add column reading integer not null default 0,
      add column reread_cursor text,
      add column cursor_refusals integer not null default 0;
    alter table transactions add column reading integer not null default 0;

    -- The release before kept longer codes than its own pages can show.
    update accounts set currency = null where length(currency) > 16;
  `.execute(db);
}
