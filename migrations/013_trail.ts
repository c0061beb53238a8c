import { type Kysely, sql } from "kysely";

/** Columns for the timeline of a connection, which its card shows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table item_syncs
      add column started_at timestamptz,
      add column arrived integer not null default 0,
      add column retry_at timestamptz,
      add column clear_retry_at timestamptz;
    create index item_syncs_to_clear on item_syncs (user_id) where clear_retry_at is not null;
  `.execute(db);
}
